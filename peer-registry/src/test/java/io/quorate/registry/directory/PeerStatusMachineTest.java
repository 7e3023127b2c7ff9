package io.quorate.registry.directory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.NodeId;
import io.quorate.api.Peer;
import io.quorate.api.PeerStatus;
import io.quorate.api.Term;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The transition table, row by row, and then every cell of it. */
class PeerStatusMachineTest {

    private static final NodeId ID = new NodeId("n2");
    private static final long OVERDUE = DirectoryLimits.SUSPECT_MILLIS;

    @Test
    void testsRunInTheModule() {
        assertEquals("io.quorate.registry", getClass().getModule().getName());
    }

    @Test
    void aMemberOfWhichNothingIsKnownIsListed() {
        assertEquals(List.of("UNKNOWN@0"), path(Optional.empty(), absent(0, -1)));
        assertEquals(List.of("OFFLINE@0"), path(Optional.empty(), absent(0, OVERDUE)));
        assertEquals(List.of(), path(Optional.empty(), noMember()));
    }

    @Test
    void admittedIsConnectingAndConfirmedIsOnline() {
        assertEquals(List.of("CONNECTING@7"), path(Optional.empty(), admitted(7)));
        assertEquals(List.of("CONNECTING@7", "ONLINE@7"), path(Optional.empty(), confirmed(7)));
        for (PeerStatus from :
                List.of(PeerStatus.UNKNOWN, PeerStatus.SUSPECT, PeerStatus.OFFLINE, PeerStatus.REMOVED)) {
            assertEquals(List.of("CONNECTING@7"), path(recorded(from, 7), admitted(7)), from.name());
            assertEquals(List.of("CONNECTING@7", "ONLINE@7"), path(recorded(from, 7), confirmed(7)), from.name());
        }
        assertEquals(List.of("ONLINE@7"), path(recorded(PeerStatus.CONNECTING, 7), confirmed(7)));
        assertEquals(List.of(), path(recorded(PeerStatus.CONNECTING, 7), admitted(7)));
    }

    @Test
    void anUnconfirmedSessionTakesNobodyDown() {
        assertEquals(List.of(), path(recorded(PeerStatus.ONLINE, 7), admitted(7)));
        assertEquals(List.of(), path(recorded(PeerStatus.ONLINE, 7), confirmed(7)));
    }

    @Test
    void aNewProcessConnectsAnew() {
        for (PeerStatus from : List.of(PeerStatus.CONNECTING, PeerStatus.ONLINE)) {
            assertEquals(List.of("CONNECTING@8"), path(recorded(from, 7), admitted(8)), from.name());
            assertEquals(List.of("CONNECTING@8", "ONLINE@8"), path(recorded(from, 7), confirmed(8)), from.name());
        }
        // A clock that was set back makes the new process look older; it is there all the same.
        assertEquals(List.of("CONNECTING@6", "ONLINE@6"), path(recorded(PeerStatus.ONLINE, 7), confirmed(6)));
    }

    @Test
    void goneIsSuspectAndAfterAWhileOffline() {
        for (PeerStatus from : List.of(PeerStatus.CONNECTING, PeerStatus.ONLINE)) {
            assertEquals(List.of(), path(recorded(from, 7), absent(7, -1)), "the leader has not settled");
            assertEquals(List.of("SUSPECT@7"), path(recorded(from, 7), absent(7, 0)), from.name());
            assertEquals(List.of("SUSPECT@7"), path(recorded(from, 7), absent(7, OVERDUE - 1)), from.name());
            assertEquals(List.of("SUSPECT@7", "OFFLINE@7"), path(recorded(from, 7), absent(7, OVERDUE)), from.name());
        }
        assertEquals(List.of(), path(recorded(PeerStatus.SUSPECT, 7), absent(7, OVERDUE - 1)));
        assertEquals(List.of("OFFLINE@7"), path(recorded(PeerStatus.SUSPECT, 7), absent(7, OVERDUE)));
        assertEquals(List.of(), path(recorded(PeerStatus.OFFLINE, 7), absent(7, 10 * OVERDUE)));
    }

    @Test
    void theReasonIsWhyTheLastSessionEnded() {
        List<PeerChange> changes =
            PeerStatusMachine.path(ID, recorded(PeerStatus.ONLINE, 7), absent(7, OVERDUE));
        assertEquals(List.of("connection lost", "connection lost"), changes.stream().map(PeerChange::reason).toList());
        assertEquals("has not connected to the leader",
            PeerStatusMachine.path(ID, recorded(PeerStatus.ONLINE, 7), neverSeen(0)).get(0).reason());
    }

    @Test
    void theLeaderIsOnline() {
        for (PeerStatus from : PeerStatus.values()) {
            PeerStatusMachine.Situation self = new PeerStatusMachine.Situation(true, true, seen(true, true, 7), 0);
            List<String> expected = from == PeerStatus.ONLINE ? List.of() : List.of("ONLINE@7");
            assertEquals(expected, path(recorded(from, 7), self), from.name());
            assertEquals(List.of("ONLINE@7"), path(recorded(from, 6), self), from.name());
        }
    }

