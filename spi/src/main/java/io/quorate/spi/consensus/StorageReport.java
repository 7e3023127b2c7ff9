package io.quorate.spi.consensus;

import io.quorate.api.ClusterId;
import io.quorate.api.LogIndex;
import io.quorate.api.NodeId;
import io.quorate.api.Term;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a data directory holds, as far as it can be read.
 *
 * @param directory where
 * @param inUseBy who has it, in words; empty if nobody does
 * @param owner whose it is
 * @param hardState term and vote
 * @param snapshots the oldest first
 * @param segments the files of the log, in order; up to the first damaged one
 * @param log what the log holds, up to the first damage
 * @param configuration the configuration in force, committed or not
 * @param findings what is wrong or worth knowing, the worst first
 */
public record StorageReport(
    Path directory,
    Optional<String> inUseBy,
    Optional<Owner> owner,
    Optional<HardState> hardState,
    List<Snapshot> snapshots,
    List<Segment> segments,
    Optional<Log> log,
    Optional<Configuration> configuration,
    List<Finding> findings) {

    public StorageReport {
        snapshots = List.copyOf(snapshots);
        segments = List.copyOf(segments);
        findings = List.copyOf(findings);
    }

    /** Whether nothing is damaged. */
    public boolean healthy() {
        return findings.stream().noneMatch(finding -> finding.severity() == Severity.DAMAGE);
    }

    /**
     * Whose directory it is.
     *
     * @param format the version of its formats
     * @param store the number of this very directory
     */
    public record Owner(int format, ClusterId cluster, NodeId node, long store, Instant created) {
    }

    /**
     * Term and vote.
     *
     * @param durableIndex entries up to here are noted as durable; those after it may be too
     */
    public record HardState(Term term, Optional<NodeId> votedFor, LogIndex durableIndex) {
    }

    /**
     * One snapshot.
     *
     * @param index the last entry that it stands for; 0 if that cannot be read
     * @param whole whether every byte of it is as it was written
     */
    public record Snapshot(String file, LogIndex index, Term term, long bytes, boolean whole) {
    }

    /**
     * One file of the log.
     *
     * @param firstIndex the entry that it begins with, or would
     * @param lastIndex its last entry; one before the first if it has none
     * @param usedBytes how much of the file is written
     */
    public record Segment(String file, LogIndex firstIndex, LogIndex lastIndex, long fileBytes, long usedBytes) {
    }

    /**
     * The log as a whole.
     *
     * @param firstIndex the first entry, or the one that it will be
     * @param lastIndex the last entry; one before the first if there is none
     * @param lastTerm the last entry's term
     * @param byType entries and bytes by type, by name
     */
    public record Log(LogIndex firstIndex, LogIndex lastIndex, Term lastTerm, SortedMap<String, Count> byType) {

        public Log {
            byType = Collections.unmodifiableSortedMap(new TreeMap<>(byType));
        }
    }

    /** So many entries, so many bytes. */
    public record Count(long entries, long bytes) {
    }

    /**
     * A configuration and where it is from.
     *
     * @param index its entry; 0 for that of the first start
     */
    public record Configuration(LogIndex index, Membership membership) {
    }

    /** How bad a finding is. */
    public enum Severity {
        /** A node does not start with it, or has lost something by it. */
        DAMAGE,
        /** A node deals with it by itself. */
        NOTE
    }

    /**
     * Something that is wrong or worth knowing.
     *
     * @param where file, and offset where there is one
     * @param remedy what to do
     */
    public record Finding(Severity severity, String where, String found, String expected, String remedy) {
    }
}
