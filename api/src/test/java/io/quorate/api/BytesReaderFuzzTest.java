package io.quorate.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.fuzz.Allocation;
import io.quorate.fuzz.Fuzzing;
import io.quorate.fuzz.FuzzInput;
import io.quorate.fuzz.Reached;
import org.junit.jupiter.api.Test;

/** The reader below every decoder: any series of questions about any bytes, and everything that the writer wrote. */
public final class BytesReaderFuzzTest {

    private static final Reached REACHED = new Reached();
    private static final int MAX_STEPS = 32;

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void holdsOnKeptAndSeededInputs() throws Exception {
        Fuzzing.shortRun(getClass(), 5_000, BytesReaderFuzzTest::fuzzerTestOneInput);
        REACHED.requirePercent(20, "answered", "refused");
        REACHED.require(100, "written and read",
            "question 4", "question 7", "question 8", "question 9");
    }

    public static void fuzzerTestOneInput(byte[] data) throws Exception {
        FuzzInput in = new FuzzInput(data);
        if (in.oneIn(2)) {
            writtenAndRead(in);
            return;
        }
        byte[] questions = in.bytes(MAX_STEPS);
        Bytes source = in.oneIn(3) ? Bytes.wrap(in.rest()) : answers(in, questions);
        Allocation.bounded(source.length(), 64, () -> ask(source, questions));
    }

    /** Bytes that answer the questions, as a rule: lengths that were drawn at random would all be too large. */
    private static Bytes answers(FuzzInput in, byte[] questions) {
        BytesWriter out = new BytesWriter();
        for (byte question : questions) {
            int limit = (question & 0xFF) / 10;
            switch (in.oneIn(8) ? 10 : (question & 0xFF) % 10) {
                case 4 -> out.bool(in.oneIn(2));
                case 5 -> out.raw(in.exactly(limit));
                case 7, 8 -> out.bytes(in.some(limit));
                case 9 -> out.i32(in.below(limit + 1));
                default -> out.raw(in.some(8));
            }
        }
        return out.raw(in.some(64)).toBytes();
    }

    private static void ask(Bytes source, byte[] questions) {
        BytesReader reader = new BytesReader(source);
        for (byte question : questions) {
            int before = reader.position();
            try {
                int taken = answer(reader, question & 0xFF);
                assertEquals(before + taken, reader.position(), "question " + question);
                REACHED.count("answered");
                REACHED.count("question " + (question & 0xFF) % 10);
            } catch (MalformedBytesException e) {
                assertTrue(e.getMessage().contains("found") && e.getMessage().contains("expected"), e.getMessage());
                REACHED.count("refused");
            }
            assertTrue(reader.position() >= before);
            assertEquals(source.length(), reader.position() + reader.remaining());
        }
    }

    /** Asks one question; the answer is how many bytes its value had. */
    private static int answer(BytesReader reader, int question) throws MalformedBytesException {
        int limit = question / 10;
        switch (question % 10) {
            case 0 -> {
                return within(reader.u8(), 0, 0xFF, 1);
            }
            case 1 -> {
                return within(reader.u16(), 0, 0xFFFF, 2);
            }
            case 2 -> {
                reader.i32();
                return 4;
            }
            case 3 -> {
                reader.i64();
                return 8;
            }
            case 4 -> {
                reader.bool();
                return 1;
            }
            case 5 -> {
                return within(reader.raw(limit).length(), limit, limit, limit);
            }
            case 6 -> {
                return within(reader.raw(-1 - limit).length(), 1, 0, 0);
            }
            case 7 -> {
                int length = reader.bytes(limit).length();
                return within(length, 0, limit, 4 + length);
            }
            case 8 -> {
                int before = reader.remaining();
                reader.string(limit);
                int taken = before - reader.remaining();
                return within(taken, 4, 4 + limit, taken);
            }
            default -> {
                int count = reader.count(limit, 3);
                assertTrue(count * 3 <= reader.remaining());
                return within(count, 0, limit, 4);
            }
        }
    }

    private static int within(long value, long least, long most, int bytes) {
        assertTrue(value >= least && value <= most, "found " + value + ", expected " + least + " to " + most);
        return bytes;
    }

    private static void writtenAndRead(FuzzInput in) throws MalformedBytesException {
        int steps = in.below(MAX_STEPS);
        byte[] decisions = in.rest();
        BytesWriter out = new BytesWriter(in.u8());
        FuzzInput values = new FuzzInput(decisions);
        for (int i = 0; i < steps; i++) {
            switch (values.below(7)) {
                case 0 -> out.u8(values.u8());
                case 1 -> out.u16(values.u16());
                case 2 -> out.i32(values.i32());
                case 3 -> out.i64(values.number());
                case 4 -> out.bool(values.oneIn(2));
                case 5 -> out.bytes(values.some(40));
                default -> out.string(values.text(40));
            }
        }
        BytesReader reader = new BytesReader(out.toBytes());
        FuzzInput same = new FuzzInput(decisions);
        for (int i = 0; i < steps; i++) {
            switch (same.below(7)) {
                case 0 -> assertEquals(same.u8(), reader.u8());
                case 1 -> assertEquals(same.u16(), reader.u16());
                case 2 -> assertEquals(same.i32(), reader.i32());
                case 3 -> assertEquals(same.number(), reader.i64());
                case 4 -> assertEquals(same.oneIn(2), reader.bool());
                case 5 -> assertEquals(same.some(40), reader.bytes(40));
                default -> assertEquals(same.text(40), reader.string(160));
            }
        }
        reader.end();
        REACHED.count("written and read");
    }
}
