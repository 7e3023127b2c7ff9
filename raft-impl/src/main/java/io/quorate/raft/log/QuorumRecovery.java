package io.quorate.raft.log;

import io.quorate.api.LogIndex;
import io.quorate.api.NodeId;
import io.quorate.api.Term;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.StorageRecovery;
import io.quorate.spi.consensus.StorageReport;
import io.quorate.spi.storage.Disk;
import io.quorate.spi.storage.StorageRefusedException.Reason;
import io.quorate.spi.storage.StorageRefusedException;
import io.quorate.spi.transport.Endpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;

/**
 * Makes the log of one node the truth, after the majority of the voters is lost for ever: see
 * {@link io.quorate.spi.consensus.StorageInspector#recover}.
 */
public final class QuorumRecovery {

    private final Disk disk;
    private final Path directory;
    private final StorageReport.Owner owner;
    private final Membership before;
    private final Membership after;
    private final StorageReport report;

    private QuorumRecovery(Disk disk, StorageReport report, Membership before, Membership after) {
        this.disk = disk;
        this.directory = report.directory();
        this.owner = report.owner().orElseThrow();
        this.report = report;
        this.before = before;
        this.after = after;
    }

    /** Checks everything and changes nothing; parameters and exceptions as for the inspector's methods. */
    public static QuorumRecovery plan(Disk disk, Path directory, SortedSet<NodeId> keep,
        SortedMap<NodeId, List<Endpoint>> endpoints) throws IOException {
        StorageReport report = Inspection.of(disk, directory);
        if (report.inUseBy().isPresent()) {
            throw new StorageRefusedException(Reason.IN_USE, directory + ": found the data directory in use by "
                + report.inUseBy().get() + ", expected it free. Stop that node first.");
        }
        Optional<StorageReport.Finding> damage = report.findings().stream()
            .filter(finding -> finding.severity() == StorageReport.Severity.DAMAGE).findFirst();
        if (damage.isPresent()) {
            throw StorageRefusedException.damaged(damage.get().where(), damage.get().found(),
                damage.get().expected());
        }
        if (report.owner().isEmpty() || report.configuration().isEmpty()) {
            throw StorageRefusedException.damaged(directory.toString(), "no data of a node",
                "the directory of a node that has run");
        }
        Membership before = report.configuration().get().membership();
        Membership after = after(report, before, keep, endpoints);
        if (before.members().equals(after.members()) && before.endpoints().equals(after.endpoints())) {
            // Once more would only make a further epoch, which shuts out those that have joined since.
            throw new StorageRefusedException(Reason.NOT_NEEDED, directory + ": found " + keep.first()
                + " to be the only voter and the only member already, in epoch " + before.epoch()
                + ", expected a majority that is lost. Nothing was changed. Start the node: it leads by itself.");
        }
        return new QuorumRecovery(disk, report, before, after);
    }

    private static Membership after(StorageReport report, Membership before, SortedSet<NodeId> keep,
        SortedMap<NodeId, List<Endpoint>> endpoints) {
        NodeId self = report.owner().orElseThrow().node();
        if (!keep.contains(self)) {
            throw new IllegalArgumentException("found " + keep + " to keep, expected " + self
                + " among them, whose directory this is");
        }
        if (keep.size() > 1) {
            // Another one's data are of the old epoch, so it would be refused with them; and without data it would
            // either not vote, and the two would stand still, or vote for whoever asks first.
            throw new IllegalArgumentException("found " + keep + " to keep, expected " + self + " alone; give the "
                + "others empty directories, let them join, and add them when " + self + " leads");
        }
        if (!keep.containsAll(endpoints.keySet())) {
            throw new IllegalArgumentException("found endpoints of " + endpoints.keySet() + ", expected only of "
                + keep);
        }
        TreeMap<NodeId, List<Endpoint>> places = new TreeMap<>();
        for (NodeId node : keep) {
            List<Endpoint> known = Optional.ofNullable(endpoints.get(node))
                .or(() -> Optional.ofNullable(before.endpoints().get(node))).orElse(List.of());
            if (known.isEmpty()) {
                throw new IllegalArgumentException("found no endpoint of " + node
                    + ", expected one in the configuration in force or beside it");
            }
            places.put(node, known);
        }
        TreeMap<NodeId, Long> stores = new TreeMap<>();
        stores.put(self, report.owner().orElseThrow().store());
        return new Membership(before.epoch() + 1, keep, new TreeSet<>(), new TreeSet<>(), new TreeSet<>(), places,
            stores, before.features());
    }

    /** What it will be. */
    public StorageRecovery planned() {
        StorageReport.Log log = report.log().orElseThrow();
        return described(log.lastIndex(), log.lastTerm(), newTerm(report.hardState().orElseThrow().term()));
    }

    private static Term newTerm(Term saved) {
        return new Term(saved.value() + 1);
    }

    private StorageRecovery described(LogIndex lastIndex, Term lastTerm, Term newTerm) {
        LogIndex certain = report.snapshots().stream().filter(StorageReport.Snapshot::whole)
            .map(StorageReport.Snapshot::index).max(LogIndex::compareTo).orElse(LogIndex.ZERO);
        return new StorageRecovery(owner.cluster(), owner.node(), before, after, certain, lastIndex, lastTerm, newTerm);
    }

    /**
     * Does it. The node votes for itself in the new term, as the leader of that term would have: so nobody else can
     * ever have been elected in it, and its one entry has no rival.
     */
    public StorageRecovery perform() throws IOException {
        StorageOptions options = new StorageOptions(directory, owner.cluster(), owner.node(), before, owner.created(),
            RandomGenerator.getDefault()::nextLong);
        try (FileLogStore store = FileLogStore.open(disk, options, Runnable::run)) {
            LogIndex lastIndex = new LogIndex(store.lastIndex());
            Term lastTerm = new Term(store.terms().lastTerm());
            Term term = newTerm(store.hardState().term());
            LogEntry entry = new EntryCodec(owner.cluster()).encode(term.value(), store.lastIndex() + 1,
                EntryType.CONFIGURATION, List.of(after.encode()));
            store.saveHardState(new HardState(term, Optional.of(owner.node())));
            store.append(List.of(entry));
            store.sync();
            store.settle();
            return described(lastIndex, lastTerm, term);
        }
    }
}
