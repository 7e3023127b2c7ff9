package io.quorate.registry.protocol;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.BytesWriter;
import io.quorate.api.Command;
import io.quorate.api.MalformedBytesException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Commands that travel and are logged together: the request of SUBMIT, and the payload of an entry of type COMMANDS.
 *
 * <p>{@code i32 count, count × (i32 length, bytes)}. Both uses have the same form, so that a batch that arrives is
 * proposed or passed on without touching a single command: its {@link #body} is joined to others' as it is.
 */
public final class CommandBatch {

    private final Bytes payload;
    private final int count;

    private CommandBatch(Bytes payload, int count) {
        this.payload = payload;
        this.count = count;
    }

    /**
     * Checks a whole batch, without making an object for each command.
     *
     * @throws MalformedBytesException if it is empty, too large, or not of this form to its last byte
     */
    public static CommandBatch decode(Bytes payload) throws MalformedBytesException {
        if (payload.length() > ProtocolLimits.MAX_BATCH_BYTES) {
            throw new MalformedBytesException("found a batch of " + payload.length() + " bytes, expected at most "
                + ProtocolLimits.MAX_BATCH_BYTES);
        }
        BytesReader in = new BytesReader(payload);
        int count = in.count(ProtocolLimits.MAX_BATCH_COMMANDS, Integer.BYTES);
        if (count == 0) {
            throw new MalformedBytesException("found a batch without commands, expected at least one");
        }
        for (int i = 0; i < count; i++) {
            in.bytes(Command.MAX_PAYLOAD_BYTES);
        }
        in.end();
        return new CommandBatch(payload, count);
    }

    /** How many commands there are; at least one. */
    public int count() {
        return count;
    }

    /** How many bytes the batch takes in another one: all but the count. */
    public int bodyBytes() {
        return payload.length() - Integer.BYTES;
    }

    /** The commands with their lengths, without the count. */
    public Bytes body() {
        return payload.slice(Integer.BYTES, bodyBytes());
    }

    /** The commands in order; slices of the payload. */
    public List<Bytes> commands() {
        List<Bytes> commands = new ArrayList<>(count);
        int at = Integer.BYTES;
        for (int i = 0; i < count; i++) {
            int length = (payload.at(at) & 0xFF) << 24 | (payload.at(at + 1) & 0xFF) << 16
                | (payload.at(at + 2) & 0xFF) << 8 | payload.at(at + 3) & 0xFF;
            commands.add(payload.slice(at + Integer.BYTES, length));
            at += Integer.BYTES + length;
        }
        return commands;
    }

    /** What one command takes in a batch, in bytes. */
    public static int bodyBytes(Bytes command) {
        return Integer.BYTES + command.length();
    }

    /** Joins commands and batches into one. Copies none of them. Not thread-safe. */
    public static final class Joiner {

        /** Single commands, whose lengths are still to be written, and bodies, which contain them. */
        private final List<Bytes> pieces = new ArrayList<>();
        private int singles;
        private int count;
        private int bodyBytes;
        private boolean[] isBody = new boolean[16];

        /** How many commands there are so far. */
        public int count() {
            return count;
        }

        public boolean isEmpty() {
            return count == 0;
        }

        /** Whether {@code commands} more commands, of {@code bytes} with their lengths, still fit. */
        public boolean fits(int commands, int bytes) {
            return count + commands <= ProtocolLimits.MAX_BATCH_COMMANDS
                && Integer.BYTES + bodyBytes + bytes <= ProtocolLimits.MAX_BATCH_BYTES;
        }

        public Joiner add(Bytes command) {
            append(command, 1, bodyBytes(command), false);
            singles++;
            return this;
        }

        public Joiner add(CommandBatch batch) {
            append(batch.body(), batch.count(), batch.bodyBytes(), true);
            return this;
        }

        private void append(Bytes piece, int commands, int bytes, boolean body) {
            if (!fits(commands, bytes)) {
                throw new IllegalStateException("found " + commands + " commands of " + bytes + " bytes to join to "
                    + count + " of " + bodyBytes + ", expected to be asked first whether they fit");
            }
            if (pieces.size() == isBody.length) {
                isBody = Arrays.copyOf(isBody, isBody.length * 2);
            }
            isBody[pieces.size()] = body;
            pieces.add(piece);
            count += commands;
            bodyBytes += bytes;
        }

        /** The batch in parts: one shared array holds the count and all lengths; the commands are the pieces given. */
        public List<Bytes> toParts() {
            BytesWriter out = new BytesWriter(Integer.BYTES * (1 + singles));
            out.i32(count);
            for (int i = 0; i < pieces.size(); i++) {
                if (!isBody[i]) {
                    out.i32(pieces.get(i).length());
                }
            }
            Bytes numbers = out.toBytes();
            List<Bytes> parts = new ArrayList<>(1 + 2 * pieces.size());
            int from = 0;
            int to = Integer.BYTES;
            for (int i = 0; i < pieces.size(); i++) {
                // The count and the first length lie side by side, and so are one part.
                to += isBody[i] ? 0 : Integer.BYTES;
                if (to > from) {
                    parts.add(numbers.slice(from, to - from));
                    from = to;
                }
                parts.add(pieces.get(i));
            }
            return parts;
        }
    }
}
