package io.quorate.registry.node;

import io.quorate.api.StateMachine;
import io.quorate.api.StateMachineSnapshot;
import io.quorate.spi.consensus.StateWriter;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** The application's part of the state, behind the name of its kind: another kind's state is refused, never read. */
final class StateMachineSection implements StateSection {

    private final StateMachine stateMachine;

    StateMachineSection(StateMachine stateMachine) {
        this.stateMachine = stateMachine;
    }

    @Override
    public String name() {
        return "state-machine";
    }

    @Override
    public StateWriter freeze() {
        StateMachineSnapshot snapshot = stateMachine.snapshot();
        if (snapshot == null) {
            throw new IllegalStateException("the state machine '" + stateMachine.name() + "' returned null, expected a "
                + "snapshot");
        }
        return new StateWriter() {
            @Override
            public void write(OutputStream out) throws IOException {
                new DataOutputStream(out).writeUTF(stateMachine.name());
                snapshot.write(out);
            }

            @Override
            public void close() {
                snapshot.close();
            }
        };
    }

    @Override
    public void restore(InputStream in) throws IOException {
        String kind = new DataInputStream(in).readUTF();
        if (!kind.equals(stateMachine.name())) {
            throw new IOException("a snapshot's state: found a state machine '" + kind + "', expected '"
                + stateMachine.name() + "'. Give this node the state machine with which its cluster runs");
        }
        stateMachine.restore(in);
    }
}
