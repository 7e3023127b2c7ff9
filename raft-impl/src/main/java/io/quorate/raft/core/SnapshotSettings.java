package io.quorate.raft.core;

/**
 * When a node takes a snapshot of its state, and what it keeps.
 *
 * @param entries after so many entries
 * @param logBytes or after so many bytes of entries, whichever comes first
 * @param kept how many snapshots are kept; the log reaches back to the oldest of them
 * @param logEntriesBehind how many entries before the newest snapshot the log keeps at least, so that a follower that
 *     was away for a moment gets them and not a whole snapshot; but no more than {@code logBytes} of them, or a little
 *     more
 */
public record SnapshotSettings(long entries, long logBytes, int kept, long logEntriesBehind) {

    /** After 1,000,000 entries or 256 MiB; two are kept, and 50,000 entries before the newest. */
    public static final SnapshotSettings DEFAULTS = new SnapshotSettings(1_000_000, 256L << 20, 2, 50_000);
}
