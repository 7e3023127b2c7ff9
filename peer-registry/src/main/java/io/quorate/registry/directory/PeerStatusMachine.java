package io.quorate.registry.directory;

import io.quorate.api.NodeId;
import io.quorate.api.Peer;
import io.quorate.api.PeerStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A peer's status: the one place where it is decided, and this is the whole of it.
 *
 * <pre>
 *  from                     when the leader finds                          to          reason
 *  ------------------------ ---------------------------------------------- ----------- ----------------------------
 *  (no record)              it is a member, and no more is known           UNKNOWN     "a member, not seen yet"
 *  any but ONLINE           it is the leader itself                        ONLINE      "observed by itself"
 *  ONLINE, another process  it is the leader itself                        ONLINE      "observed by itself"
 *  UNKNOWN, OFFLINE,        a session was admitted                         CONNECTING  "a connection was admitted"
 *    SUSPECT, REMOVED
 *  CONNECTING, ONLINE       a session of another incarnation was admitted  CONNECTING  "a new process was admitted"
 *  CONNECTING               a session of its incarnation is confirmed      ONLINE      "connected"
 *  CONNECTING, ONLINE       no session, and the leader has settled         SUSPECT     why the last one ended
 *  SUSPECT                  the same, for SUSPECT_MILLIS                   OFFLINE     the same
 *  UNKNOWN                  the same, for SUSPECT_MILLIS                   OFFLINE     the same
 *  REMOVED                  it is a member again                           UNKNOWN     "a member again"
 *  any but REMOVED          it is no member any more                       REMOVED     "no member any more"
 *  any                      metadata that the record has not               the same    (kept)
 * </pre>
 *
 * <p>Where no session was ever there to end, the reason is "has not connected to the leader".
 *
 * <p>Nothing else changes a status. In particular: who dialed plays no part; missing certificate details play no part;
 * a session that is not confirmed yet does not take an ONLINE peer down; the end of one session means nothing while
 * another lives. Of a peer with a session of an older process than the recorded one nothing is said, unless it lasts
 * (see {@link Reconciler}). Each arrow is taken one at a time: {@link #path} follows them from the present record to
 * rest, so that the registry's changes show every transition, also when several were passed at once.
 *
 * <p>Pure; thread-safe.
 */
public final class PeerStatusMachine {

    static final String MEMBER_NOT_SEEN = "a member, not seen yet";
    static final String LEADS = "observed by itself";
    static final String ADMITTED = "a connection was admitted";
    static final String NEW_PROCESS = "a new process was admitted";
    static final String CONNECTED = "connected";
    static final String NOT_CONNECTED = "has not connected to the leader";
    static final String MEMBER_AGAIN = "a member again";
    static final String NO_MEMBER = "no member any more";

    /** UNKNOWN → CONNECTING → ONLINE is the longest way, with a return to membership before it; one more is a loop. */
    private static final int MAX_STEPS = 6;

    /**
     * How things stand with one node.
     *
     * @param member whether it is in the configuration
     * @param leader whether it is the leader itself
     * @param seen what the leader sees of it; of itself: its own description
     * @param absentMillis for how long it has had no session, counted from the end of settling if there never was one;
     *     negative while the leader still gives it time to connect
     */
    public record Situation(boolean member, boolean leader, Sighting seen, long absentMillis) {
    }

    private PeerStatusMachine() {
    }

    /**
     * All changes that lead from what is recorded to what is.
     *
     * @param recorded the present record, if there is one
     * @return in order; empty if the record is right
     */
    public static List<PeerChange> path(NodeId id, Optional<RegistrySnapshot.Entry> recorded, Situation now) {
        List<PeerChange> changes = new ArrayList<>();
        State state = recorded.map(entry -> State.of(entry.peer())).orElse(null);
        long revision = recorded.map(RegistrySnapshot.Entry::revision).orElse(0L);
        if (state == null) {
            if (!now.member()) {
                return changes;
            }
            state = new State(PeerStatus.UNKNOWN, 0);
            if (next(state, now).isEmpty()) {
                // Every member is listed, also one of which nothing is known; but UNKNOWN is no station on the way.
                return List.of(change(id, revision, new Step(PeerStatus.UNKNOWN, 0, MEMBER_NOT_SEEN), now.seen()));
            }
        }
        for (Optional<Step> step = next(state, now); step.isPresent(); step = next(state, now)) {
            if (changes.size() == MAX_STEPS) {
                throw new IllegalStateException("the transition table has a loop at " + state + " for " + now);
            }
            changes.add(change(id, revision++, step.get(), now.seen()));
            state = new State(step.get().status, step.get().incarnation);
        }
        if (changes.isEmpty() && recorded.isPresent()) {
            metadata(recorded.get(), now).ifPresent(changes::add);
        }
        return changes;
    }

    private static Optional<Step> next(State at, Situation now) {
        if (!now.member()) {
            return at.status == PeerStatus.REMOVED ? Optional.empty()
                : step(PeerStatus.REMOVED, at.incarnation, NO_MEMBER);
        }
        Sighting seen = now.seen();
        boolean sameProcess = at.incarnation == seen.incarnation();
        if (now.leader()) {
            return at.status == PeerStatus.ONLINE && sameProcess ? Optional.empty()
                : step(PeerStatus.ONLINE, seen.incarnation(), LEADS);
        }
        return seen.present() ? nextWithSession(at, seen, sameProcess) : nextWithout(at, now);
    }

    private static Optional<Step> nextWithSession(State at, Sighting seen, boolean sameProcess) {
        return switch (at.status) {
            case UNKNOWN, SUSPECT, OFFLINE, REMOVED -> step(PeerStatus.CONNECTING, seen.incarnation(), ADMITTED);
            case CONNECTING -> !sameProcess ? step(PeerStatus.CONNECTING, seen.incarnation(), NEW_PROCESS)
                : seen.confirmed() ? step(PeerStatus.ONLINE, seen.incarnation(), CONNECTED) : Optional.empty();
            case ONLINE -> sameProcess ? Optional.empty()
                : step(PeerStatus.CONNECTING, seen.incarnation(), NEW_PROCESS);
        };
    }

    private static Optional<Step> nextWithout(State at, Situation now) {
        boolean settled = now.absentMillis() >= 0;
        boolean overdue = now.absentMillis() >= DirectoryLimits.SUSPECT_MILLIS;
        String last = now.seen().lastReason();
        String why = last.isEmpty() ? NOT_CONNECTED : last;
        return switch (at.status) {
            case CONNECTING, ONLINE -> settled ? step(PeerStatus.SUSPECT, at.incarnation, why) : Optional.empty();
            case SUSPECT -> overdue ? step(PeerStatus.OFFLINE, at.incarnation, why) : Optional.empty();
            case UNKNOWN -> overdue ? step(PeerStatus.OFFLINE, at.incarnation, why) : Optional.empty();
            case REMOVED -> step(PeerStatus.UNKNOWN, at.incarnation, MEMBER_AGAIN);
            case OFFLINE -> Optional.empty();
        };
    }

    /** What is known and differs from the record, as a change that leaves the status alone. */
    private static Optional<PeerChange> metadata(RegistrySnapshot.Entry entry, Situation now) {
        Peer peer = entry.peer();
        Sighting seen = now.seen();
        boolean about = (seen.present() || now.leader()) && now.member() && seen.incarnation() == peer.incarnation();
        boolean differs = about
            && (seen.identity().isPresent() && !seen.identity().equals(peer.identity())
            || seen.fingerprint().isPresent() && !seen.fingerprint().equals(peer.certificateFingerprint())
            || !seen.endpoints().isEmpty() && !seen.endpoints().equals(peer.endpoints())
            || !seen.version().isEmpty() && !seen.version().equals(peer.version()));
        return differs ? Optional.of(change(peer.id(), entry.revision(),
            new Step(peer.status(), peer.incarnation(), peer.reason()), seen)) : Optional.empty();
    }

    private static PeerChange change(NodeId id, long revision, Step step, Sighting seen) {
        // What was seen of one process says nothing about another: only endpoints outlive it.
        boolean about = seen.incarnation() == step.incarnation;
        return new PeerChange(id, revision, step.incarnation, step.status, step.reason,
            about ? seen.identity() : Optional.empty(),
            about ? seen.fingerprint() : Optional.empty(),
            seen.endpoints(),
            about ? seen.version() : "");
    }

    private static Optional<Step> step(PeerStatus status, long incarnation, String reason) {
        return Optional.of(new Step(status, incarnation, reason));
    }

    private record State(PeerStatus status, long incarnation) {
        static State of(Peer peer) {
            return new State(peer.status(), peer.incarnation());
        }
    }

    private record Step(PeerStatus status, long incarnation, String reason) {
    }
}