    @Test
    void whoIsNoMemberIsRemovedAndCanReturn() {
        for (PeerStatus from : PeerStatus.values()) {
            List<String> expected = from == PeerStatus.REMOVED ? List.of() : List.of("REMOVED@7");
            assertEquals(expected, path(recorded(from, 7), noMember()), from.name());
        }
        assertEquals(List.of("UNKNOWN@7"), path(recorded(PeerStatus.REMOVED, 7), absent(7, -1)));
    }

    @Test
    void statusDoesNotWaitForMetadata() {
        Sighting bare = new Sighting(true, true, 7, Optional.empty(), Optional.empty(), List.of(), "", "");
        PeerStatusMachine.Situation now = new PeerStatusMachine.Situation(true, false, bare, 0);
        assertEquals(List.of("CONNECTING@7", "ONLINE@7"), path(Optional.empty(), now));
    }

    @Test
    void metadataIsFilledInWhenItBecomesKnownAndLeavesTheStatusAlone() {
        List<PeerChange> changes = PeerStatusMachine.path(ID, recorded(PeerStatus.ONLINE, 7),
            new PeerStatusMachine.Situation(true, false,
                new Sighting(true, true, 7, Optional.empty(), Optional.of("new"), List.of(), "", ""), 0));
        assertEquals(1, changes.size());
        assertEquals(PeerStatus.ONLINE, changes.get(0).status());
        assertEquals(Optional.of("new"), changes.get(0).fingerprint());
        // Not known is no difference: nothing is proposed for ever because a certificate is missing.
        assertEquals(List.of(), path(recorded(PeerStatus.ONLINE, 7), new PeerStatusMachine.Situation(true, false,
            new Sighting(true, true, 7, Optional.empty(), Optional.empty(), List.of(), "", ""), 0)));
    }

    @Test
    void everySituationComesToRestAndRestIsStable() {
        int situations = 0;
        for (PeerStatus from : PeerStatus.values()) {
            for (long recordedIncarnation : new long[] {0, 7}) {
                for (PeerStatusMachine.Situation now : situations()) {
                    situations++;
                    List<PeerChange> changes = PeerStatusMachine.path(ID, recorded(from, recordedIncarnation), now);
                    if (changes.isEmpty()) {
                        continue;
                    }
                    PeerChange last = changes.get(changes.size() - 1);
                    Optional<RegistrySnapshot.Entry> after = entry(last.status(), last.incarnation(), 9);
                    List<String> again = new ArrayList<>(path(after, now));
                    assertTrue(again.isEmpty(), from + " with " + now + " led to " + changes + " and then to " + again);
                }
            }
        }
        assertTrue(situations > 100);
    }

    private static List<PeerStatusMachine.Situation> situations() {
        List<PeerStatusMachine.Situation> all = new ArrayList<>();
        for (boolean member : new boolean[] {true, false}) {
            for (boolean leader : new boolean[] {true, false}) {
                for (boolean present : new boolean[] {true, false}) {
                    for (boolean confirmed : new boolean[] {true, false}) {
                        for (long absent : new long[] {-1, 0, OVERDUE}) {
                            all.add(new PeerStatusMachine.Situation(member, leader,
                                seen(present, present && confirmed, 7), absent));
                        }
                    }
                }
            }
        }
        return all;
    }

    private static List<String> path(Optional<RegistrySnapshot.Entry> recorded, PeerStatusMachine.Situation now) {
        List<PeerChange> changes = PeerStatusMachine.path(ID, recorded, now);
        long revision = recorded.map(RegistrySnapshot.Entry::revision).orElse(0L);
        for (PeerChange change : changes) {
            assertEquals(revision++, change.revision(), "each change builds on the one before it");
        }
        return changes.stream().map(change -> change.status() + "@" + change.incarnation()).toList();
    }

    private static PeerStatusMachine.Situation admitted(long incarnation) {
        return new PeerStatusMachine.Situation(true, false, seen(true, false, incarnation), 0);
    }

    private static PeerStatusMachine.Situation confirmed(long incarnation) {
        return new PeerStatusMachine.Situation(true, false, seen(true, true, incarnation), 0);
    }

    private static PeerStatusMachine.Situation absent(long incarnation, long millis) {
        return new PeerStatusMachine.Situation(true, false, seen(false, false, incarnation), millis);
    }

    private static PeerStatusMachine.Situation neverSeen(long millis) {
        return new PeerStatusMachine.Situation(true, false, Sighting.never(), millis);
    }

    private static PeerStatusMachine.Situation noMember() {
        return new PeerStatusMachine.Situation(false, false, seen(true, true, 7), 0);
    }

    private static Sighting seen(boolean present, boolean confirmed, long incarnation) {
        return new Sighting(present, confirmed, incarnation, Optional.of("id"), Optional.of("print"),
            List.of("tcp://h:1"), "1", present ? "" : "connection lost");
    }

    private static Optional<RegistrySnapshot.Entry> recorded(PeerStatus status, long incarnation) {
        return entry(status, incarnation, 3);
    }

    private static Optional<RegistrySnapshot.Entry> entry(PeerStatus status, long incarnation, long revision) {
        return Optional.of(new RegistrySnapshot.Entry(new Peer(ID, incarnation, status, "", Optional.of("id"),
            Optional.of("print"), List.of("tcp://h:1"), "1", Instant.EPOCH, Optional.empty(), Term.ZERO), revision));
    }
}
