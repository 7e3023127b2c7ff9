package io.quorate.testing.simulation;

import io.quorate.api.AppliedCommand;
import io.quorate.api.Bytes;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.StateMachine;
import io.quorate.api.StateMachineSnapshot;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.function.Consumer;

/** A state machine that tells what is applied to it, with a hash of everything that was applied before. */
final class ObservedMachine implements StateMachine {

    /** Hears of each command. */
    @FunctionalInterface
    interface Listener {
        void applied(AppliedCommand command, Bytes result, long hash);
    }

    private static final long HASH_PRIME = 0x9E3779B97F4A7C15L;
    private static final Bytes REJECTED = Bytes.utf8("rejected");

    private final StateMachine machine;
    private final Listener listener;
    private final Consumer<Violation> violated;
    private long hash = HASH_PRIME;

    /**
     * @param violated hears when the state machine throws. The node stops then, as it does when its disk fails: without
     *     this, a command that is applied twice would be overlooked where the disk is known to be bad.
     */
    ObservedMachine(StateMachine machine, Listener listener, Consumer<Violation> violated) {
        this.machine = machine;
        this.listener = listener;
        this.violated = violated;
    }

    StateMachine machine() {
        return machine;
    }

    long hash() {
        return hash;
    }

    @Override
    public String name() {
        return machine.name();
    }

    @Override
    public Bytes apply(AppliedCommand command) throws CommandRejectedException {
        Bytes result;
        try {
            result = machine.apply(command);
        } catch (CommandRejectedException e) {
            told(command, REJECTED);
            throw e;
        } catch (Violation e) {
            violated.accept(e);
            throw e;
        } catch (RuntimeException | Error e) {
            violated.accept(new Violation("what is committed can be applied", "entry " + command.index() + " made "
                + "the state machine throw " + e));
            throw e;
        }
        told(command, result);
        return result;
    }

    private void told(AppliedCommand command, Bytes result) {
        mix(command.index().value());
        mix(command.position());
        mix(command.payload().hashCode());
        mix(result.hashCode());
        listener.applied(command, result, hash);
    }

    private void mix(long number) {
        hash = (hash ^ number) * HASH_PRIME;
        hash ^= hash >>> 29;
    }

    @Override
    public Bytes query(Bytes query) throws CommandRejectedException {
        return machine.query(query);
    }

    @Override
    public Watch watch(Bytes request) throws CommandRejectedException {
        return machine.watch(request);
    }

    @Override
    public StateMachineSnapshot snapshot() {
        StateMachineSnapshot inner = machine.snapshot();
        long frozenHash = hash;
        return new StateMachineSnapshot() {
            @Override
            public void write(OutputStream out) throws IOException {
                new DataOutputStream(out).writeLong(frozenHash);
                inner.write(out);
            }

            @Override
            public void close() {
                inner.close();
            }
        };
    }

    @Override
    public void restore(InputStream in) throws IOException {
        long restoredHash = new DataInputStream(in).readLong();
        machine.restore(in);
        hash = restoredHash;
    }
}
