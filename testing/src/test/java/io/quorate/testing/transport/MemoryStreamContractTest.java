package io.quorate.testing.transport;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.testing.memory.MemoryNetwork;
import org.junit.jupiter.api.Test;

/** The in-memory transport keeps the contract where each call has a stream. */
class MemoryStreamContractTest extends TransportContract {

    @Test
    void is_on_the_module_path() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Override
    protected TransportUnderTest transportUnderTest() {
        return new MemoryUnderTest(MemoryNetwork.Mode.STREAM_PER_CALL);
    }
}
