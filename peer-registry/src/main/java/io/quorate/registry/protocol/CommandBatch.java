package io.quorate.registry.protocol;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.BytesWriter;
import io.quorate.api.Command;
import io.quorate.api.MalformedBytesException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Commands that travel and are logged together: the request of SUBMIT, and the payload of an entry of type COMMANDS.
 *
 * <p>Without sessions {@code i32 count, count × (i32 length, bytes)}. With sessions the count's highest bit is set and
 * groups follow: {@code i64 session, i64 first, i64 answeredBelow, i32 count, count × (i32 length, bytes)}. Both uses
 * have the same form, so that a batch that arrives is proposed or passed on without touching a single command: its
 * {@link #body} is joined to others' as it is. What a session costs is paid by the group, not by the command.
 */
public final class CommandBatch {

    /** The session of commands without one: each is applied whenever it is committed. */
    public static final long NO_SESSION = 0;

    /**
     * Stands where a session's number would, to open one. The command is a secret, i64, that its owner has drawn with
     * {@link #newSecret}; the result is the number, i64, which nobody can guess who does not know the secret. Whoever
     * knows the number uses the session: he could have its owner's commands answered as applied that never were.
     */
    public static final long OPENS_SESSION = -1;

    /** What a group takes beside its commands, in bytes. */
    public static final int GROUP_BYTES = 3 * Long.BYTES + Integer.BYTES;

    /** What an opening takes in a batch, in bytes, beside its group. */
    public static final int OPENING_BYTES = Integer.BYTES + Long.BYTES;

    private static final int WITH_GROUPS = 1 << 31;

    /**
     * Commands of one session with consecutive sequences, within a batch.
     *
     * @param session {@link #NO_SESSION}, {@link #OPENS_SESSION}, or the number of an open session
     * @param first the sequence of the first command, from 1; 0 without a session
     * @param answeredBelow the session's owner waits for no sequence below this one any more; 0 without a session
     */
    public record Group(long session, long first, long answeredBelow, List<Bytes> commands) {
    }

    private final Bytes payload;
    private final int count;
    private final int openings;

    private CommandBatch(Bytes payload, int count, int openings) {
        this.payload = payload;
        this.count = count;
        this.openings = openings;
    }

    /** A secret for a session's opening: positive, and as hard to guess as {@code random} is. */
    public static long newSecret(RandomGenerator random) {
        return random.nextLong(NO_SESSION + 1, Long.MAX_VALUE);
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
        int count = in.i32();
        int openings = 0;
        if ((count & WITH_GROUPS) == 0) {
            if (payload.length() > ProtocolLimits.MAX_BATCH_BYTES - GROUP_BYTES) {
                // Beside others it gets a group's beginning, and must still fit.
                throw new MalformedBytesException("found a batch of " + payload.length() + " bytes without groups, "
                    + "expected at most " + (ProtocolLimits.MAX_BATCH_BYTES - GROUP_BYTES));
            }
            in = new BytesReader(payload);
            count = checkCommands(in);
        } else {
            count &= ~WITH_GROUPS;
            if (count > ProtocolLimits.MAX_BATCH_COMMANDS) {
                throw new MalformedBytesException("found " + count + " commands, expected at most "
                    + ProtocolLimits.MAX_BATCH_COMMANDS);
            }
            int found = 0;
            while (in.remaining() > 0) {
                boolean opens = in.remaining() >= GROUP_BYTES && i64(payload, in.position()) == OPENS_SESSION;
                int commands = checkGroup(in);
                found += commands;
                openings += opens ? commands : 0;
            }
            if (found != count) {
                throw new MalformedBytesException("found " + found + " commands in groups, expected " + count);
            }
        }
        if (count == 0) {
            throw new MalformedBytesException("found a batch without commands, expected at least one");
        }
        in.end();
        return new CommandBatch(payload, count, openings);
    }

    private static int checkGroup(BytesReader in) throws MalformedBytesException {
        long session = in.i64();
        long first = in.i64();
        long answeredBelow = in.i64();
        int commands = session == OPENS_SESSION ? checkOpenings(in) : checkCommands(in);
        boolean sound = session > NO_SESSION
            ? first >= 1 && first <= Long.MAX_VALUE - commands && answeredBelow >= 1 && answeredBelow <= first
            : session >= OPENS_SESSION && first == 0 && answeredBelow == 0;
        if (!sound || commands == 0) {
            throw new MalformedBytesException("found a group of session " + session + " with " + commands
                + " commands from sequence " + first + ", answered below " + answeredBelow
                + ", expected an open session and 1 <= answered below <= sequence, or no session and neither");
        }
        return commands;
    }

    private static int checkCommands(BytesReader in) throws MalformedBytesException {
        int count = in.count(ProtocolLimits.MAX_BATCH_COMMANDS, Integer.BYTES);
        for (int i = 0; i < count; i++) {
            in.bytes(Command.MAX_PAYLOAD_BYTES);
        }
        return count;
    }

    private static int checkOpenings(BytesReader in) throws MalformedBytesException {
        int count = in.count(ProtocolLimits.MAX_BATCH_COMMANDS, Integer.BYTES + Long.BYTES);
        for (int i = 0; i < count; i++) {
            int length = in.i32();
            long secret = length == Long.BYTES ? in.i64() : NO_SESSION;
            if (secret <= NO_SESSION) {
                throw new MalformedBytesException("found a session to open with a secret of " + length + " bytes, "
                    + "expected a positive one of " + Long.BYTES);
            }
        }
        return count;
    }

    /** How many of the commands open a session. */
    public int openings() {
        return openings;
    }

    /** The secret in a command that opens a session. */
    public static long secret(Bytes command) {
        return i64(command, 0);
    }

    /** How many commands there are; at least one. */
    public int count() {
        return count;
    }

    /** How many bytes the batch takes in another one: all but the count. */
    public int bodyBytes() {
        return payload.length() - Integer.BYTES;
    }

    /** The commands with their lengths and groups, without the count. */
    public Bytes body() {
        return payload.slice(Integer.BYTES, bodyBytes());
    }

    private boolean hasGroups() {
        return payload.at(0) < 0;
    }

    /** The commands in order; slices of the payload. */
    public List<Bytes> commands() {
        if (!hasGroups()) {
            return commands(Integer.BYTES, count);
        }
        List<Bytes> commands = new ArrayList<>(count);
        groups().forEach(group -> commands.addAll(group.commands));
        return commands;
    }

    /** The groups in order; at least one. Commands without a session that follow one another are one group. */
    public List<Group> groups() {
        if (!hasGroups()) {
            return List.of(new Group(NO_SESSION, 0, 0, commands(Integer.BYTES, count)));
        }
        List<Group> groups = new ArrayList<>();
        int at = Integer.BYTES;
        while (at < payload.length()) {
            List<Bytes> commands = commands(at + GROUP_BYTES, i32(at + 3 * Long.BYTES));
            groups.add(new Group(i64(at), i64(at + Long.BYTES), i64(at + 2 * Long.BYTES), commands));
            at += GROUP_BYTES;
            for (Bytes command : commands) {
                at += bodyBytes(command);
            }
        }
        return groups;
    }

    private List<Bytes> commands(int from, int number) {
        List<Bytes> commands = new ArrayList<>(number);
        int at = from;
        for (int i = 0; i < number; i++) {
            int length = i32(at);
            commands.add(payload.slice(at + Integer.BYTES, length));
            at += Integer.BYTES + length;
        }
        return commands;
    }

    private int i32(int at) {
        return i32(payload, at);
    }

    private long i64(int at) {
        return i64(payload, at);
    }

    private static int i32(Bytes from, int at) {
        return (from.at(at) & 0xFF) << 24 | (from.at(at + 1) & 0xFF) << 16
            | (from.at(at + 2) & 0xFF) << 8 | from.at(at + 3) & 0xFF;
    }

    private static long i64(Bytes from, int at) {
        return (long) i32(from, at) << 32 | i32(from, at + Integer.BYTES) & 0xFFFF_FFFFL;
    }

    /** What one command takes in a batch, in bytes, beside its group. */
    public static int bodyBytes(Bytes command) {
        return Integer.BYTES + command.length();
    }

    /** Joins commands and batches into one. Copies none of them. Not thread-safe. */
    public static final class Joiner {

        /** Pieces of one group to be; or, if it {@code isWhole}, one piece that has its groups' beginnings in it. */
        private static final class Run {
            private final long session;
            private final long first;
            private final long answeredBelow;
            private final boolean isWhole;
            private int pieces;
            private int count;

            private Run(long session, long first, long answeredBelow, boolean isWhole) {
                this.session = session;
                this.first = first;
                this.answeredBelow = answeredBelow;
                this.isWhole = isWhole;
            }

            private boolean continuesWith(long otherSession, long sequence) {
                return !isWhole && session == otherSession && (session <= NO_SESSION || first + count == sequence);
            }
        }

        /** Single commands, whose lengths are still to be written, and bodies, which contain them. */
        private final List<Bytes> pieces = new ArrayList<>();
        private final List<Run> runs = new ArrayList<>();
        private boolean withGroups;
        private int headers;
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
            // One command or one batch alone always does: its limits say so.
            return count == 0 || count + commands <= ProtocolLimits.MAX_BATCH_COMMANDS
                && Integer.BYTES + bodyBytes + GROUP_BYTES * (headers + 1) + bytes <= ProtocolLimits.MAX_BATCH_BYTES;
        }

        /** Adds a command without a session. */
        public Joiner add(Bytes command) {
            append(run(NO_SESSION, 0, 0, false), command, 1, bodyBytes(command), false);
            return this;
        }

        /**
         * Adds a command of a session; those with consecutive sequences that follow one another share a group.
         *
         * @param answeredBelow at most {@code sequence}
         */
        public Joiner add(long session, long sequence, long answeredBelow, Bytes command) {
            append(run(session, sequence, answeredBelow, false), command, 1, bodyBytes(command), false);
            return this;
        }

        /** Opens a session. */
        public Joiner addOpening(long secret) {
            append(run(OPENS_SESSION, 0, 0, false), new BytesWriter(Long.BYTES).i64(secret).toBytes(), 1,
                OPENING_BYTES, false);
            return this;
        }

        public Joiner add(CommandBatch batch) {
            append(run(NO_SESSION, 0, 0, batch.hasGroups()), batch.body(), batch.count(), batch.bodyBytes(), true);
            return this;
        }

        private Run run(long session, long first, long answeredBelow, boolean isWhole) {
            Run last = runs.isEmpty() ? null : runs.getLast();
            if (!isWhole && last != null && last.continuesWith(session, first)) {
                return last;
            }
            withGroups |= isWhole || session != NO_SESSION;
            Run next = new Run(session, first, answeredBelow, isWhole);
            runs.add(next);
            headers += isWhole ? 0 : 1;
            return next;
        }

        private void append(Run run, Bytes piece, int commands, int bytes, boolean body) {
            if (!hasRoomFor(commands, bytes)) {
                throw new IllegalStateException("found " + commands + " commands of " + bytes + " bytes to join to "
                    + count + " of " + bodyBytes + ", expected to be asked first whether they fit");
            }
            if (pieces.size() == isBody.length) {
                isBody = Arrays.copyOf(isBody, isBody.length * 2);
            }
            isBody[pieces.size()] = body;
            pieces.add(piece);
            run.pieces++;
            run.count += commands;
            singles += body ? 0 : 1;
            count += commands;
            bodyBytes += bytes;
        }

        private boolean hasRoomFor(int commands, int bytes) {
            return count + commands <= ProtocolLimits.MAX_BATCH_COMMANDS
                && Integer.BYTES + bodyBytes + GROUP_BYTES * headers + bytes <= ProtocolLimits.MAX_BATCH_BYTES;
        }

        /** The batch in parts: one shared array holds all numbers; the commands are the pieces given. */
        public List<Bytes> toParts() {
            BytesWriter out = new BytesWriter(Integer.BYTES * (1 + singles) + GROUP_BYTES * runs.size());
            out.i32(withGroups ? count | WITH_GROUPS : count);
            int next = 0;
            for (Run run : runs) {
                if (withGroups && !run.isWhole) {
                    out.i64(run.session).i64(run.first).i64(run.answeredBelow).i32(run.count);
                }
                for (int i = 0; i < run.pieces; i++, next++) {
                    if (!isBody[next]) {
                        out.i32(pieces.get(next).length());
                    }
                }
            }
            return interleaved(out.toBytes());
        }

        private List<Bytes> interleaved(Bytes numbers) {
            List<Bytes> parts = new ArrayList<>(1 + 2 * pieces.size());
            int from = 0;
            int to = Integer.BYTES;
            int next = 0;
            for (Run run : runs) {
                to += withGroups && !run.isWhole ? GROUP_BYTES : 0;
                for (int i = 0; i < run.pieces; i++, next++) {
                    // Numbers that lie side by side are one part.
                    to += isBody[next] ? 0 : Integer.BYTES;
                    if (to > from) {
                        parts.add(numbers.slice(from, to - from));
                        from = to;
                    }
                    parts.add(pieces.get(next));
                }
            }
            return parts;
        }
    }
}
