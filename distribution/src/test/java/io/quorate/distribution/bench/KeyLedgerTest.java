package io.quorate.distribution.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;

/** The judge of a run finds every lost, repeated or resurrected write. */
final class KeyLedgerTest {

    private final KeyLedger ledger = new KeyLedger();

    @Test
    void acceptsTheLastAcknowledgedWriteAlone() {
        ledger.acknowledged(ledger.next());
        ledger.acknowledged(ledger.next());

        assertNull(ledger.judge(2, 2));
        assertEquals("found write 1 at version 1, expected write 2 at version 2", ledger.judge(1, 1));
        assertNotNull(ledger.judge(2, 3), "a write was applied twice");
        assertNotNull(ledger.judge(2, 1), "a write was lost beneath");
        assertNotNull(ledger.judge(0, 2), "a value that nobody wrote");
        assertNotNull(ledger.judgeMissing());
    }

    @Test
    void acceptsWritesOfUnknownOutcomeWhicheverWayTheyWent() {
        ledger.acknowledged(ledger.next());
        ledger.unknown(ledger.next());

        assertNull(ledger.judge(1, 1), "it never happened");
        assertNull(ledger.judge(2, 2), "it happened");
        ledger.acknowledged(ledger.next());
        assertNull(ledger.judge(3, 2), "it never happened");
        assertNull(ledger.judge(3, 3), "it happened in time");
        assertNull(ledger.judge(2, 3), "it happened late");
        assertNotNull(ledger.judge(1, 1));
        assertNotNull(ledger.judge(3, 4));
    }

    @Test
    void expectsNothingWhereNothingWasAcknowledged() {
        assertNull(ledger.judgeMissing());
        ledger.unknown(ledger.next());
        assertNull(ledger.judgeMissing());
        assertNull(ledger.judge(1, 1));
    }
}
