package io.quorate.raft.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.storage.StorageRefusedException.Reason;
import io.quorate.spi.storage.StorageRefusedException;
import io.quorate.testing.disk.SimulatedDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Damage to what was durable is refused, with file and offset, or does no harm; it never passes for an empty or
 * shorter log.
 */
final class DamageTest {

    private static final Path LOG = Stores.ROOT.resolve(DataFiles.LOG);

    private final SimulatedDisk disk = Stores.newDisk();
    private final List<LogEntry> log = new ArrayList<>();
    private FileLogStore store;

    /** Three segments; syncs between batches, so that there are marks. */
    @BeforeEach
    void fill() throws IOException {
        store = Stores.open(disk);
        store.saveHardState(Stores.state(3, "n2"));
        long term = 1;
        while (disk.list(LOG).stream().filter(name -> name.endsWith(DataFiles.SEGMENT_SUFFIX)).count() < 3
            || log.size() % 9 != 0) {
            List<LogEntry> batch = Stores.entries(term, log.size() + 1, 3, 40);
            store.append(batch);
            store.sync();
            log.addAll(batch);
            term = Math.min(3, term + log.size() % 2);
        }
    }

    private Path segment(int number) {
        List<String> names = disk.list(LOG).stream().filter(name -> DataFiles.baseIndexOf(name) > 0).toList();
        return LOG.resolve(names.get(number));
    }

    private static StorageRefusedException refused(SimulatedDisk disk, Reason reason) {
        StorageRefusedException refusal = assertThrows(StorageRefusedException.class, () -> Stores.open(disk));
        assertEquals(reason, refusal.reason());
        return refusal;
    }

    @Test
    void no_flipped_bit_anywhere_changes_what_a_closed_store_reads() throws IOException {
        store.close();
        int refusals = 0;
        for (Path path : disk.files()) {
            for (int at = 0; at < disk.content(path).length; at++) {
                SimulatedDisk damaged = disk.afterKill();
                damaged.flipBit(path, at, at % 8);
                try (FileLogStore found = Stores.open(damaged)) {
                    assertEquals(log.size(), found.lastIndex(), path + " at " + at);
                    assertEquals(log, Stores.readAll(found), path + " at " + at);
                    assertEquals(Stores.state(3, "n2"), found.hardState(), path + " at " + at);
                    assertEquals(Stores.BOOTSTRAP, found.bootstrap(), path + " at " + at);
                } catch (StorageRefusedException e) {
                    refusals++;
                    assertTrue(e.getMessage().contains(path.toString()) || e.getMessage().contains(LOG.toString()),
                        e.getMessage());
                    assertTrue(e.getMessage().contains("found") && e.getMessage().contains("expected"), e.getMessage());
                }
            }
        }
        assertTrue(refusals > log.stream().mapToInt(entry -> entry.encoded().length()).sum(), "found " + refusals);
    }

    @Test
    void without_a_close_only_the_last_synced_batch_can_be_taken_for_torn() throws IOException {
        int lastBatchBytes = log.subList(log.size() - 3, log.size()).stream()
            .mapToInt(entry -> entry.encoded().length()).sum();
        Path last = segment(2);
        int end = endOf(last);
        for (int at = 0; at < end; at++) {
            SimulatedDisk damaged = disk.afterKill();
            damaged.flipBit(last, at, at % 8);
            try (FileLogStore found = Stores.open(damaged)) {
                assertTrue(at >= end - lastBatchBytes - SegmentMark.BYTES, "accepted damage at " + at + " of " + end);
                assertTrue(found.lastIndex() >= log.size() - 3, "lost too much at " + at);
                assertEquals(log.subList(0, (int) found.lastIndex()), Stores.readAll(found));
                assertTrue(found.report().tornTailBytes() > 0 || found.lastIndex() == log.size());
            } catch (StorageRefusedException e) {
                assertEquals(Reason.DAMAGED, e.reason());
                assertTrue(e.getMessage().contains(last.toString()), e.getMessage());
            }
        }
    }

