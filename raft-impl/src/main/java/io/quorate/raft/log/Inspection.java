package io.quorate.raft.log;

import io.quorate.api.ClusterId;
import io.quorate.api.LogIndex;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.Term;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.StorageReport.Configuration;
import io.quorate.spi.consensus.StorageReport.Count;
import io.quorate.spi.consensus.StorageReport.Finding;
import io.quorate.spi.consensus.StorageReport.Severity;
import io.quorate.spi.consensus.StorageReport;
import io.quorate.spi.storage.Disk;
import io.quorate.spi.storage.StorageRefusedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Reads a data directory as a start of the node would, and reports instead of refusing and repairing. Changes nothing.
 *
 * <p>Used once, by one thread.
 */
public final class Inspection {

    private static final String REPLACE = "check the disk; then remove this node from the cluster and let it join anew "
        + "with an empty directory, or restore the directory from a copy that is not older than the node's last run";
    private static final String NOTHING = "nothing: the node deals with it when it starts";

    private final Disk disk;
    private final Path directory;
    private final List<Finding> findings = new ArrayList<>();
    private final List<StorageReport.Snapshot> snapshots = new ArrayList<>();
    private final List<StorageReport.Segment> segments = new ArrayList<>();
    private Optional<StorageReport.Owner> owner = Optional.empty();
    private Optional<StorageReport.HardState> hardState = Optional.empty();
    private Optional<StorageReport.Log> log = Optional.empty();
    private Optional<Configuration> configuration = Optional.empty();

    private interface Step {
        void run() throws IOException;
    }

    private Inspection(Disk disk, Path directory) {
        this.disk = disk;
        this.directory = directory;
    }

    /** @throws IOException if the directory cannot be read at all */
    public static StorageReport of(Disk disk, Path directory) throws IOException {
        Inspection inspection = new Inspection(disk, directory);
        Optional<String> holder = disk.holder(directory.resolve(DataFiles.LOCK));
        inspection.run();
        inspection.findings.sort(Comparator.comparing(Finding::severity));
        return new StorageReport(directory, holder, inspection.owner, inspection.hardState, inspection.snapshots,
            inspection.segments, inspection.log, inspection.configuration, inspection.findings);
    }

    private void run() throws IOException {
        List<String> names = disk.list(directory);
        if (!names.contains(DataFiles.VERSION)) {
            withoutVersion(names);
            return;
        }
        step(() -> {
            VersionFile version = VersionFile.read(disk, directory.resolve(DataFiles.VERSION));
            owner = Optional.of(new StorageReport.Owner(DataFiles.FORMAT, version.cluster(), version.node(),
                version.store(), version.created()));
        });
        if (owner.isPresent()) {
            // Without the cluster's name nothing else can be verified: it is in every checksum.
            readAll(new EntryCodec(owner.get().cluster()), owner.get().cluster());
        }
    }

    private void withoutVersion(List<String> names) {
        boolean used = names.stream().anyMatch(name -> !name.equals(DataFiles.LOCK));
        if (names.contains(DataFiles.MAKING) || !used) {
            findings.add(new Finding(Severity.NOTE, directory.toString(), used ? "a directory that was being made"
                : "an empty directory", "a node's data", "nothing, if no node has run here: its first start makes it"));
        } else {
            damage(directory.resolve(DataFiles.VERSION).toString(), "no such file, but " + String.join(", ", names),
                "this file, which is there from the first start on; is this a node's data directory?", REPLACE);
        }
    }

