package io.quorate.registry.directory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.api.Peer;
import io.quorate.api.PeerChanges;
import io.quorate.api.PeerEvent;
import io.quorate.api.PeerStatus;
import io.quorate.api.Term;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RegistryStateTest {

    private static final NodeId LEADER = new NodeId("n1");
    private static final NodeId N2 = new NodeId("n2");

    private final RegistryState state = new RegistryState(8);

    @Test
    void changesAreNumberedFromOneWithoutGaps() throws MalformedBytesException {
        assertEquals(List.of(1L, 2L), numbers(apply(1, online(0, 7, "print"), change(1, 7, PeerStatus.SUSPECT))));
        assertEquals(List.of(), numbers(apply(1, change(99, 7, PeerStatus.OFFLINE))), "a no-op takes no number");
        List<PeerEvent> events = apply(1, change(2, 7, PeerStatus.OFFLINE));
        assertEquals(List.of(3L), numbers(events));
        assertEquals(PeerStatus.SUSPECT, events.get(0).previous());
    }

    @Test
    void aChangeThatWasDecidedOnSomethingElseIsANoOp() throws MalformedBytesException {
        apply(2, online(0, 7, "print"));
        assertEquals(List.of(), apply(2, online(0, 7, "print")), "the same proposal twice");
        assertEquals(List.of(), apply(2, change(0, 7, PeerStatus.SUSPECT)), "decided before it was online");
        assertEquals(List.of(), apply(2, change(5, 7, PeerStatus.SUSPECT)), "decided on what never was");
        assertEquals(List.of(), apply(1, change(1, 7, PeerStatus.SUSPECT)), "an older term's");
        assertEquals(PeerStatus.ONLINE, record().status());
        assertEquals(1, state.snapshot().number());
    }

    @Test
    void theDisconnectOfAnotherIncarnationIsANoOp() throws MalformedBytesException {
        apply(1, online(0, 8, "print"));
        for (PeerStatus gone : List.of(PeerStatus.SUSPECT, PeerStatus.OFFLINE)) {
            assertEquals(List.of(), apply(1, change(1, 7, gone)));
        }
        assertEquals(PeerStatus.ONLINE, record().status());
        assertEquals(8, record().incarnation());
    }

    @Test
    void whatIsNotKnownIsKeptForTheSameIncarnation() throws MalformedBytesException {
        apply(1, online(0, 7, "print"));
        apply(1, change(1, 7, PeerStatus.SUSPECT));
        apply(1, change(2, 7, PeerStatus.OFFLINE));
        Peer gone = record();
        assertEquals(PeerStatus.OFFLINE, gone.status());
        assertEquals(Optional.of("spiffe"), gone.identity());
        assertEquals(Optional.of("print"), gone.certificateFingerprint());
        assertEquals(List.of("tcp://h:1"), gone.endpoints());
        assertEquals("1.0", gone.version());
    }

    @Test
    void aNewIncarnationKeepsTheEndpointsAndNotTheCertificate() throws MalformedBytesException {
        apply(1, online(0, 7, "print"));
        apply(1, change(1, 8, PeerStatus.CONNECTING));
        Peer restarted = record();
        assertEquals(List.of("tcp://h:1"), restarted.endpoints());
        assertEquals(Optional.empty(), restarted.certificateFingerprint());
        assertEquals("", restarted.version());
    }

    @Test
    void metadataThatBecomesKnownLeavesStatusReasonAndTimeAlone() throws MalformedBytesException {
        apply(1, online(0, 7, null));
        Instant since = record().since();
        assertEquals(Optional.empty(), record().certificateFingerprint());
        assertEquals(PeerStatus.ONLINE, record().status(), "online without certificate details");
        state.apply(new RegistryProposal(new Term(1), LEADER, 99_999, List.of(online(1, 7, "print"))).encode());
        assertEquals(Optional.of("print"), record().certificateFingerprint());
        assertEquals(since, record().since());
        assertEquals("connected", record().reason());
        assertEquals(2, state.snapshot().number());
    }

    @Test
    void aReaderFollowsOnFromAnyNumberOrGetsEverything() throws MalformedBytesException {
        apply(1, online(0, 7, "print"));
        for (int i = 1; i <= 11; i++) {
            apply(1, change(i, 7, i % 2 == 1 ? PeerStatus.SUSPECT : PeerStatus.CONNECTING));
        }
        assertEquals(12, state.snapshot().number());
        assertTrue(state.changesAfter(12, 100).isEmpty(), "nothing new yet");
        assertTrue(state.changesAfter(40, 100).isEmpty(), "another node is ahead; this reader waits");

        PeerChanges all = state.changesAfter(4, 100).orElseThrow();
        assertFalse(all.snapshot());
        assertEquals(List.of(5L, 6L, 7L, 8L, 9L, 10L, 11L, 12L), numbers(all.events()));

        PeerChanges gone = state.changesAfter(3, 100).orElseThrow();
        assertTrue(gone.snapshot(), "change 4 is no longer in the history");
        assertEquals(12, gone.upTo());
        assertEquals(List.of(record()), gone.peers());
    }

    @Test
    void aReaderInSmallStepsMissesNothingAndHearsNothingTwice() throws MalformedBytesException {
        apply(1, online(0, 7, "print"), change(1, 7, PeerStatus.SUSPECT), change(2, 7, PeerStatus.OFFLINE));
        List<Long> heard = new ArrayList<>();
        long after = 0;
        Optional<PeerChanges> next = state.changesAfter(after, 2);
        while (next.isPresent()) {
            heard.addAll(numbers(next.get().events()));
            after = next.get().upTo();
            next = state.changesAfter(after, 2);
        }
        assertEquals(List.of(1L, 2L, 3L), heard);
    }

    @Test
    void proposalsAreReadToTheLastByteOrNotAtAll() throws MalformedBytesException {
        RegistryProposal proposal = new RegistryProposal(new Term(3), LEADER, 5,
            List.of(online(0, 7, "print"), change(1, 7, PeerStatus.SUSPECT)));
        Bytes whole = proposal.encode();
        assertEquals(proposal, RegistryProposal.decode(whole));
        for (int length = 0; length < whole.length(); length++) {
            Bytes cut = whole.slice(0, length);
            assertThrows(MalformedBytesException.class, () -> RegistryProposal.decode(cut), "at " + length);
        }
        SplittableRandom random = new SplittableRandom(3);
        int malformed = 0;
        for (int i = 0; i < 5_000; i++) {
            byte[] damaged = whole.toByteArray();
            damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            try {
                RegistryProposal.decode(Bytes.wrap(damaged));
            } catch (MalformedBytesException expected) {
                malformed++;
            }
        }
        assertTrue(malformed > 100);
    }

    @Test
    void aReasonOfAnyLengthStaysReadable() throws MalformedBytesException {
        PeerChange talkative = new PeerChange(N2, 0, 7, PeerStatus.OFFLINE, "ä".repeat(100_000), Optional.empty(),
            Optional.empty(), List.of(), "");
        assertEquals(1, apply(1, talkative).size());
    }

    private List<PeerEvent> apply(long term, PeerChange... changes) throws MalformedBytesException {
        return state.apply(new RegistryProposal(new Term(term), LEADER, 1_000 * term, List.of(changes)).encode());
    }

    private Peer record() {
        return state.snapshot().get(N2).orElseThrow().peer();
    }

    private static PeerChange online(long revision, long incarnation, String fingerprint) {
        return new PeerChange(N2, revision, incarnation, PeerStatus.ONLINE, "connected", Optional.of("spiffe"),
            Optional.ofNullable(fingerprint), List.of("tcp://h:1"), "1.0");
    }

    private static PeerChange change(long revision, long incarnation, PeerStatus status) {
        return new PeerChange(N2, revision, incarnation, status, "why", Optional.empty(), Optional.empty(), List.of(),
            "");
    }

    private static List<Long> numbers(List<PeerEvent> events) {
        return events.stream().map(PeerEvent::number).toList();
    }
}
