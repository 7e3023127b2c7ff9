package io.quorate.testing.transport;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The transport contract. Subclass it, supply the transport, run it with JUnit 5: each test checks one numbered rule of
 * {@code docs/transport-contract.md}, and its failure quotes the rule. After the run a table of the rules is printed.
 *
 * <p>Whatever a test is about, it also fails if a callback overlaps another of its connection, follows the last one or
 * throws, or if a violation of the wire format was counted that the test has not made.
 */
@ExtendWith(ContractReport.class)
@TestMethodOrder(MethodOrderer.MethodName.class)
public abstract class TransportContract implements ArrivalRules, ControlRules, CallRules, IsolationRules,
        HostileRules, EndRules {

    private Bench bench;

    /** The transport, for one test. */
    protected abstract TransportUnderTest transportUnderTest();

    /** Prepares a test. */
    @BeforeEach
    void setUp() {
        bench = new Bench(transportUnderTest());
    }

    /** Closes everything that a test has made. */
    @AfterEach
    void tearDown() {
        bench.close();
    }

    @Override
    public final Bench bench() {
        return bench;
    }
}
