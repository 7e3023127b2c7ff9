package io.quorate.registry.node;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.BytesWriter;
import io.quorate.api.MalformedBytesException;
import io.quorate.registry.protocol.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * What the replicas remember of one session: which sequences were applied, and with what result, as long as its owner
 * may still ask. Apply thread only.
 *
 * <p>Sequences arrive in any order, since a batch may be lost on the way and be overtaken by the next. So what was
 * applied is a set of runs. All sequences below {@link #goneBelow} are settled: none of them is applied any more.
 */
final class ClientSession {

    /**
     * Results of consecutive sequences, which were applied by one entry. Immutable.
     *
     * @param packed for each {@code u8 rejected, i32 length, bytes}; one array for all, whatever the state machine's
     *     results were slices of
     */
    record Run(long first, int count, Bytes packed) {

        long end() {
            return first + count;
        }

        int bytes() {
            return packed.length() + SessionLimits.RUN_OVERHEAD_BYTES;
        }

        Outcome outcome(long sequence) {
            int at = 0;
            for (long skip = sequence - first; skip > 0; skip--) {
                at += 1 + Integer.BYTES + length(at);
            }
            Bytes payload = packed.slice(at + 1 + Integer.BYTES, length(at));
            return new Outcome(packed.at(at) == 0 ? Outcome.Kind.OK : Outcome.Kind.REJECTED, payload);
        }

        private int length(int at) {
            return (packed.at(at + 1) & 0xFF) << 24 | (packed.at(at + 2) & 0xFF) << 16
                | (packed.at(at + 3) & 0xFF) << 8 | packed.at(at + 4) & 0xFF;
        }
    }

    /** What is written of a session into a snapshot. Immutable. */
    record Image(long id, long lastUsedMillis, long goneBelow, long highest, List<Run> runs) {

        void encode(BytesWriter out) {
            out.i64(id).i64(lastUsedMillis).i64(goneBelow).i64(highest).i32(runs.size());
            for (Run run : runs) {
                out.i64(run.first).i32(run.count).bytes(run.packed);
            }
        }
    }

    private final long id;
    private final NavigableMap<Long, Run> runs = new TreeMap<>();
    private long lastUsedMillis;
    private long goneBelow = 1;
    private long highest;
    private int results;
    private long bytes = SessionLimits.SESSION_OVERHEAD_BYTES;

    ClientSession(long id, long nowMillis) {
        this.id = id;
        this.lastUsedMillis = nowMillis;
    }

    long id() {
        return id;
    }

    long lastUsedMillis() {
        return lastUsedMillis;
    }

    void usedAt(long nowMillis) {
        lastUsedMillis = nowMillis;
    }

    /** What it takes in memory, in bytes, objects included. */
    long bytes() {
        return bytes;
    }

    /** What is to be answered without applying the command; null if it is to be applied. */
    Outcome known(long sequence) {
        if (sequence > highest) {
            return null;
        }
        if (sequence < goneBelow) {
            return Outcome.RESULT_GONE;
        }
        var at = runs.floorEntry(sequence);
        return at == null || at.getValue().end() <= sequence ? null : at.getValue().outcome(sequence);
    }

    /** The owner waits for nothing below {@code sequence} any more. */
    void answeredBelow(long sequence) {
        while (!runs.isEmpty() && runs.firstEntry().getValue().end() <= sequence) {
            drop();
        }
        goneBelow = Math.max(goneBelow, sequence);
        // Also without a run: a sequence that was given up before it came must not be taken for a new one.
        highest = Math.max(highest, sequence - 1);
    }

    /** Keeps results of sequences that were not known; drops the oldest if there are too many. */
    void keep(Run run) {
        runs.put(run.first, run);
        highest = Math.max(highest, run.end() - 1);
        results += run.count;
        bytes += run.bytes();
        while (results > SessionLimits.MAX_RESULTS_PER_SESSION || bytes > SessionLimits.MAX_BYTES_PER_SESSION) {
            goneBelow = Math.max(goneBelow, runs.firstEntry().getValue().end());
            drop();
        }
    }

    private void drop() {
        Run first = runs.pollFirstEntry().getValue();
        results -= first.count;
        bytes -= first.bytes();
    }

    Image image() {
        return new Image(id, lastUsedMillis, goneBelow, highest, new ArrayList<>(runs.values()));
    }

    /** Reads what {@link Image#encode} wrote. */
    static ClientSession decode(BytesReader in) throws MalformedBytesException {
        ClientSession session = new ClientSession(in.i64(), in.i64());
        session.goneBelow = in.i64();
        session.highest = in.i64();
        int count = in.count(SessionLimits.MAX_RESULTS_PER_SESSION, Long.BYTES + 2 * Integer.BYTES);
        long end = 0;
        for (int i = 0; i < count; i++) {
            Run run = new Run(in.i64(), in.i32(), in.bytes(Integer.MAX_VALUE));
            if (run.first < Math.max(1, end) || run.count < 1 || run.end() - 1 > session.highest) {
                throw new MalformedBytesException("found results of session " + session.id + " from sequence "
                    + run.first + " on, " + run.count + " of them, expected them in order and up to "
                    + session.highest);
            }
            check(run);
            end = run.end();
            session.runs.put(run.first, run);
            session.results += run.count;
            session.bytes += run.bytes();
        }
        return session;
    }

    private static void check(Run run) throws MalformedBytesException {
        BytesReader in = new BytesReader(run.packed);
        for (int i = 0; i < run.count; i++) {
            in.bool();
            in.bytes(in.remaining());
        }
        in.end();
    }
}
