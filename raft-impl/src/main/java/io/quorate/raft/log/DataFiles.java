package io.quorate.raft.log;

import io.quorate.spi.storage.Disk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** The names in a data directory, and the small things that all its files share. */
final class DataFiles {

    static final String LOCK = "LOCK";
    static final String VERSION = "VERSION";
    static final String VERSION_TEMPORARY = "VERSION.tmp";
    static final String MAKING = "MAKING";
    static final String STATE_A = "state-a";
    static final String STATE_B = "state-b";
    static final String BOOTSTRAP = "bootstrap";
    static final String LOG = "log";
    static final String SNAPSHOTS = "snapshots";
    static final String NEXT_SEGMENT = "next.tmp";
    static final String SEGMENT_SUFFIX = ".seg";

    /**
     * The version of all formats in the directory; any other is refused. Format 1 was never released: it knew neither
     * snapshots nor the number of a directory.
     */
    static final int FORMAT = 2;

    private static final int INDEX_DIGITS = 20;
    private static final int ZERO_CHUNK_BYTES = 1024 * 1024;

    private DataFiles() {
    }

    /** Zero-padded, so that the order of names is the order of indexes. */
    static String segmentName(long baseIndex) {
        return String.format("%0" + INDEX_DIGITS + "d", baseIndex) + SEGMENT_SUFFIX;
    }

    /** The first index that a file's name says, or -1 if it is not the name of a segment. */
    static long baseIndexOf(String name) {
        if (name.length() != INDEX_DIGITS + SEGMENT_SUFFIX.length() || !name.endsWith(SEGMENT_SUFFIX)) {
            return -1;
        }
        for (int i = 0; i < INDEX_DIGITS; i++) {
            if (name.charAt(i) < '0' || name.charAt(i) > '9') {
                return -1;
            }
        }
        try {
            return Long.parseLong(name, 0, INDEX_DIGITS, 10);
        } catch (NumberFormatException ignored) {
            return -1; // 20 digits can say more than a long holds; we never wrote such a name.
        }
    }

    /** All bytes of a small file. */
    static byte[] readAll(Disk disk, Path path, int maxBytes) throws IOException {
        try (Disk.File file = disk.open(path)) {
            int size = (int) Math.min(maxBytes, file.size());
            byte[] content = new byte[size];
            int read = file.read(ByteBuffer.wrap(content), 0);
            if (read != size) {
                throw new IOException(path + ": found " + read + " bytes, expected " + size);
            }
            return content;
        }
    }

    /** Creates a file with this content and makes the content durable; the name not yet. */
    static void create(Disk disk, Path path, byte[] content) throws IOException {
        try (Disk.File file = disk.create(path)) {
            file.write(ByteBuffer.wrap(content), 0);
            file.force();
        }
    }

    /** Writes zeros from {@code from} to before {@code to}. */
    static void zero(Disk.File file, long from, long to) throws IOException {
        ByteBuffer zeros = ByteBuffer.allocateDirect((int) Math.min(ZERO_CHUNK_BYTES, Math.max(0, to - from)));
        long at = from;
        while (at < to) {
            zeros.clear().limit((int) Math.min(zeros.capacity(), to - at));
            int size = zeros.remaining();
            file.write(zeros, at);
            at += size;
        }
    }
}