    /** A later build has written it: no damage, and nothing to skip. */
    @Test
    void an_entry_of_a_type_that_this_build_does_not_know_is_neither_cut_nor_skipped() throws IOException {
        long index = log.size() + 1;
        byte[] record = Stores.entry(3, index, 40).encoded().toByteArray();
        Stores.CODEC.putHeader(record, 3, index, 99);
        store.append(List.of(new LogEntry(3, index, EntryType.COMMANDS, Bytes.wrap(record))));
        for (boolean synced : new boolean[] {false, true}) {
            if (synced) {
                store.sync();
            }
            SimulatedDisk left = disk.afterKill();
            StorageRefusedException refusal = refused(left, Reason.NEWER_FORMAT);
            assertTrue(refusal.getMessage().contains("found entry " + index + " of term 3 with the type 99")
                && refusal.getMessage().contains("a later build"), refusal.getMessage());
            assertEquals(refusal.getMessage(), refused(left.afterKill(), Reason.NEWER_FORMAT).getMessage());
        }
    }

    private int endOf(Path path) {
        byte[] content = disk.content(path);
        int end = content.length;
        while (content[end - 1] == 0) {
            end--;
        }
        return end;
    }

    @Test
    void once_settled_the_last_batch_is_not_taken_for_torn_either() throws IOException {
        store.settle();
        disk.flipBit(segment(2), endOf(segment(2)) - 10, 3);
        StorageRefusedException refusal = refused(disk.afterKill(), Reason.DAMAGED);
        assertTrue(refusal.getMessage().contains("had been made durable"), refusal.getMessage());
    }

    @Test
    void what_was_never_synced_is_cut_even_if_later_entries_of_the_same_write_are_whole() throws IOException {
        int before = endOf(segment(2));
        store.append(Stores.entries(3, log.size() + 1, 3, 40));
        disk.flipBit(segment(2), before + SegmentMark.BYTES + 30, 1);
        try (FileLogStore found = Stores.open(disk.afterKill())) {
            assertEquals(log.size(), found.lastIndex());
            assertTrue(found.report().tornTailBytes() > 0);
            assertEquals(1, found.report().repairs().size());
        }
    }

    @Test
    void missing_segments_are_refused() throws IOException {
        store.close();
        for (int i = 0; i < 3; i++) {
            SimulatedDisk damaged = disk.afterKill();
            damaged.delete(segment(i));
            refused(damaged, Reason.DAMAGED);
        }
    }

    @Test
    void a_segment_moved_to_another_place_is_refused() throws IOException {
        store.close();
        disk.rename(segment(2), LOG.resolve(DataFiles.segmentName(1000)));
        refused(disk.afterKill(), Reason.DAMAGED);
    }

    @Test
    void one_damaged_copy_of_the_vote_is_restored_and_two_are_refused() throws IOException {
        store.close();
        Path a = Stores.ROOT.resolve(DataFiles.STATE_A);
        Path b = Stores.ROOT.resolve(DataFiles.STATE_B);
        for (Path path : List.of(a, b)) {
            SimulatedDisk damaged = disk.afterKill();
            damaged.flipBit(path, 60, 0);
            try (FileLogStore found = Stores.open(damaged)) {
                assertEquals(Stores.state(3, "n2"), found.hardState());
                assertEquals(1, found.report().repairs().size());
            }
            damaged.delete(path);
            try (FileLogStore found = Stores.open(damaged)) {
                assertEquals(Stores.state(3, "n2"), found.hardState());
            }
        }
        disk.flipBit(a, 20, 0);
        disk.flipBit(b, 20, 0);
        assertTrue(refused(disk.afterKill(), Reason.DAMAGED).getMessage().contains("state-a"));
    }

    @Test
    void a_hard_state_older_than_the_log_is_refused() throws IOException {
        store.close();
        byte[] initial = StateFile.initial(Stores.CODEC.seed());
        for (String name : List.of(DataFiles.STATE_A, DataFiles.STATE_B)) {
            System.arraycopy(initial, 0, disk.content(Stores.ROOT.resolve(name)), 0, initial.length);
        }
        assertTrue(refused(disk, Reason.DAMAGED).getMessage().contains("older than the log"));
    }

