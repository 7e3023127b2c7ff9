package io.quorate.raft.core;

import io.quorate.api.MalformedBytesException;
import io.quorate.raft.log.LogEntry;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.Membership;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * The configurations of the log. The latest one counts, committed or not (thesis §4.1); when its entry is dropped,
 * the one before it counts again.
 */
final class MembershipLog {

    private record Configuration(long index, Membership membership) {
    }

    private final List<Configuration> configurations = new ArrayList<>();

    MembershipLog(Membership bootstrap, List<LogEntry> recovered) {
        configurations.add(new Configuration(0, bootstrap));
        recovered.forEach(this::appended);
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
