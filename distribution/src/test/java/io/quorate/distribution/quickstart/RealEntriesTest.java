package io.quorate.distribution.quickstart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.distribution.input.Entry;
import io.quorate.distribution.input.EntryReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The entries of the check are a thousand, and come back as they were written. */
final class RealEntriesTest {

    @TempDir
    private Path folder;

    @Test
    void writesAThousandThatReadBackTheSame() throws Exception {
        Path file = folder.resolve("entries.jsonl");
        Map<String, String> written = RealEntries.write(file);

        Map<String, String> read = new HashMap<>();
        try (EntryReader reader = EntryReader.open(file, EntryReader.Format.JSONL, StandardCharsets.UTF_8)) {
            for (Optional<Entry> entry = reader.next(); entry.isPresent(); entry = reader.next()) {
                read.put(entry.get().key(), entry.get().value().utf8());
            }
        }
        assertEquals(RealEntries.COUNT, written.size());
        assertEquals(written, read);
        assertEquals("Switzerland", read.get("country/CH"));
        assertTrue(read.keySet().stream().anyMatch(key -> key.startsWith("timezone/")));
    }
}
