package io.quorate.registry.directory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.api.PeerChanges;
import io.quorate.api.PeerEvent;
import io.quorate.api.PeerStatus;
import io.quorate.api.Term;
import io.quorate.fuzz.Codecs;
import io.quorate.fuzz.Fuzzing;
import io.quorate.fuzz.FuzzInput;
import io.quorate.fuzz.Reached;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Entries of the registry: their form, and what two replicas make of any series of them. */
public final class RegistryFuzzTest {

    private static final Reached REACHED = new Reached();
    private static final int HISTORY = 4;

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void holdsOnKeptAndSeededInputs() throws Exception {
        Fuzzing.shortRun(getClass(), 3_000, RegistryFuzzTest::fuzzerTestOneInput);
        REACHED.requirePercent(30, "applied", "malformed");
        REACHED.require(20, "changed", "no-op", "whole state");
    }

    public static void fuzzerTestOneInput(byte[] data) throws Exception {
        FuzzInput in = new FuzzInput(data);
        RegistryState one = new RegistryState(HISTORY);
        RegistryState other = new RegistryState(HISTORY);
        for (int i = 0; i < 10 && in.hasMore(); i++) {
            Bytes payload = payload(in, one.snapshot());
            RegistrySnapshot before = one.snapshot();
            Optional<RegistryProposal> read = Codecs.hostile(payload, RegistryProposal::decode,
                RegistryProposal::encode);
            try {
                List<PeerEvent> events = one.apply(payload);
                assertTrue(read.isPresent());
                REACHED.count("applied");
                REACHED.count(events.isEmpty() ? "no-op" : "changed");
                assertEquals(events, other.apply(payload));
                checkEvents(before, events, one);
            } catch (MalformedBytesException e) {
                REACHED.count("malformed");
                assertTrue(read.isEmpty());
                assertEquals(before, one.snapshot(), "a refused entry has left something behind");
            }
        }
        assertEquals(one.snapshot(), other.snapshot());
        follow(in, one);
    }

    private static void checkEvents(RegistrySnapshot before, List<PeerEvent> events, RegistryState state) {
        long number = before.number();
        for (PeerEvent event : events) {
            assertEquals(++number, event.number(), "a gap in the numbers");
        }
        assertEquals(number, state.snapshot().number());
        assertTrue(state.snapshot().records().size() <= DirectoryLimits.MAX_RECORDS);
        for (RegistrySnapshot.Entry entry : before.records().values()) {
            RegistrySnapshot.Entry after = state.snapshot().get(entry.peer().id()).orElseThrow();
            assertTrue(after.revision() >= entry.revision(), "a record went back");
            assertTrue(after.peer().observerTerm().compareTo(entry.peer().observerTerm()) >= 0,
                "an older leader has overwritten a newer one's record");
        }
    }

    /** Whoever follows from any number ends at the present state, in steps that are in order. */
    private static void follow(FuzzInput in, RegistryState state) {
        long at = in.oneIn(8) ? in.number() & Long.MAX_VALUE
            : in.oneIn(2) ? 0 : in.below((int) state.snapshot().number() + 1);
        int most = 1 + in.below(4);
        for (Optional<PeerChanges> news = state.changesAfter(at, most); news.isPresent();
            news = state.changesAfter(at, most)) {
            PeerChanges changes = news.get();
            assertTrue(changes.upTo() > at, "no progress behind " + at);
            if (changes.snapshot()) {
                REACHED.count("whole state");
                assertEquals(state.snapshot().peers(), changes.peers());
            } else {
                assertTrue(changes.events().size() <= most);
                for (PeerEvent event : changes.events()) {
                    assertEquals(++at, event.number());
                }
            }
            at = changes.upTo();
        }
        assertTrue(at >= state.snapshot().number());
    }

    private static Bytes payload(FuzzInput in, RegistrySnapshot now) throws MalformedBytesException {
        if (in.oneIn(12)) {
            return in.some(80);
        }
        List<PeerChange> changes = new ArrayList<>();
        for (int i = in.below(5); i > 0; i--) {
            changes.add(change(in, now));
        }
        RegistryProposal proposal = new RegistryProposal(new Term(in.below(4)), new NodeId(in.label()), in.number(),
            changes);
        byte[] payload = Codecs.roundTrip(proposal, RegistryProposal::decode, RegistryProposal::encode).toByteArray();
        if (in.oneIn(4)) {
            in.damage(payload, 0, payload.length);
        }
        return Bytes.wrap(payload);
    }

    private static PeerChange change(FuzzInput in, RegistrySnapshot now) {
        NodeId id = new NodeId(in.label());
        Optional<RegistrySnapshot.Entry> entry = now.get(id);
        long revision = in.oneIn(6) ? in.number() : entry.map(RegistrySnapshot.Entry::revision).orElse(0L);
        long incarnation = in.oneIn(3) ? in.number() : entry.map(one -> one.peer().incarnation()).orElse(1L);
        List<String> endpoints = new ArrayList<>();
        for (int i = in.below(3); i > 0; i--) {
            endpoints.add("tcp://h:" + in.u8());
        }
        return new PeerChange(id, revision, incarnation, in.pick(PeerStatus.values()), in.text(20),
            in.oneIn(2) ? Optional.of(in.text(20)) : Optional.empty(),
            in.oneIn(2) ? Optional.of(in.text(20)) : Optional.empty(), endpoints, in.text(8));
    }
}
