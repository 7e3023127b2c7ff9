package io.quorate.raft.log;

import io.quorate.api.ClusterId;
import io.quorate.api.NodeId;
import io.quorate.spi.storage.Disk;
import io.quorate.spi.storage.StorageRefusedException.Reason;
import io.quorate.spi.storage.StorageRefusedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.zip.CRC32C;

/**
 * {@code VERSION}: whose directory this is and which formats it has. Text, since it is what an operator opens first.
 * It gets its name last when a directory is made, so its presence says that everything else is complete.
 *
 * @param store a random number of this very directory, drawn when it was made. A node that comes back with another one
 *     has lost what it promised
 */
record VersionFile(ClusterId cluster, NodeId node, long store, Instant created) {

    private static final int MAX_BYTES = 4096;
    private static final String TITLE = "quorate raft data";
    private static final String CHECKSUM = "checksum ";

    byte[] encode() {
        String body = TITLE + "\nformat " + DataFiles.FORMAT + "\ncluster " + cluster + "\nnode " + node + "\nstore "
            + storeText(store) + "\ncreated " + created + "\n";
        return (body + CHECKSUM + checksum(body) + "\n").getBytes(StandardCharsets.UTF_8);
    }

    static String storeText(long store) {
        return String.format("%016x", store);
    }

    /** Reads it; refuses one that this version cannot read. */
    static VersionFile read(Disk disk, Path path) throws IOException {
        String text = new String(DataFiles.readAll(disk, path, MAX_BYTES), StandardCharsets.UTF_8);
        String[] lines = text.split("\n", -1);
        if (!lines[0].equals(TITLE) || lines.length < 2 || !lines[1].matches("format \\d{1,9}")) {
            throw StorageRefusedException.damaged(path.toString(), "\"" + printable(lines[0]) + "\"",
                "\"" + TITLE + "\" and a line with the format");
        }
        // Before the checksum: another version may write the rest of this file in another way.
        requireFormat(path, Integer.parseInt(lines[1].substring("format ".length())));
        int checksumAt = text.lastIndexOf(CHECKSUM);
        String body = checksumAt < 0 ? text : text.substring(0, checksumAt);
        if (checksumAt < 0 || !text.substring(checksumAt).equals(CHECKSUM + checksum(body) + "\n")) {
            throw StorageRefusedException.damaged(path.toString(), "a wrong or missing checksum",
                CHECKSUM + checksum(body));
        }
        try {
            return new VersionFile(new ClusterId(value(lines, "cluster ")), new NodeId(value(lines, "node ")),
                Long.parseUnsignedLong(value(lines, "store "), 16), Instant.parse(value(lines, "created ")));
        } catch (IllegalArgumentException | DateTimeException e) {
            throw StorageRefusedException.damaged(path.toString(), e.getMessage(),
                "the ids of cluster and node, the number of the directory, and when it was made");
        }
    }

    private static void requireFormat(Path path, int format) throws IOException {
        if (format > DataFiles.FORMAT) {
            throw new StorageRefusedException(Reason.NEWER_FORMAT, path + ": found format " + format
                + ", expected at most " + DataFiles.FORMAT + ". A newer version has written this directory; start it "
                + "with that version or a later one.");
        }
        if (format < DataFiles.FORMAT) {
            throw new StorageRefusedException(Reason.OLDER_FORMAT, path + ": found format " + format + ", expected "
                + DataFiles.FORMAT + ". A version before the first release has written this directory, and no later "
                + "one reads it. Remove this node from the cluster and let it join anew with an empty directory, or "
                + "start the cluster anew.");
        }
    }

    /** Refuses a directory that is not this node's. */
    void requireOf(Path path, ClusterId expectedCluster, NodeId expectedNode) throws IOException {
        same(path, "cluster", cluster.value(), expectedCluster.value());
        same(path, "node", node.value(), expectedNode.value());
    }

    private static void same(Path path, String what, String found, String expected) throws IOException {
        if (!found.equals(expected)) {
            throw new StorageRefusedException(Reason.FOREIGN, path + ": found " + what + " \"" + found
                + "\", expected \"" + expected + "\". Correct the " + what + " id in the configuration, or give this "
                + "node a directory of its own.");
        }
    }

    private static String value(String[] lines, String key) {
        for (String line : lines) {
            if (line.startsWith(key)) {
                return line.substring(key.length());
            }
        }
        return "";
    }

    private static String printable(String text) {
        String start = text.length() > 40 ? text.substring(0, 40) + "..." : text;
        return start.replaceAll("[^ -~]", "?");
    }

    private static String checksum(String body) {
        CRC32C crc = new CRC32C();
        crc.update(body.getBytes(StandardCharsets.UTF_8));
        return EntryCodec.hex((int) crc.getValue());
    }
}
