package io.quorate.raft.log;

import io.quorate.spi.storage.Disk;
import io.quorate.spi.storage.StorageFullException;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Replaces the whole log by an empty one that begins behind a snapshot.
 *
 * <p>The intention is made durable first and withdrawn last; while it stands, recovery looks at no segment and begins
 * here again. Without it a crash that kept some deletions and lost others would leave a log with a gap, which looks
 * like damage, or segments of two histories side by side.
 *
 * <p>Storage thread only.
 */
final class LogReset {

    /** Has a file of zeros ready. */
    interface Preparer {
        SegmentAllocator.Prepared prepare() throws IOException;
    }

    private final Disk disk;
    private final EntryCodec codec;
    private final Path directory;
    private final StateFile state;

    LogReset(Disk disk, EntryCodec codec, Path directory, StateFile state) {
        this.disk = disk;
        this.codec = codec;
        this.directory = directory;
        this.state = state;
    }

    /**
     * Makes the intention durable. After a {@link StorageFullException} the log is as it was.
     *
     * @param snapshot durable already: it stands for all that goes
     */
    void intend(SnapshotMeta snapshot) throws IOException {
        state.save(state.current().reset(snapshot.index(), true));
    }

    /**
     * Does what is intended. Durable on return; if it throws, nothing but opening anew finishes it.
     *
     * <p>The old log goes before there is a new one: it is useless from the intention on, and on a full disk it is what
     * makes the room.
     *
     * @return the only segment from now on
     */
    Segment run(SnapshotMeta snapshot, Preparer preparer) throws IOException {
        for (String name : disk.list(directory)) {
            if (DataFiles.baseIndexOf(name) >= 0) {
                disk.delete(directory.resolve(name));
            }
        }
        SegmentAllocator.Prepared prepared = preparer.prepare();
        SegmentHeader header = new SegmentHeader(snapshot.index() + 1, snapshot.term());
        Path path = directory.resolve(DataFiles.segmentName(header.baseIndex()));
        try (Disk.File file = disk.open(prepared.path())) {
            file.write(header.encode(codec.seed()), 0);
            file.force();
        }
        disk.rename(prepared.path(), path);
        disk.syncDirectory(directory);
        try {
            state.save(state.current().reset(snapshot.index(), false));
        } catch (StorageFullException e) {
            throw new IOException("no room to finish the replacement of the log", e);
        }
        return new Segment(path, header, prepared.fileBytes());
    }
}
