package io.quorate.raft.core;

import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.raft.log.LogEntry;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.Membership;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * The configurations of the log. The latest one counts, committed or not (thesis §4.1); when its entry is dropped,
 * the one before it counts again. The oldest one is a snapshot's, or that of the first start; it is committed, and
 * stays.
 */
final class MembershipLog {

    /** A configuration and its entry. */
    record Configuration(long index, Membership membership) {
    }

    private final List<Configuration> configurations = new ArrayList<>();

    /**
     * @param baseIndex the entry of the oldest configuration that can come to count again: a snapshot's; 0 for the one
     *     of the first start
     * @param recovered the configurations in the log; those up to {@code baseIndex} are ignored
     */
    MembershipLog(long baseIndex, Membership base, List<LogEntry> recovered) {
        reset(baseIndex, base);
        recovered.stream().filter(entry -> entry.index() > baseIndex).forEach(this::appended);
    }

    /** A snapshot has replaced the log: its configuration, and none that stood here before (a removed voter's vote). */
    final void reset(long index, Membership membership) {
        configurations.clear();
        configurations.add(new Configuration(index, membership));
    }

    /** The configuration in force at {@code index}, which is not before the oldest that is known. */
    Configuration at(long index) {
        int last = configurations.size() - 1;
        while (last > 0 && configurations.get(last).index() > index) {
            last--;
        }
        return configurations.get(last);
    }

    /** Nothing up to {@code index} is dropped any more: only the configuration in force there is kept. */
    void releaseUntil(long index) {
        Configuration base = at(index);
        configurations.removeIf(configuration -> configuration.index() < base.index());
    }

    /** The configuration in force. */
    Membership current() {
        return configurations.getLast().membership();
    }

    /** The index of its entry; 0 for the one of the first start. */
    long currentIndex() {
        return configurations.getLast().index();
    }

    /**
     * Whether something holds of the configuration in force, or of the one before as long as the newer one is not known
     * to be committed. Older ones are past: none is appended before its predecessor is committed.
     *
     * <p>A node that a configuration removes is needed until that configuration is committed (thesis §4.2.2). For
     * instance the leader appends it and fails before anybody else has it. Nobody without it can win that node's vote,
     * since its log is better; if it did not campaign either, and its vote were needed, nobody could ever lead again.
     */
    boolean stillHolds(Predicate<Membership> property, long commitIndex) {
        int last = configurations.size() - 1;
        return property.test(current())
            || last > 0 && currentIndex() > commitIndex && property.test(configurations.get(last - 1).membership());
    }

    /** Whether any configuration that is known, the oldest and the newest included, has {@code node} as a member. */
    boolean haveNamed(NodeId node) {
        return configurations.stream().anyMatch(configuration -> configuration.membership().contains(node));
    }

    /** @return whether the configuration in force has changed */
    boolean appended(LogEntry entry) {
        if (entry.type() != EntryType.CONFIGURATION) {
            return false;
        }
        try {
            configurations.add(new Configuration(entry.index(), Membership.decode(entry.payload())));
            return true;
        } catch (MalformedBytesException e) {
            throw new BrokenInvariantException("found at index " + entry.index()
                + " a configuration that cannot be read ("
                + e.getMessage() + "), expected one of this version");
        }
    }

    /** @return whether the configuration in force has changed */
    boolean truncatedFrom(long index) {
        boolean changed = false;
        while (currentIndex() >= index) {
            configurations.removeLast();
            changed = true;
        }
        return changed;
    }
}
