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
    private long hash = HASH_PRIME;

    ObservedMachine(StateMachine machine, Listener listener) {
        this.machine = machine;
        this.listener = listener;
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
