package io.quorate.raft.log;

import io.quorate.api.NodeId;
import io.quorate.api.Term;
import io.quorate.spi.storage.Disk;
import io.quorate.spi.storage.StorageFullException;
import io.quorate.spi.storage.StorageRefusedException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * {@code state-a} and {@code state-b}: term and vote, and what the log needs to know about itself.
 *
 * <p>A save writes the older slot, syncs it, then the other one, and syncs that. At every moment one slot is whole, and
 * after a save both hold the newest state: so a torn write never loses the state before it, and damage to either
 * file never takes a vote back. One alternating slot would not give the latter: with its newest write damaged, the
 * node would wake with the older state and could vote again in a term in which it has voted (thesis §3.4).
 *
 * <p>Storage thread only.
 */
final class StateFile implements Closeable {

    /** Below a sector, so that even a torn write is most often whole. */
    static final int SLOT_BYTES = 128;

    /** Allocated in full at creation, so that saving a vote needs no room on a full disk. */
    static final int FILE_BYTES = 4096;

    private static final int MAGIC = 0x51535441; // "QSTA"
    private static final int VOTE_AT = 49;
    private static final int FIRST_INDEX_AT = 112;
    private static final int RESETTING = 1;
    private static final int CHECKSUM_AT = SLOT_BYTES - Integer.BYTES;

    /**
     * What a slot holds.
     *
     * @param sequence grows by one with each save
     * @param hardState term and vote
     * @param durableIndex entries up to this one were durable when this was saved, so they must be there
     * @param cutFrom if above 0, a truncation from this entry on is under way and must be finished
     * @param firstIndex the entry that the first segment begins with; what lies before it is released, and goes
     * @param resetting whether the whole log is being replaced by a snapshot of all before {@code firstIndex}
     */
    record State(long sequence, HardState hardState, long durableIndex, long cutFrom, long firstIndex,
        boolean resetting) {

        static final State INITIAL = new State(1, HardState.INITIAL, 0, 0, 1, false);

        State with(HardState next) {
            return new State(sequence + 1, next, durableIndex, cutFrom, firstIndex, resetting);
        }

        State with(long nextDurableIndex, long nextCutFrom) {
            return new State(sequence + 1, hardState, nextDurableIndex, nextCutFrom, firstIndex, resetting);
        }

        State released(long nextFirstIndex) {
            return new State(sequence + 1, hardState, durableIndex, cutFrom, nextFirstIndex, false);
        }

        /** A log of no entries that begins behind {@code snapshotIndex}. */
        State reset(long snapshotIndex, boolean underWay) {
            return new State(sequence + 1, hardState, snapshotIndex, 0, snapshotIndex + 1, underWay);
        }
    }

    private final int seed;
    private final List<Slot> slots;
    private final boolean repaired;
    private volatile State current;

    private record Slot(Path path, Disk.File file) {
    }

    private StateFile(int seed, List<Slot> slots, State current, boolean repaired) {
        this.seed = seed;
        this.slots = slots;
        this.current = current;
        this.repaired = repaired;
    }

    static byte[] initial(int seed) {
        byte[] content = new byte[FILE_BYTES];
        System.arraycopy(encode(seed, State.INITIAL), 0, content, 0, SLOT_BYTES);
        return content;
    }

    /**
     * Reads both slots; the newest valid one is the state, and is written to both.
     *
     * @throws StorageRefusedException if neither is valid: the node may have voted, and does not know
     */
    static StateFile open(Disk disk, Path directory, int seed) throws IOException {
        List<Path> paths = List.of(directory.resolve(DataFiles.STATE_A), directory.resolve(DataFiles.STATE_B));
        State[] found = {peek(disk, paths.get(0), seed), peek(disk, paths.get(1), seed)};
        if (found[0] == null && found[1] == null) {
            throw StorageRefusedException.damaged(paths.get(0) + " and " + paths.get(1),
                "neither a valid term and vote in the one nor in the other", "at least one");
        }
        int newest = found[1] == null || found[0] != null && found[0].sequence >= found[1].sequence ? 0 : 1;
        boolean same = found[1 - newest] != null && found[1 - newest].sequence == found[newest].sequence;
        Slot newer = slot(disk, paths.get(newest));
        try {
            Slot older = slot(disk, paths.get(1 - newest));
            StateFile file = new StateFile(seed, List.of(older, newer), found[newest], !same);
            file.settleBoth();
            return file;
        } catch (IOException | RuntimeException e) {
            newer.file.close();
            throw e;
        }
    }

