package io.quorate.registry.directory;

import io.quorate.api.Bytes;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.api.Peer;
import io.quorate.api.PeerChanges;
import io.quorate.api.PeerEvent;
import io.quorate.api.PeerStatus;
import io.quorate.api.Term;
import io.quorate.spi.consensus.StateWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import java.util.zip.CheckedOutputStream;

/**
 * The registry as the log tells it: the same on every node that has applied the same entries.
 *
 * <p><b>What is a no-op.</b> A change whose epoch is older than the record's, whose revision is not the record's (it
 * was decided on something that is no longer so), which says that another incarnation than the record's has gone, or
 * which says nothing new. A no-op takes no number and is told to nobody.
 *
 * <p><b>What is kept.</b> For the same incarnation everything that the change does not know. For a new one the
 * endpoints: where a node was is the best guess of where it is, and losing them on the way would leave it unreachable.
 * Its certificate and version are those of another process, and become unknown.
 *
 * <p><b>Threading.</b> {@link #snapshot} may be read from any thread, everything else belongs to the apply thread.
 */
public final class RegistryState {

    private final ArrayDeque<PeerEvent> history = new ArrayDeque<>();
    private final int maxHistory;
    private volatile RegistrySnapshot snapshot = RegistrySnapshot.EMPTY;
    /** What {@link #hash} was computed of: with each change there is another snapshot. */
    private RegistrySnapshot hashed;
    private int hash;

    public RegistryState() {
        this(DirectoryLimits.MAX_HISTORY_EVENTS);
    }

    RegistryState(int maxHistory) {
        this.maxHistory = maxHistory;
    }

    /** The present state. */
    public RegistrySnapshot snapshot() {
        return snapshot;
    }

    /**
     * Applies an entry's payload.
     *
     * @return the changes that it made, numbered on from the last one
     * @throws MalformedBytesException if it is no proposal. It is committed, so every node finds the same: a broken
     *     invariant.
     */
    public List<PeerEvent> apply(Bytes payload) throws MalformedBytesException {
        RegistryProposal proposal = RegistryProposal.decode(payload);
        SortedMap<NodeId, RegistrySnapshot.Entry> records = new TreeMap<>(snapshot.records());
        List<PeerEvent> events = new ArrayList<>();
        for (PeerChange change : proposal.changes()) {
            RegistrySnapshot.Entry before = records.get(change.id());
            boolean full = before == null && records.size() >= DirectoryLimits.MAX_RECORDS;
            if (full || isStale(before, change, proposal.epoch())) {
                continue;
            }
            Peer after = merge(before == null ? null : before.peer(), change, proposal);
            if (before != null && saysNothingNew(before.peer(), after)) {
                continue;
            }
            records.put(change.id(), new RegistrySnapshot.Entry(after, change.revision() + 1));
            PeerStatus previous = before == null ? PeerStatus.UNKNOWN : before.peer().status();
            events.add(new PeerEvent(snapshot.number() + events.size() + 1, previous, after));
        }
        if (!events.isEmpty()) {
            for (PeerEvent event : events) {
                if (history.size() == maxHistory) {
                    history.removeFirst();
                }
                history.addLast(event);
            }
            snapshot = new RegistrySnapshot(snapshot.number() + events.size(), records);
        }
        return events;
    }

    /**
     * What has changed after {@code after}; empty if nothing has yet. A number from the future is one that another node
     * has given out and this one has not reached: its reader waits.
     *
     * @param maxEvents the most changes in one answer
     */
    public Optional<PeerChanges> changesAfter(long after, int maxEvents) {
        long last = snapshot.number();
        if (after >= last) {
            return Optional.empty();
        }
        if (history.isEmpty() || after + 1 < history.getFirst().number()) {
            return Optional.of(new PeerChanges(last, true, snapshot.peers(), List.of()));
        }
        List<PeerEvent> events = new ArrayList<>();
        long oldest = history.getFirst().number();
        Iterator<PeerEvent> from = history.stream().skip(after + 1 - oldest).iterator();
        while (from.hasNext() && events.size() < maxEvents) {
            events.add(from.next());
        }
        return Optional.of(new PeerChanges(after + events.size(), false, List.of(), events));
    }

    /** Freezes the registry: what is there now, whatever comes later. Copies a bounded list of references. */
    public StateWriter freeze() {
        RegistryStateCodec.State frozen = new RegistryStateCodec.State(snapshot, List.copyOf(history));
        return new StateWriter() {
            @Override
            public void write(OutputStream out) throws IOException {
                RegistryStateCodec.write(frozen, out);
            }

            @Override
            public void close() {
                // Nothing is kept but what this object refers to.
            }
        };
    }

    /** A checksum over the whole state; equal on all replicas at equal applied index. Apply thread. */
    public int hash() {
        if (hashed != snapshot) {
            CRC32C checksum = new CRC32C();
            try {
                RegistryStateCodec.write(new RegistryStateCodec.State(snapshot, List.copyOf(history)),
                    new CheckedOutputStream(OutputStream.nullOutputStream(), checksum));
            } catch (IOException e) {
                throw new UncheckedIOException("found an error where nothing is written", e);
            }
            hashed = snapshot;
            hash = (int) checksum.getValue();
        }
        return hash;
    }

    /** Replaces records, their revisions, and the changes that can be asked for one by one. */
    public void restore(InputStream in) throws IOException {
        RegistryStateCodec.State restored = RegistryStateCodec.read(in);
        history.clear();
        history.addAll(restored.history());
        while (history.size() > maxHistory) {
            history.removeFirst();
        }
        snapshot = restored.snapshot();
    }

    private static boolean isStale(RegistrySnapshot.Entry before, PeerChange change, Term epoch) {
        if (before == null) {
            return change.revision() != 0;
        }
        boolean saysGone = change.status() == PeerStatus.SUSPECT || change.status() == PeerStatus.OFFLINE;
        return change.revision() != before.revision()
            || epoch.compareTo(before.peer().observerTerm()) < 0
            || saysGone && change.incarnation() != before.peer().incarnation();
    }

    private static Peer merge(Peer before, PeerChange change, RegistryProposal proposal) {
        boolean sameProcess = before != null && before.incarnation() == change.incarnation();
        boolean sameStatus = sameProcess && before.status() == change.status();
        return new Peer(
            change.id(),
            change.incarnation(),
            change.status(),
            // A change of metadata alone gives no reason for a status that stays.
            sameStatus ? before.reason() : change.reason(),
            change.identity().or(() -> sameProcess ? before.identity() : Optional.empty()),
            change.fingerprint().or(() -> sameProcess ? before.certificateFingerprint() : Optional.empty()),
            change.endpoints().isEmpty() && before != null ? before.endpoints() : change.endpoints(),
            change.version().isEmpty() && sameProcess ? before.version() : change.version(),
            sameStatus ? before.since() : Instant.ofEpochMilli(proposal.wallMillis()),
            Optional.of(proposal.observer()),
            proposal.epoch());
    }

    private static boolean saysNothingNew(Peer before, Peer after) {
        return before.incarnation() == after.incarnation()
            && before.status() == after.status()
            && before.identity().equals(after.identity())
            && before.certificateFingerprint().equals(after.certificateFingerprint())
            && before.endpoints().equals(after.endpoints())
            && before.version().equals(after.version());
    }
}
