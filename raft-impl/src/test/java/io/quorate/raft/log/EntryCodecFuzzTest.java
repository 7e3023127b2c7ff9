package io.quorate.raft.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.BytesWriter;
import io.quorate.fuzz.Codecs;
import io.quorate.fuzz.Fuzzing;
import io.quorate.fuzz.FuzzInput;
import io.quorate.fuzz.Reached;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Series of records, as they lie in the log and travel: right, forged with a right checksum, and damaged. */
public final class EntryCodecFuzzTest {

    private static final Reached REACHED = new Reached();
    private static final int MAX_ENTRIES = 8;

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void holdsOnKeptAndSeededInputs() throws Exception {
        Fuzzing.shortRun(getClass(), 4_000, EntryCodecFuzzTest::fuzzerTestOneInput);
        REACHED.requirePercent(20, "read", "refused");
        REACHED.require(100, "entry");
    }

    public static void fuzzerTestOneInput(byte[] data) throws Exception {
        FuzzInput in = new FuzzInput(data);
        BytesWriter out = new BytesWriter();
        if (in.oneIn(12)) {
            out.raw(Bytes.wrap(in.rest()));
        }
        for (int i = in.below(6); i > 0; i--) {
            out.raw(FuzzRecords.record(in, Stores.CODEC, in.number(), in.number()));
        }
        Bytes source = out.raw(in.some(30)).toBytes();
        Optional<List<LogEntry>> read = Codecs.hostile(source, bytes -> Stores.CODEC.decodeAll(bytes, MAX_ENTRIES),
            entries -> Codecs.joined(entries.stream().map(LogEntry::encoded).toList()));
        REACHED.count(read.isPresent() ? "read" : "refused");
        for (LogEntry entry : read.orElse(List.of())) {
            REACHED.count("entry");
            assertTrue(entry.term() >= 1 && entry.index() >= 1 && entry.type() != null);
            // A record says the same in one cluster's words only, and is what this codec itself would write.
            assertEquals(entry, Stores.CODEC.encode(entry.term(), entry.index(), entry.type(),
                List.of(entry.payload())));
        }
    }
}
