package io.quorate.distribution.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.api.AppliedCommand;
import io.quorate.api.Bytes;
import io.quorate.api.BytesWriter;
import io.quorate.api.Command;
import io.quorate.api.Consistency;
import io.quorate.api.StateMachine;
import io.quorate.api.StateMachineSnapshot;
import io.quorate.testing.simulation.SimulatedCluster;
import io.quorate.testing.simulation.SimulatedNode;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The example of docs/simulation.md: one's own state machine in a cluster that loses its leader. */
class CounterExampleTest {

    @Test
    void nothingThatWasCountedIsLostWithTheLeader() {
        SimulatedCluster cluster = SimulatedCluster.builder().seed(42).nodes(3).stateMachine(Counter::new).start();
        SimulatedNode leader = cluster.awaitLeader();
        cluster.await(cluster.submit("n1", Bytes.utf8("one more")));
        leader.powerOff();
        SimulatedNode next = cluster.awaitLeader();
        cluster.await(next.controlPlane().submit(new Command(Bytes.utf8("one more"))));
        leader.start();
        cluster.runFor(Duration.ofSeconds(5));
        Bytes counted = cluster.await(cluster.query(leader.id().value(), Bytes.empty(), Consistency.LINEARIZABLE))
            .payload();
        assertEquals(new BytesWriter().i64(2).toBytes(), counted);
    }

    /** Counts the commands. */
    private static final class Counter implements StateMachine {

        private long count;

        @Override
        public String name() {
            return "counter";
        }

        @Override
        public Bytes apply(AppliedCommand command) {
            count++;
            return value();
        }

        @Override
        public Bytes query(Bytes query) {
            return value();
        }

        private Bytes value() {
            return new BytesWriter().i64(count).toBytes();
        }

        @Override
        public StateMachineSnapshot snapshot() {
            Bytes frozen = value();
            return new StateMachineSnapshot() {
                @Override
                public void write(OutputStream out) throws IOException {
                    out.write(frozen.toByteArray());
                }

                @Override
                public void close() {
                    // Nothing is held but eight bytes.
                }
            };
        }

        @Override
        public void restore(InputStream in) throws IOException {
            count = new DataInputStream(in).readLong();
        }
    }
}
