package io.quorate.testing.simulation;

import io.quorate.api.NodeId;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.Membership;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/** What is known of one node from what it told of its steps; outlives its processes. */
final class NodeView {

    /** An entry of its log. */
    record Entry(long term, EntryType type, int checksum) {
    }

    final NodeId id;
    final TreeMap<Long, Entry> log = new TreeMap<>();
    /** Whose vote it gave in which term, as far as it is durable. */
    final TreeMap<Long, NodeId> durableVotes = new TreeMap<>();
    boolean up;
    boolean started;
    long term;
    Optional<NodeId> vote = Optional.empty();
    long durableTerm;
    Optional<NodeId> durableVote = Optional.empty();
    boolean leading;
    /** Whether a configuration that this process has told of has it as a member. */
    boolean named;
    long durableIndex;
    long lastIndex;
    long committed;
    long snapshotIndex;
    long snapshotTerm;
    /** Some of its files are not as they were written. */
    boolean damaged;
    Membership membership;
    long membershipIndex;
    /** Who has granted it a pre-vote since it began to ask for them. */
    final TreeSet<NodeId> preVotes = new TreeSet<>();
    /** A leader has told it to begin a term at once, which it has not done yet. */
    boolean handedOver;
    long handedOverTerm;
    /** Whose heartbeat it has answered last, of which term and when. */
    NodeId heard;
    long heardTerm;
    long heardNanos;
    long hardStateChangedNanos;

    NodeView(NodeId id) {
        this.id = id;
    }

    /** The term of an entry, or -1 if it is not known. */
    long termAt(long index) {
        Entry entry = log.get(index);
        return entry != null ? entry.term() : index == snapshotIndex ? snapshotTerm : -1;
    }

    /** Whether an entry of that term is durable here, in its log or behind a snapshot. */
    boolean hasDurably(long index, long entryTerm) {
        long found = termAt(index);
        // After a restart it is not told which entries were found behind those that were known to be durable.
        return index <= snapshotIndex || index <= durableIndex && (found == entryTerm || found < 0);
    }

    void forgetEverything() {
        log.clear();
        durableVotes.clear();
        started = false;
        term = 0;
        vote = Optional.empty();
        durableTerm = 0;
        durableVote = Optional.empty();
        durableIndex = 0;
        lastIndex = 0;
        snapshotIndex = 0;
        snapshotTerm = 0;
        damaged = false;
        processEnded();
    }

    void processEnded() {
        up = false;
        leading = false;
        preVotes.clear();
        handedOver = false;
        heard = null;
        committed = 0;
    }
}