    @Test
    void a_directory_that_lost_its_version_is_not_made_anew() throws IOException {
        store.close();
        disk.delete(Stores.ROOT.resolve(DataFiles.VERSION));
        refused(disk.afterKill(), Reason.DAMAGED);
        disk.delete(Stores.ROOT.resolve(DataFiles.STATE_A));
        disk.delete(Stores.ROOT.resolve(DataFiles.STATE_B));
        refused(disk.afterKill(), Reason.DAMAGED);
    }

    @Test
    void a_missing_bootstrap_is_refused_by_name() throws IOException {
        store.close();
        disk.delete(Stores.ROOT.resolve(DataFiles.BOOTSTRAP));
        assertTrue(refused(disk.afterKill(), Reason.DAMAGED).getMessage().contains(DataFiles.BOOTSTRAP));
    }

    @Test
    void a_slot_that_no_save_can_have_written_is_none_although_its_checksum_is_right() throws IOException {
        store.close();
        for (int voteBytes : new int[] {1, 75, 76, 200, 255}) {
            for (int term : new int[] {3, -1}) {
                SimulatedDisk forged = disk.afterKill();
                byte[] slot = forged.content(Stores.ROOT.resolve(DataFiles.STATE_A));
                ByteBuffer.wrap(slot).putLong(24, term).put(48, (byte) voteBytes).put(49, (byte) '!');
                CRC32C crc = new CRC32C();
                crc.update(slot, 0, StateFile.SLOT_BYTES - Integer.BYTES);
                ByteBuffer.wrap(slot).putInt(StateFile.SLOT_BYTES - Integer.BYTES, (int) crc.getValue());
                try (FileLogStore found = Stores.open(forged)) {
                    assertEquals(Stores.state(3, "n2"), found.hardState());
                    assertEquals(1, found.report().repairs().size());
                }
            }
        }
    }

    @Test
    void a_mark_of_a_sync_beyond_itself_is_refused() throws IOException {
        store.close();
        Path last = segment(2);
        for (long offset : new long[] {-1, 0, SegmentHeader.BYTES - 1, 1 << 20, 1L << 31, 1L << 40, Long.MAX_VALUE}) {
            SimulatedDisk forged = disk.afterKill();
            byte[] content = forged.content(last);
            int at = SegmentHeader.BYTES;
            while (!SegmentMark.isAt(content, at, EntryCodec.lengthAt(content, at) + EntryCodec.BODY_AT)) {
                at += EntryCodec.lengthAt(content, at) + EntryCodec.BODY_AT;
            }
            byte[] mark = Arrays.copyOfRange(content, at, at + SegmentMark.BYTES);
            ByteBuffer.wrap(mark).putLong(EntryCodec.HEADER_BYTES, offset);
            Stores.CODEC.putHeader(mark, EntryCodec.termAt(mark, 0), EntryCodec.indexAt(mark, 0), SegmentMark.TYPE);
            System.arraycopy(mark, 0, content, at, mark.length);
            assertTrue(refused(forged, Reason.DAMAGED).getMessage().contains(last + " at offset " + at));
        }
    }

    @Test
    void a_damaged_entry_is_never_read() throws IOException {
        Path first = segment(0);
        disk.flipBit(first, SegmentHeader.BYTES + EntryCodec.HEADER_BYTES + 5, 2);
        IOException failure = assertThrows(IOException.class, () -> store.read(1, 3, 1000));
        assertTrue(failure.getMessage().contains(first + " at offset " + SegmentHeader.BYTES), failure.getMessage());
        assertEquals(log.subList(3, 4), store.read(4, 4, 1000));
        assertThrows(IOException.class, () -> store.truncateFrom(1));
        assertThrows(IOException.class, () -> store.sync(), "a truncation that does not know what it cuts is final");
    }
}
