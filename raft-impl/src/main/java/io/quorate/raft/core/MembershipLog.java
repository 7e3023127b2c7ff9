package io.quorate.raft.core;

import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.raft.log.LogEntry;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.Membership;
import java.util.ArrayList;
import java.util.List;

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
     * Whether {@code node} is a member in the last configuration that is known to be committed, or in a later one. One
     * that was removed only by a configuration that may yet be dropped must go on voting: others may need its vote to
     * elect who drops it. Once its removal is committed, nobody without it can win its vote by a better log.
     */
    boolean mayBelong(NodeId node, long commitIndex) {
        for (int i = configurations.size() - 1; i >= 0; i--) {
            if (configurations.get(i).membership().contains(node)) {
                return true;
            }
            if (configurations.get(i).index() <= commitIndex) {
                return false;
            }
        }
        return false;
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