    private void readAll(EntryCodec codec, ClusterId cluster) {
        Membership[] bootstrap = new Membership[1];
        step(() -> bootstrap[0] = BootstrapFile.read(disk, directory.resolve(DataFiles.BOOTSTRAP), codec.seed()));
        StateFile.State[] state = new StateFile.State[1];
        step(() -> state[0] = readState(codec.seed()));
        SnapshotScan[] scan = new SnapshotScan[1];
        step(() -> scan[0] = readSnapshots(codec.seed()));
        if (state[0] == null) {
            return; // Where the log begins and how far it must reach is not known.
        }
        Path folder = directory.resolve(DataFiles.LOG);
        LogRecovery recovery = new LogRecovery(disk, codec, folder, state[0]);
        step(() -> {
            try {
                recovery.read();
                if (scan[0] != null) {
                    fitTogether(recovery, scan[0], state[0]);
                }
            } finally {
                report(recovery, state[0]);
            }
        });
        if (findings.stream().anyMatch(found -> isDamageIn(folder, found)) && !state[0].resetting()) {
            step(() -> surveyRest(new LogSurvey(disk, codec, folder, state[0]).run()));
        }
        configure(recovery.configurations(), scan[0], bootstrap[0]);
    }

    private static boolean isDamageIn(Path folder, Finding found) {
        return found.severity() == Severity.DAMAGE && found.where().startsWith(folder.toString());
    }

    /** The first damage is reported already, in the words with which a start refuses it. */
    private void surveyRest(List<StorageRefusedException.Damage> damages) {
        Set<String> known = findings.stream().map(Finding::where).collect(Collectors.toSet());
        damages.stream().filter(damage -> !known.contains(damage.where()))
            .forEach(damage -> damage(damage.where(), damage.found(), damage.expected(), REPLACE));
    }

    private StateFile.State readState(int seed) throws IOException {
        Path a = directory.resolve(DataFiles.STATE_A);
        Path b = directory.resolve(DataFiles.STATE_B);
        StateFile.State first = StateFile.peek(disk, a, seed);
        StateFile.State second = StateFile.peek(disk, b, seed);
        if (first == null && second == null) {
            throw StorageRefusedException.damaged(a + " and " + b,
                "neither a valid term and vote in the one nor in the other", "at least one");
        }
        if (first == null || second == null || first.sequence() != second.sequence()) {
            String which = first == null ? a.toString() : second == null ? b.toString() : a + " and " + b;
            note(which, first != null && second != null ? "two copies of different age, as after a crash within a save"
                : "no valid copy of term and vote", "two equal copies");
        }
        StateFile.State newest = second == null || first != null && first.sequence() >= second.sequence()
            ? first : second;
        hardState = Optional.of(new StorageReport.HardState(newest.hardState().term(), newest.hardState().votedFor(),
            new LogIndex(newest.durableIndex())));
        return newest;
    }

    private SnapshotScan readSnapshots(int seed) throws IOException {
        Path folder = directory.resolve(DataFiles.SNAPSHOTS);
        if (!disk.exists(folder)) {
            return SnapshotScan.read(disk, folder, seed);
        }
        for (String name : disk.list(folder)) {
            Path path = folder.resolve(name);
            if (name.endsWith(FileSnapshotStore.SUFFIX)) {
                readSnapshot(path, seed);
            } else if (name.endsWith(FileSnapshotStore.PART_SUFFIX)) {
                note(path.toString(), "a snapshot that was being received", "a whole one");
            } else if (name.equals(FileSnapshotStore.TAKING)) {
                note(path.toString(), "a snapshot that was being taken", "a whole one");
            } else if (name.endsWith(FileSnapshotStore.DAMAGED_SUFFIX)) {
                note(path.toString(), "a damaged snapshot that was set aside", "none");
            }
        }
        return SnapshotScan.read(disk, folder, seed);
    }

    private void readSnapshot(Path path, int seed) throws IOException {
        String name = path.getFileName().toString();
        long bytes;
        try (Disk.File file = disk.open(path)) {
            bytes = file.size();
        }
        try {
            SnapshotMeta meta = SnapshotScan.read(disk, path, seed, true).meta();
            snapshots.add(new StorageReport.Snapshot(name, new LogIndex(meta.index()), new Term(meta.term()), bytes,
                true));
        } catch (DamagedSnapshotException e) {
            snapshots.add(new StorageReport.Snapshot(name, LogIndex.ZERO, Term.ZERO, bytes, false));
            StorageRefusedException.Damage damage = e.refused().damage().orElseThrow();
            damage(damage.where(), damage.found(), damage.expected(), "if this is all that is damaged, start the node: "
                + "it goes on from an older snapshot if the log still reaches it, and refuses if not. Then "
                + REPLACE);
        }
    }

