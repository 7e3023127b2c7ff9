package io.quorate.testing.simulation;

import io.quorate.api.NodeId;
import io.quorate.spi.consensus.ConsensusTrace.Compacted;
import io.quorate.spi.consensus.ConsensusTrace.Event;
import io.quorate.spi.consensus.ConsensusTrace.HardStateDurable;
import io.quorate.spi.consensus.ConsensusTrace.LogDurable;
import io.quorate.spi.consensus.ConsensusTrace.SnapshotDurable;
import io.quorate.spi.consensus.ConsensusTrace.Started;
import io.quorate.testing.disk.SimulatedDisk;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.zip.CRC32C;

/**
 * What a node takes for durable is on its disk, so that it is there even if the power fails at this very moment. All
 * other properties believe a node that says "durable"; this one looks at the bytes that were synced, by the format of
 * docs/storage.md and with a reader of its own. A node whose files are not in that format is not looked at.
 */
final class DurableOnDisk implements Invariant {

    private static final String RULE = "what is said to be durable is on the disk";
    private static final int STATE_MAGIC = 0x51535441;
    private static final int STATE_BYTES = 128;
    private static final int TERM_AT = 24;
    private static final int VOTE_AT = 48;
    private static final int HEADER_BYTES = 64;
    private static final int RECORD_BYTES = 25;
    private static final int RECORD_BODY_AT = 8;
    private static final int INDEX_DIGITS = 20;
    private static final byte MARK = (byte) 255;

    private record Found(long term, int checksum) {
    }

    private final Function<NodeId, SimulatedDisk> disks;

    DurableOnDisk(Function<NodeId, SimulatedDisk> disks) {
        this.disks = disks;
    }

    @Override
    public void before(ClusterView cluster, NodeView node, Event event) {
        SimulatedDisk disk = disks.apply(node.id);
        if (node.damaged || disk.dead() || disk.durableFiles().stream().noneMatch(path -> isNamed(path, "state-a"))) {
            return;
        }
        switch (event) {
            case Started started -> {
                checkHardState(node, disk, started.term(), started.votedFor());
                checkLog(node, disk, started.snapshotIndex() + 1, started.lastIndex(), node.durableIndex);
                checkSnapshot(node, disk, started.snapshotIndex());
            }
            case HardStateDurable durable -> checkHardState(node, disk, durable.term(), durable.votedFor());
            case LogDurable durable -> checkLog(node, disk, Math.max(node.durableIndex, node.snapshotIndex) + 1,
                durable.index(), durable.index());
            case SnapshotDurable snapshot -> checkSnapshot(node, disk, snapshot.index());
            case Compacted compacted -> checkSnapshot(node, disk, compacted.index());
            default -> { }
        }
    }

    private static boolean isNamed(Path path, String name) {
        return path.getFileName().toString().equals(name);
    }

    private static Violation violation(NodeView node, String what) {
        return new Violation(RULE, node.id + " says so of " + what);
    }

    // ---- term and vote -------------------------------------------------------------------------------------------

    /** Both copies have it, or something newer: one alone could be damaged, and the vote would be forgotten. */
    private static void checkHardState(NodeView node, SimulatedDisk disk, long term, Optional<NodeId> vote) {
        for (String name : List.of("state-a", "state-b")) {
            boolean there = disk.durableFiles().stream().filter(path -> isNamed(path, name))
                .anyMatch(path -> holds(disk.durableContent(path), term, vote));
            if (!there) {
                throw violation(node, "term " + term + " and vote " + vote + ", which are not in " + name);
            }
        }
    }

    private static boolean holds(byte[] slot, long term, Optional<NodeId> vote) {
        if (slot.length < STATE_BYTES) {
            return false;
        }
        ByteBuffer in = ByteBuffer.wrap(slot);
        if (in.getInt(0) != STATE_MAGIC || in.getInt(STATE_BYTES - Integer.BYTES) != checksum(slot, STATE_BYTES
            - Integer.BYTES)) {
            return false;
        }
        String found = new String(slot, VOTE_AT + 1, slot[VOTE_AT], StandardCharsets.US_ASCII);
        return in.getLong(TERM_AT) > term
            || in.getLong(TERM_AT) == term && vote.map(it -> it.value().equals(found)).orElse(true);
    }

    private static int checksum(byte[] content, int bytes) {
        CRC32C crc = new CRC32C();
        crc.update(content, 0, bytes);
        return (int) crc.getValue();
    }

    // ---- log -----------------------------------------------------------------------------------------------------

    /** @param known up to where it is known what stands there; a start may find what was dropped, but not durably */
    private static void checkLog(NodeView node, SimulatedDisk disk, long from, long to, long known) {
        if (from > to) {
            return;
        }
        Map<Long, Found> found = new HashMap<>();
        for (Path segment : disk.durableFiles().stream().filter(path -> path.toString().endsWith(".seg")).toList()) {
            if (firstIndexOf(segment) <= to) {
                read(disk.durableContent(segment), found);
            }
        }
        for (long index = from; index <= to; index++) {
            Found there = found.get(index);
            NodeView.Entry wanted = node.log.get(index);
            if (there == null || wanted != null && index <= known
                && (wanted.term() != there.term() || wanted.checksum() != there.checksum())) {
                throw violation(node, "entry " + index + (wanted == null ? "" : ", " + wanted) + "; on the disk is "
                    + (there == null ? "nothing" : there));
            }
        }
    }

    private static long firstIndexOf(Path segment) {
        return Long.parseLong(segment.getFileName().toString().substring(0, INDEX_DIGITS));
    }

    private static void read(byte[] content, Map<Long, Found> found) {
        ByteBuffer in = ByteBuffer.wrap(content);
        int at = HEADER_BYTES;
        while (at + RECORD_BYTES <= content.length) {
            int length = in.getInt(at);
            int end = at + RECORD_BODY_AT + length;
            if (length < RECORD_BYTES - RECORD_BODY_AT || end > content.length || end < 0) {
                return;
            }
            if (content[at + RECORD_BYTES - 1] != MARK) {
                found.put(in.getLong(at + RECORD_BODY_AT + Long.BYTES),
                    new Found(in.getLong(at + RECORD_BODY_AT), in.getInt(at + Integer.BYTES)));
            }
            at = end;
        }
    }

    // ---- snapshots -----------------------------------------------------------------------------------------------

    /** One that stands for all up to {@code index} is there, whole. */
    private static void checkSnapshot(NodeView node, SimulatedDisk disk, long index) {
        boolean there = index == 0 || disk.durableFiles().stream()
            .filter(path -> path.toString().endsWith(".snap") && firstIndexOf(path) >= index)
            .anyMatch(path -> isWhole(disk.durableContent(path)));
        if (!there) {
            throw violation(node, "a snapshot up to entry " + index + ", and there is none that is whole");
        }
    }

    private static boolean isWhole(byte[] file) {
        int end = file.length - Integer.BYTES;
        return end > 0 && ByteBuffer.wrap(file).getInt(end) == checksum(file, end);
    }
}
