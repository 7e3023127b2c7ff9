package io.quorate.distribution.simulation;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.AppliedCommand;
import io.quorate.api.Bytes;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.StateMachine;
import io.quorate.api.StateMachineSnapshot;
import io.quorate.testing.simulation.RegisterWorkload;
import io.quorate.testing.simulation.SimulatedCluster;
import io.quorate.testing.simulation.SimulationFailure;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What is wrong comes out, also where a node has an excuse to stop. */
class SurfacingTest {

    @Test
    void aStateMachineThatThrowsFailsTheRunAlsoWhereTheDiskIsBad() {
        Runs.quietly(() -> {
            SimulatedCluster cluster = SimulatedCluster.builder().seed(5).nodes(3).stateMachine(Throwing::new).start();
            cluster.awaitLeader();
            cluster.nodes().forEach(node -> node.suspectDisk(true));
            cluster.submit("n1", Bytes.utf8("a command"));
            SimulationFailure failure =
                assertThrows(SimulationFailure.class, () -> cluster.runFor(Duration.ofSeconds(5)));
            assertTrue(failure.getMessage().contains("what is committed can be applied"), failure::getMessage);
        });
    }

    /** Cannot apply anything. */
    private static final class Throwing implements StateMachine {

        private final StateMachine machine = new RegisterWorkload(1, 0, 1).stateMachine();

        @Override
        public String name() {
            return machine.name();
        }

        @Override
        public Bytes apply(AppliedCommand command) {
            throw new IllegalStateException("found a defect");
        }

        @Override
        public Bytes query(Bytes query) throws CommandRejectedException {
            return machine.query(query);
        }

        @Override
        public StateMachineSnapshot snapshot() {
            return machine.snapshot();
        }

        @Override
        public void restore(InputStream in) throws IOException {
            machine.restore(in);
        }
    }
}
