package io.quorate.raft.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.LogIndex;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.api.Term;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.StorageRecovery;
import io.quorate.spi.consensus.StorageReport.Severity;
import io.quorate.spi.consensus.StorageReport;
import io.quorate.spi.storage.StorageRefusedException.Reason;
import io.quorate.spi.storage.StorageRefusedException;
import io.quorate.spi.transport.Endpoint;
import io.quorate.testing.disk.PowerLossException;
import io.quorate.testing.disk.SimulatedDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A directory is looked into without a change; what a node would refuse is damage in the report, and nothing else. */
final class InspectionTest {

    private static final Membership THREE = Membership.ofVoters(Map.of(
        Stores.NODE, List.of(Endpoint.parse("tcp://h1:1")), new NodeId("n2"), List.of(Endpoint.parse("tcp://h2:1")),
        new NodeId("n3"), List.of(Endpoint.parse("tcp://h3:1"))));
    private static final SortedMap<NodeId, List<Endpoint>> NOWHERE = new TreeMap<>();

    private final SimulatedDisk disk = Stores.newDisk();
    private FileLogStore store;

    @BeforeEach
    void fill() throws IOException {
        store = Stores.open(disk);
        store.saveHardState(Stores.state(4, "n2"));
        store.append(List.of(Stores.CODEC.encode(3, 1, EntryType.CONFIGURATION, List.of(THREE.encode()))));
        for (int i = 2; i <= 40; i++) {
            store.append(Stores.entries(4, i, 1, 60));
        }
        store.sync();
        Snapshots.take(store, 10, 4);
        try (SnapshotWriter writer = store.snapshots().begin(30, 4, 1, THREE)) {
            writer.write(Snapshots.content(30));
            writer.commit();
        }
        store.releaseUntil(30);
    }

    private static StorageReport inspect(SimulatedDisk disk) throws IOException {
        List<Path> files = disk.files();
        long operations = disk.operations();
        StorageReport report = Inspection.of(disk, Stores.ROOT);
        assertEquals(operations, disk.operations(), "something was changed");
        assertEquals(files, disk.files());
        return report;
    }

    private static TreeSet<NodeId> nodes(String... ids) {
        TreeSet<NodeId> nodes = new TreeSet<>();
        List.of(ids).forEach(id -> nodes.add(new NodeId(id)));
        return nodes;
    }

    @Test
    void a_healthy_directory_is_described() throws IOException {
        assertEquals(Optional.of("somebody"), inspect(disk).inUseBy());
        long first = store.firstIndex();
        store.close();
        StorageReport report = inspect(disk);
        assertTrue(report.healthy(), report.toString());
        assertEquals(List.of(), report.findings());
        assertEquals(Optional.empty(), report.inUseBy());
        assertEquals(Stores.NODE, report.owner().orElseThrow().node());
        assertEquals(store.storeNumber(), report.owner().orElseThrow().store());
        assertEquals(new StorageReport.HardState(new Term(4), Optional.of(new NodeId("n2")), new LogIndex(40)),
            report.hardState().orElseThrow());
        assertEquals(List.of(10L, 30L), report.snapshots().stream().map(it -> it.index().value()).toList());
        StorageReport.Log log = report.log().orElseThrow();
        assertEquals(first, log.firstIndex().value());
        assertEquals(40, log.lastIndex().value());
        assertEquals(41 - first, log.byType().get("COMMANDS").entries());
        assertEquals((41 - first) * 85, log.byType().get("COMMANDS").bytes());
        assertEquals(new StorageReport.Configuration(new LogIndex(1), THREE), report.configuration().orElseThrow());
        assertEquals(first, report.segments().getFirst().firstIndex().value());
        assertEquals(40, report.segments().getLast().lastIndex().value());
    }

    @Test
    void the_report_is_healthy_just_when_a_node_would_start_without_a_word() throws IOException {
        store.close();
        int damaged = 0;
        int noted = 0;
        for (Path path : disk.files()) {
            if (path.endsWith(DataFiles.LOCK)) {
                continue;
            }
            for (int at = 0; at < disk.content(path).length; at += 3) {
                SimulatedDisk flipped = disk.afterKill();
                flipped.flipBit(path, at, at % 8);
                StorageReport report = inspect(flipped);
                boolean refused = false;
                List<String> repairs = List.of();
                try (FileLogStore found = Stores.open(flipped)) {
                    repairs = found.report().repairs();
                } catch (StorageRefusedException e) {
                    refused = true;
                }
                String where = path + " at " + at + ": " + report.findings();
                if (refused) {
                    damaged++;
                    assertFalse(report.healthy(), where);
                    StorageReport.Finding worst = report.findings().getFirst();
                    assertFalse(worst.found().isEmpty() || worst.expected().isEmpty() || worst.remedy().isEmpty(),
                        where);
                } else if (!repairs.isEmpty()) {
                    noted++;
                    assertFalse(report.findings().isEmpty(), where);
                } else if (!path.startsWith(Snapshots.DIRECTORY)) {
                    // Of an older snapshot a start reads the head alone; the inspection reads all.
                    assertEquals(List.of(), report.findings(), where);
                }
            }
        }
        assertTrue(damaged > 100 && noted > 20, "found " + damaged + " and " + noted);
    }

