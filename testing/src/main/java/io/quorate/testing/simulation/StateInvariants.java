package io.quorate.testing.simulation;

import io.quorate.api.NodeId;
import io.quorate.api.PeerEvent;
import io.quorate.api.PeerStatus;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** What holds of the state that follows from the log: the same everywhere, true of the processes that there were. */
final class StateInvariants {

    private StateInvariants() {
    }

    /** Whoever has applied the same entries has the same registry and the same sessions of clients. */
    static final class ReplicatedStatesAgree {

        /** Hashing costs as much as a snapshot; states that have parted are still apart a few entries later. */
        private static final int ENTRIES_BETWEEN = 4;

        private final Map<Long, Long> hashes = new HashMap<>();

        boolean looksAt(long index) {
            return index % ENTRIES_BETWEEN == 0;
        }

        void applied(NodeId node, long index, long hash) {
            Long known = hashes.putIfAbsent(index, hash);
            if (known != null && known != hash) {
                throw new Violation("equal entries make equal registries and sessions", node + " has another registry "
                    + "or other sessions than another node that has applied entry " + index);
            }
        }
    }

    /**
     * The registry's changes are numbered without a gap from the first one, each begins where the last one of its peer
     * has ended, all nodes make the same ones, and what they say of processes can be: only one that was started is
     * there, and none after one that was started later.
     */
    static final class RegistryIsTold {

        private static final class Reader {
            private final Map<NodeId, PeerStatus> statuses = new TreeMap<>();
            private long number;
        }

        /** Every change that any node has made. */
        private final TreeMap<Long, PeerEvent> agreed = new TreeMap<>();
        private final Map<NodeId, Reader> readers = new HashMap<>();
        private final Map<NodeId, TreeSet<Long>> incarnations = new HashMap<>();
        private final Map<NodeId, Long> latest = new HashMap<>();

        /** A process with an empty registry. */
        void started(NodeId node, long incarnation) {
            readers.put(node, new Reader());
            incarnations.computeIfAbsent(node, fresh -> new TreeSet<>()).add(incarnation);
        }

        void restored(NodeId node, long number) {
            Reader reader = new Reader();
            reader.number = number;
            if (number > 0 && !agreed.containsKey(number)) {
                throw new Violation("a snapshot has what the registry told", node + " restores change " + number
                    + ", which no node has made; the last one is " + agreed.lastEntry());
            }
            agreed.headMap(number, true).values().forEach(event ->
                reader.statuses.put(event.peer().id(), event.peer().status()));
            readers.put(node, reader);
        }

        void changed(NodeId node, List<PeerEvent> changes) {
            Reader reader = readers.get(node);
            for (PeerEvent event : changes) {
                PeerStatus before = reader.statuses.put(event.peer().id(), event.peer().status());
                if (event.number() != reader.number + 1
                    || event.previous() != (before == null ? PeerStatus.UNKNOWN : before)) {
                    throw new Violation("the registry tells every change once", node + " tells " + event
                        + " after number " + reader.number + " and status " + before);
                }
                reader.number = event.number();
                PeerEvent other = agreed.putIfAbsent(event.number(), event);
                if (other == null) {
                    isTrue(event);
                } else if (!other.equals(event)) {
                    throw new Violation("all registries tell the same", node + " tells " + event
                        + ", another node tells " + other);
                }
            }
        }

        private void isTrue(PeerEvent event) {
            NodeId peer = event.peer().id();
            long incarnation = event.peer().incarnation();
            if (event.peer().status() == PeerStatus.ONLINE
                && !incarnations.getOrDefault(peer, new TreeSet<>()).contains(incarnation)) {
                throw new Violation("who is online was started", event + ", started were "
                    + incarnations.get(peer));
            }
            if (incarnation < latest.getOrDefault(peer, 0L)) {
                throw new Violation("a process is not followed by an earlier one", event + " after incarnation "
                    + latest.get(peer));
            }
            latest.put(peer, incarnation);
        }
    }
}