    /**
     * Makes both slots hold what was read. What can be read need not be on the disk: a process that was killed
     * between write and fsync leaves it in the kernel's memory. If a save then began with the wrong slot, a power
     * failure could tear that one, forget the other, and take the vote back. So first the slot that was read is
     * written over itself, which a tear cannot harm and which reaches the disk even if the kernel believes that it
     * has; until then the other one stands.
     */
    private void settleBoth() throws IOException {
        byte[] encoded = encode(seed, current);
        write(slots.get(1), encoded);
        write(slots.get(0), encoded);
    }

    /** Opens a slot, and makes it anew if it is missing: the other one holds the state. */
    private static Slot slot(Disk disk, Path path) throws IOException {
        return new Slot(path, disk.exists(path) ? disk.open(path) : disk.create(path));
    }

    /** The state in one slot, or null if it holds none that is valid. */
    static State peek(Disk disk, Path path, int seed) throws IOException {
        if (!disk.exists(path)) {
            return null;
        }
        byte[] slot = DataFiles.readAll(disk, path, SLOT_BYTES);
        return slot.length < SLOT_BYTES ? null : decode(seed, slot);
    }

    /** Whether the slots differed when they were opened, as after a crash within a save, or damage to one. */
    boolean repaired() {
        return repaired;
    }

    /** The state last saved, or found on opening. Any thread. */
    State current() {
        return current;
    }

    /**
     * Saves {@code next} in both slots; durable on return. Both hold the same before, but after a failed save the
     * first one may be torn: so it is the first one again.
     *
     * @throws StorageFullException if it is in neither; only a file system that moves what it overwrites can run
     *     full here
     */
    void save(State next) throws IOException {
        byte[] encoded = encode(seed, next);
        write(slots.get(0), encoded);
        // Durable from here on. If the second copy fails, the exception is final and the next start finds this one.
        try {
            write(slots.get(1), encoded);
        } catch (StorageFullException e) {
            throw new IOException(slots.get(1).path + ": no room for the second copy of the state", e);
        }
        current = next;
    }

    private static void write(Slot slot, byte[] encoded) throws IOException {
        slot.file.write(ByteBuffer.wrap(encoded), 0);
        slot.file.force();
    }

    private static byte[] encode(int seed, State state) {
        byte[] vote = state.hardState.votedFor().map(NodeId::value).orElse("").getBytes(StandardCharsets.US_ASCII);
        ByteBuffer out = ByteBuffer.allocate(SLOT_BYTES);
        out.putInt(MAGIC).putInt(DataFiles.FORMAT).putInt(seed).putInt(state.resetting ? RESETTING : 0);
        out.putLong(state.sequence).putLong(state.hardState.term().value());
        out.putLong(state.durableIndex).putLong(state.cutFrom);
        out.put((byte) vote.length).put(vote);
        out.putLong(FIRST_INDEX_AT, state.firstIndex);
        out.putInt(CHECKSUM_AT, checksum(out.array()));
        return out.array();
    }

    private static State decode(int seed, byte[] slot) {
        ByteBuffer in = ByteBuffer.wrap(slot);
        if (in.getInt(CHECKSUM_AT) != checksum(slot)
            || in.getInt() != MAGIC || in.getInt() != DataFiles.FORMAT || in.getInt() != seed) {
            return null;
        }
        int flags = in.getInt();
        long sequence = in.getLong();
        long term = in.getLong();
        long durableIndex = in.getLong();
        long cutFrom = in.getLong();
        int voteBytes = in.get() & 0xFF;
        long firstIndex = in.getLong(FIRST_INDEX_AT);
        // No save can have written these, whatever the checksum says: the slot is as good as none.
        if (sequence < 1 || term < 0 || durableIndex < 0 || cutFrom < 0 || firstIndex < 1
            || (flags & ~RESETTING) != 0 || voteBytes > FIRST_INDEX_AT - VOTE_AT) {
            return null;
        }
        try {
            Optional<NodeId> vote = voteBytes == 0 ? Optional.empty()
                : Optional.of(new NodeId(new String(slot, VOTE_AT, voteBytes, StandardCharsets.US_ASCII)));
            return new State(sequence, new HardState(new Term(term), vote), durableIndex, cutFrom,
                firstIndex, flags == RESETTING);
        } catch (IllegalArgumentException notTheNameOfANode) {
            return null;
        }
    }

    private static int checksum(byte[] slot) {
        CRC32C crc = new CRC32C();
        crc.update(slot, 0, CHECKSUM_AT);
        return (int) crc.getValue();
    }

    @Override
    public void close() throws IOException {
        try {
            slots.get(0).file.close();
        } finally {
            slots.get(1).file.close();
        }
    }
}
