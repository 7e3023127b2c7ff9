package io.quorate.registry.node;

import io.quorate.spi.consensus.StateWriter;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * All parts of a node's replicated state, as one stream for snapshots. Big-endian:
 *
 * <pre>
 * i32 0x51535431 ("QST1")
 * each section:  u8 length and that many bytes of its name (ASCII)
 *                pieces: i32 length (1 to 65,536) and that many bytes; the last one is followed by i32 0
 * u8 0
 * </pre>
 *
 * <p>Sections come in pieces since nobody knows a state's length before it is written, and nobody may hold it in
 * memory.
 * A section that is not known is refused: a node that skipped a part of the state would be no replica. One that is
 * missing is refused too. Checksums are those of the file around it.
 *
 * <p>Apply thread only, but for what {@link #freeze} gives.
 */
final class ReplicatedState {

    private static final int MAGIC = 0x5153_5431;

    /** The largest piece; also what a writer and a reader keep in memory. */
    static final int PIECE_BYTES = 64 << 10;

    private final Map<String, StateSection> sections = new LinkedHashMap<>();

    ReplicatedState(List<StateSection> sections) {
        sections.forEach(section -> this.sections.put(section.name(), section));
    }

    private record Part(String name, StateWriter writer) {
    }

    /** Freezes all parts, which all stand at the same entry. */
    StateWriter freeze() {
        List<Part> parts = new ArrayList<>(sections.size());
        try {
            sections.values().forEach(section -> parts.add(new Part(section.name(), section.freeze())));
        } catch (RuntimeException | Error e) {
            try {
                closeAll(parts);
            } catch (RuntimeException | Error also) {
                e.addSuppressed(also);
            }
            throw e;
        }
        return new StateWriter() {
            @Override
            public void write(OutputStream out) throws IOException {
                DataOutputStream data = new DataOutputStream(out);
                data.writeInt(MAGIC);
                for (Part part : parts) {
                    data.writeByte(part.name.length());
                    data.writeBytes(part.name);
                    Pieces pieces = new Pieces(data);
                    part.writer.write(pieces);
                    pieces.end();
                }
                data.writeByte(0);
                data.flush();
            }

            @Override
            public void close() {
                closeAll(parts);
            }
        };
    }

    /**
     * Closes every part, whatever one of them throws, and lets go of all: whoever keeps the writer must not keep a
     * whole state in memory with it. Closing again does nothing.
     */
    private static void closeAll(List<Part> parts) {
        List<Part> open = List.copyOf(parts);
        parts.clear();
        Throwable first = null;
        for (Part part : open) {
            try {
                part.writer.close();
            } catch (RuntimeException | Error e) {
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        switch (first) {
            case null -> {
            }
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException("closing threw what it cannot throw", first);
        }
    }

    /**
     * Replaces all parts.
     *
     * @throws IOException if {@code in} is not exactly one state of these parts. The state is then undefined.
     */
    void restore(InputStream in) throws IOException {
        DataInputStream data = new DataInputStream(in);
        int magic = data.readInt();
        if (magic != MAGIC) {
            throw new IOException("a snapshot's state: found " + Integer.toHexString(magic) + " at its beginning, "
                + "expected " + Integer.toHexString(MAGIC));
        }
        List<String> missing = new ArrayList<>(sections.keySet());
        for (int length = data.readUnsignedByte(); length > 0; length = data.readUnsignedByte()) {
            byte[] name = new byte[length];
            data.readFully(name);
            String known = new String(name, StandardCharsets.US_ASCII);
            if (!missing.remove(known)) {
                throw new IOException("a snapshot's state: found a section \"" + known + "\", expected each of "
                    + sections.keySet() + " once. If a newer version has written it, start that version");
            }
            PieceReader pieces = new PieceReader(data);
            sections.get(known).restore(pieces);
            if (pieces.read() >= 0) {
                throw new IOException("a snapshot's state: found more in section \"" + known
                    + "\" than belongs to it, expected its end");
            }
        }
        if (!missing.isEmpty()) {
            throw new IOException("a snapshot's state: found no section " + missing + ", expected each of "
                + sections.keySet() + " once");
        }
        if (data.read() >= 0) {
            throw new IOException("a snapshot's state: found more behind its last section, expected its end");
        }
    }

    /** Gathers small writes into pieces. */
    private static final class Pieces extends FilterOutputStream {

        private final byte[] buffer = new byte[PIECE_BYTES];
        private int filled;

        Pieces(DataOutputStream out) {
            super(out);
        }

        @Override
        public void write(int value) throws IOException {
            if (filled == buffer.length) {
                pass();
            }
            buffer[filled++] = (byte) value;
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            for (int from = offset, left = length; left > 0; ) {
                if (filled == buffer.length) {
                    pass();
                }
                int part = Math.min(left, buffer.length - filled);
                System.arraycopy(bytes, from, buffer, filled, part);
                filled += part;
                from += part;
                left -= part;
            }
        }

        private void pass() throws IOException {
            if (filled > 0) {
                ((DataOutputStream) out).writeInt(filled);
                out.write(buffer, 0, filled);
                filled = 0;
            }
        }

        /** A section may flush as it likes: pieces are made when they are full. */
        @Override
        public void flush() {
        }

        /** The section's end is not the stream's. */
        @Override
        public void close() {
        }

        void end() throws IOException {
            pass();
            ((DataOutputStream) out).writeInt(0);
        }
    }

    /** Reads one section's pieces. */
    private static final class PieceReader extends InputStream {

        private final DataInputStream in;
        private int left;
        private boolean ended;

        PieceReader(DataInputStream in) {
            this.in = in;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            if (!hasMore()) {
                return -1;
            }
            int count = in.read(target, offset, Math.min(length, left));
            if (count < 0) {
                throw new EOFException("a snapshot's state: found its end, expected " + left
                    + " more bytes of a piece");
            }
            left -= count;
            return count;
        }

        private boolean hasMore() throws IOException {
            if (left == 0 && !ended) {
                left = in.readInt();
                if (left < 0 || left > PIECE_BYTES) {
                    throw new IOException("a snapshot's state: found a piece of " + left + " bytes, expected 0 to "
                        + PIECE_BYTES);
                }
                ended = left == 0;
            }
            return !ended;
        }
    }
}
