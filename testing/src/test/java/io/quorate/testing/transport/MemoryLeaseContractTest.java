package io.quorate.testing.transport;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.testing.memory.MemoryNetwork;
import org.junit.jupiter.api.Test;

/** The in-memory transport keeps the contract where a call leases its connection. */
class MemoryLeaseContractTest extends TransportContract {

    @Test
    void is_on_the_module_path() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Override
    protected TransportUnderTest transportUnderTest() {
        return new MemoryUnderTest(MemoryNetwork.Mode.EXCLUSIVE_LEASE);
    }
}