    @Test
    void what_a_start_deals_with_is_a_note() throws IOException {
        store.append(Stores.entries(4, 41, 3, 60));
        disk.flipBit(lastSegment(), endOfLast() - 20, 1);
        SnapshotWriter taking = store.snapshots().begin(35, 4, 1, THREE);
        taking.write(1);
        StorageReport report = inspect(disk.afterKill());
        assertTrue(report.healthy(), report.findings().toString());
        assertTrue(report.findings().stream().anyMatch(it -> it.found().contains("never acknowledged")),
            report.findings().toString());
        assertTrue(report.findings().stream().anyMatch(it -> it.found().contains("being taken")),
            report.findings().toString());
        assertTrue(report.findings().stream().allMatch(it -> it.severity() == Severity.NOTE));
    }

    @Test
    void all_damage_is_told_and_not_only_the_first() throws IOException {
        store.close();
        List<StorageReport.Segment> segments = inspect(disk).segments();
        assertEquals(2, segments.size(), segments.toString());
        SimulatedDisk flipped = disk.afterKill();
        // A payload, a length, and the last payload of a segment; the records between them are whole.
        List<String> struck = new ArrayList<>();
        struck.add(flip(flipped, segments.get(0), 0, EntryCodec.HEADER_BYTES + 5));
        struck.add(flip(flipped, segments.get(0), 3, 1));
        struck.add(flip(flipped, segments.get(0), -1, EntryCodec.HEADER_BYTES + 5));
        struck.add(flip(flipped, segments.getLast(), 0, EntryCodec.HEADER_BYTES + 5));
        assertEquals(struck, inspect(flipped).findings().stream().filter(it -> it.severity() == Severity.DAMAGE)
            .map(StorageReport.Finding::where).toList());
    }

    /** Flips a bit of an entry, counted from the first or, if negative, from behind; returns where it begins. */
    private String flip(SimulatedDisk flipped, StorageReport.Segment segment, int entry, int offset) {
        Path path = Stores.ROOT.resolve(DataFiles.LOG).resolve(segment.file());
        byte[] content = disk.content(path);
        List<Integer> entries = new ArrayList<>();
        for (int at = SegmentHeader.BYTES; at < segment.usedBytes();) {
            int size = EntryCodec.lengthAt(content, at) + EntryCodec.BODY_AT;
            if (!SegmentMark.isAt(content, at, size)) {
                entries.add(at);
            }
            at += size;
        }
        int at = entries.get(Math.floorMod(entry, entries.size()));
        flipped.flipBit(path, at + offset, 3);
        return path + " at offset " + at;
    }

    private Path lastSegment() {
        Path log = Stores.ROOT.resolve(DataFiles.LOG);
        return log.resolve(disk.list(log).stream().filter(name -> DataFiles.baseIndexOf(name) > 0).toList().getLast());
    }

    private int endOfLast() {
        byte[] content = disk.content(lastSegment());
        int end = content.length;
        while (content[end - 1] == 0) {
            end--;
        }
        return end;
    }

    @Test
    void what_is_no_data_directory_is_said_to_be_none() throws IOException {
        SimulatedDisk empty = Stores.newDisk();
        assertTrue(inspect(empty).healthy());
        assertTrue(inspect(empty).owner().isEmpty());
        empty.create(Stores.ROOT.resolve("holiday.jpg")).close();
        assertFalse(inspect(empty).healthy());
        assertTrue(inspect(empty).findings().getFirst().found().contains("holiday.jpg"));
    }

