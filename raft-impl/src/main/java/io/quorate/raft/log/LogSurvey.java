package io.quorate.raft.log;

import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.storage.Disk;
import io.quorate.spi.storage.StorageRefusedException;
import io.quorate.spi.storage.StorageRefusedException.Damage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Goes through a damaged log to its end, past what cannot be read, and says where that is. {@link LogRecovery} stops at
 * the first damage, since nothing behind it may be used; but whoever has to decide what becomes of the disk wants to
 * know whether it was one bit or half of the log. Judges nothing else, and changes nothing.
 *
 * <p>What cannot be read at the very end of the log is not among it: that may be the rest of a write.
 */
final class LogSurvey {

    /** After so many it is plain what the disk is worth. */
    static final int MAX_DAMAGES = 64;

    private static final int WINDOW_BYTES = 1024 * 1024;

    private final Disk disk;
    private final EntryCodec codec;
    private final Path directory;
    private final StateFile.State state;
    private final List<Damage> damages = new ArrayList<>();
    /** The last entry that was read; 0 if the log's beginning is not known. */
    private long lastIndex;

    LogSurvey(Disk disk, EntryCodec codec, Path directory, StateFile.State state) {
        this.disk = disk;
        this.codec = codec;
        this.directory = directory;
        this.state = state;
    }

    /** What is damaged, in order; the first {@link #MAX_DAMAGES} of it. */
    List<Damage> run() throws IOException {
        List<String> names = disk.list(directory).stream().filter(name -> {
            long base = DataFiles.baseIndexOf(name);
            return base >= state.firstIndex() && (state.cutFrom() == 0 || base <= state.cutFrom());
        }).sorted(Comparator.comparingLong(DataFiles::baseIndexOf)).toList();
        for (int i = 0; i < names.size() && damages.size() < MAX_DAMAGES; i++) {
            segment(directory.resolve(names.get(i)), DataFiles.baseIndexOf(names.get(i)), i == names.size() - 1);
        }
        return damages;
    }

    private void segment(Path path, long base, boolean last) throws IOException {
        try (Disk.File file = disk.open(path)) {
            long size = file.size();
            try {
                SegmentHeader.read(path, file, codec.seed());
            } catch (StorageRefusedException e) {
                e.damage().ifPresent(damages::add);
            }
            if (lastIndex > 0 && base != lastIndex + 1) {
                damages.add(new Damage(path + " at offset 0", "a segment that begins with entry " + base,
                    "entry " + (lastIndex + 1) + ": those between are missing or cannot be read"));
            }
            lastIndex = base - 1;
            if (size <= Integer.MAX_VALUE) {
                records(path, new SegmentWindow(path, file, (int) size, WINDOW_BYTES), (int) size, last);
            }
        }
    }

    private void records(Path path, SegmentWindow window, int fileBytes, boolean last) throws IOException {
        int at = SegmentHeader.BYTES;
        while (fileBytes - at >= EntryCodec.HEADER_BYTES && damages.size() < MAX_DAMAGES) {
            int size = recordAt(window, at, fileBytes);
            if (size > 0) {
                at += size;
                continue;
            }
            long before = lastIndex;
            int next = at + 1;
            int found = 0;
            while (found == 0 && fileBytes - next >= EntryCodec.HEADER_BYTES) {
                found = recordAt(window, next, fileBytes);
                next += found == 0 ? 1 : 0;
            }
            if (found == 0) {
                // Zeros, or a write that was interrupted; what lies before a later segment was whole once.
                if (!last && EntryCodec.lengthAt(window.array(), window.bring(at, EntryCodec.HEADER_BYTES)) != 0) {
                    damages.add(new Damage(path + " at offset " + at, "nothing that can be read up to the end of the "
                        + "file", "entry " + (lastIndex + 1) + ", since later segments follow"));
                    lastIndex = 0; // Where the next segment begins is no damage of its own then.
                }
                return;
            }
            damages.add(new Damage(path + " at offset " + at, (next - at) + " bytes that cannot be read",
                "what was written after entry " + before + "; the log goes on at offset " + next));
            at = next + found;
        }
    }

    /** The size of the record there; 0 if there is none that can be one of this log. */
    private int recordAt(SegmentWindow window, int at, int fileBytes) throws IOException {
        int in = window.bring(at, EntryCodec.HEADER_BYTES);
        int length = EntryCodec.lengthAt(window.array(), in);
        int most = Math.min(EntryCodec.MAX_RECORD_BYTES, fileBytes - at) - EntryCodec.BODY_AT;
        if (length < EntryCodec.HEADER_BYTES - EntryCodec.BODY_AT || length > most) {
            return 0;
        }
        int size = length + EntryCodec.BODY_AT;
        long index = EntryCodec.indexAt(window.array(), in);
        boolean mark = SegmentMark.isAt(window.array(), in, size);
        // Before its checksum, which takes long if any four bytes could be the length of something large.
        if (!mark && (index <= lastIndex || index - lastIndex > fileBytes / EntryCodec.HEADER_BYTES
                || EntryType.ofCode(EntryCodec.typeAt(window.array(), in)) == null)) {
            return 0;
        }
        in = window.bring(at, size);
        if (!codec.verifies(window.array(), in, size)) {
            return 0;
        }
        if (!mark) {
            lastIndex = index;
        }
        return size;
    }
}