    /** Damage to a snapshot alone is reported where it is read; here, whether the log goes on from one. */
    private void fitTogether(LogRecovery recovery, SnapshotScan scan, StateFile.State state) throws IOException {
        boolean replaces;
        try {
            replaces = scan.replaces(recovery.terms(), state);
        } catch (StorageRefusedException e) {
            boolean reported = scan.damaged().stream()
                .anyMatch(each -> each.problem().refused().damage().equals(e.damage()));
            if (!reported) {
                throw e;
            }
            replaces = false;
        }
        if (replaces) {
            note(directory.resolve(DataFiles.LOG).toString(), "a log that a received snapshot replaces",
                "that it is replaced");
        }
    }

    private void report(LogRecovery recovery, StateFile.State state) {
        TermIndex terms = recovery.terms();
        List<Segment> found = recovery.segments();
        for (int i = 0; i < found.size(); i++) {
            Segment segment = found.get(i);
            long last = i + 1 < found.size() ? found.get(i + 1).baseIndex() - 1 : terms.lastIndex();
            segments.add(new StorageReport.Segment(segment.path().getFileName().toString(),
                new LogIndex(segment.baseIndex()), new LogIndex(last), segment.fileBytes(), segment.end()));
        }
        TreeMap<String, Count> byType = new TreeMap<>();
        recovery.counts().forEach((type, count) -> byType.put(type.name(), new Count(count[0], count[1])));
        log = Optional.of(new StorageReport.Log(new LogIndex(terms.firstIndex()), new LogIndex(terms.lastIndex()),
            new Term(terms.lastTerm()), byType));
        if (recovery.unfinishedBytes() > 0) {
            note(found.getLast().path() + " at offset " + found.getLast().end(), recovery.unfinishedBytes()
                + " bytes of a write that was interrupted and never acknowledged", "the end of the log");
        }
        if (state.cutFrom() > 0) {
            note(directory.resolve(DataFiles.LOG).toString(), "the removal of entries from " + state.cutFrom()
                + " on under way", "that it is finished");
        }
    }

    private void configure(List<LogEntry> entries, SnapshotScan scan, Membership bootstrap) {
        Optional<SnapshotMeta> snapshot = scan == null ? Optional.empty() : scan.newest();
        if (!entries.isEmpty() && entries.getLast().index() >= snapshot.map(SnapshotMeta::membershipIndex).orElse(0L)) {
            LogEntry last = entries.getLast();
            try {
                configuration = Optional.of(new Configuration(new LogIndex(last.index()),
                    Membership.decode(last.payload())));
            } catch (MalformedBytesException e) {
                damage("entry " + last.index(), e.getMessage(), "a configuration", REPLACE);
            }
        } else if (snapshot.isPresent()) {
            configuration = Optional.of(new Configuration(new LogIndex(snapshot.get().membershipIndex()),
                snapshot.get().membership()));
        } else if (bootstrap != null) {
            configuration = Optional.of(new Configuration(LogIndex.ZERO, bootstrap));
        }
    }

    private void step(Step step) {
        try {
            step.run();
        } catch (StorageRefusedException e) {
            Optional<StorageRefusedException.Damage> damage = e.damage();
            if (damage.isPresent()) {
                damage(damage.get().where(), damage.get().found(), damage.get().expected(), REPLACE);
            } else {
                damage(directory.toString(), e.getMessage(), "a directory that this version can read",
                    "see what was found");
            }
        } catch (IOException e) {
            damage(directory.toString(), "a file that cannot be read: " + e.getMessage(), "that it can",
                "check its permissions and the disk");
        }
    }

    private void damage(String where, String found, String expected, String remedy) {
        findings.add(new Finding(Severity.DAMAGE, where, found, expected, remedy));
    }

    private void note(String where, String found, String expected) {
        findings.add(new Finding(Severity.NOTE, where, found, expected, NOTHING));
    }
}