    @Test
    void a_recovery_is_planned_without_a_change_and_then_done() throws IOException, MalformedBytesException {
        store.close();
        QuorumRecovery recovery = QuorumRecovery.plan(disk, Stores.ROOT, nodes("n1"), NOWHERE);
        long operations = disk.operations();
        StorageRecovery planned = recovery.planned();
        assertEquals(operations, disk.operations());
        assertEquals(new LogIndex(40), planned.lastIndex());
        assertEquals(new LogIndex(30), planned.certainIndex());
        assertEquals(new Term(4), planned.lastTerm());
        assertEquals(THREE, planned.before());
        assertEquals(planned, recovery.perform());

        FileLogStore found = Stores.open(disk.afterPowerLossKeepingUpTo(0));
        assertEquals(Stores.state(5, "n1"), found.hardState());
        assertEquals(41, found.lastIndex());
        assertEquals(5, found.termAt(41));
        Membership after = Membership.decode(found.configurations().getLast().payload());
        assertEquals(planned.after(), after);
        assertEquals(nodes("n1"), after.voters());
        assertEquals(2, after.epoch());
        assertEquals(Map.of(Stores.NODE, List.of(Endpoint.parse("tcp://h1:1"))), after.endpoints());
        assertEquals(Map.of(Stores.NODE, store.storeNumber()), after.stores());
        assertFalse(after.isJoint());
        assertEquals(Stores.entry(4, 40, 60), found.read(40, 40, 1).getFirst(), "what may be agreed on is kept");
    }

    @Test
    void a_recovery_keeps_its_own_node_alone_and_names_its_new_place() throws IOException {
        store.close();
        List<Endpoint> place = List.of(Endpoint.parse("tcp://h9:1"));
        SortedMap<NodeId, List<Endpoint>> own = new TreeMap<>(Map.of(Stores.NODE, place));
        Membership after = QuorumRecovery.plan(disk, Stores.ROOT, nodes("n1"), own).planned().after();
        assertEquals(own, after.endpoints());
        for (String[] keep : List.of(new String[] {"n2"}, new String[] {"n1", "n2"})) {
            assertThrows(IllegalArgumentException.class,
                () -> QuorumRecovery.plan(disk, Stores.ROOT, nodes(keep), NOWHERE));
        }
        SortedMap<NodeId, List<Endpoint>> another = new TreeMap<>(Map.of(new NodeId("n9"), place));
        assertThrows(IllegalArgumentException.class,
            () -> QuorumRecovery.plan(disk, Stores.ROOT, nodes("n1"), another));
    }

    @Test
    void a_recovery_is_refused_on_a_running_node_and_on_damage() throws IOException {
        StorageRefusedException running = assertThrows(StorageRefusedException.class,
            () -> QuorumRecovery.plan(disk, Stores.ROOT, nodes("n1"), NOWHERE));
        assertEquals(Reason.IN_USE, running.reason());
        store.close();
        SimulatedDisk damaged = disk.afterKill();
        damaged.flipBit(lastSegment(), 100, 1);
        StorageRefusedException refusal = assertThrows(StorageRefusedException.class,
            () -> QuorumRecovery.plan(damaged, Stores.ROOT, nodes("n1"), NOWHERE));
        assertEquals(Reason.DAMAGED, refusal.reason());
        assertThrows(StorageRefusedException.class,
            () -> QuorumRecovery.plan(Stores.newDisk(), Stores.ROOT, nodes("n1"), NOWHERE));
    }

    @Test
    void a_recovery_that_a_crash_interrupts_has_happened_or_not_and_can_be_repeated()
            throws IOException, MalformedBytesException {
        store.close();
        for (long at = 1; at <= 40; at++) {
            SimulatedDisk crashing = disk.afterKill().crashAt(at);
            try {
                QuorumRecovery.plan(crashing, Stores.ROOT, nodes("n1"), NOWHERE).perform();
            } catch (PowerLossException expected) {
                assertTrue(crashing.dead());
            }
            SimulatedDisk left = crashing.afterPowerLoss(new Random(at));
            Membership found = inspect(left).configuration().orElseThrow().membership();
            assertTrue(found.equals(THREE) || found.epoch() == 2 && found.voters().equals(nodes("n1")), "at " + at);
            if (found.equals(THREE)) {
                assertEquals(2, QuorumRecovery.plan(left, Stores.ROOT, nodes("n1"), NOWHERE).perform().after().epoch());
            }
            assertEquals(Reason.NOT_NEEDED, assertThrows(StorageRefusedException.class,
                () -> QuorumRecovery.plan(left, Stores.ROOT, nodes("n1"), NOWHERE)).reason());
            try (FileLogStore whole = Stores.open(left)) {
                assertEquals(2, Membership.decode(whole.configurations().getLast().payload()).epoch(), "at " + at);
            }
        }
    }
}
