package io.quorate.distribution.input;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.fuzz.Fuzzing;
import io.quorate.fuzz.FuzzInput;
import io.quorate.fuzz.Reached;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringReader;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.junit.jupiter.api.Test;

/** Files to import: every entry is read or complained of with its line, and the reader of properties is the JDK's. */
public final class EntryReaderFuzzTest {

    private static final Reached REACHED = new Reached();
    private static final List<String> JSON = List.of("{\"key\":\"a\",\"value\":\"x\"}", "{\"value\":{\"x\":[1,2.5e9]},"
        + "\"key\":\"b\"}", "{\"key\":\"c\",\"valueBase64\":\"AP8=\"}", "{\"key\":1}", "{\"key\":\"a\"}", "[1]", "",
        "{\"key\":\"a\",\"value\":null,\"more\":1}", "{\"key\":\"a\",\"value\":1} x", "{\"key\":\"\\ud800\",\"value\":"
        + "\"\\u0000\"}", "{\"key\":\"a\",\"value\":1e999999}", "{\"key\":\"a\",\"value\":NaN}", "{", "\"",
        "{\"key\":\"a\",\"valueBase64\":\"!\"}", "{\"key\":\"a\",\"valueBase64\":{\"x\":1}}");
    private static final List<String> PROPERTIES = List.of("a=1", "b : 2", "c 3", "#x", "!x", "d\\=e=f", "g=h\\", "\\",
        "  i=\\u0041\\t\\n", "j", "=k", "l=\\u12", "m=\\uD800", "n=a\\\\", ":", "\\ =", "o\f=p", "q=r\\\r\n  s");

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void holdsOnKeptAndSeededInputs() throws Exception {
        Fuzzing.shortRun(getClass(), 1_200, EntryReaderFuzzTest::fuzzerTestOneInput);
        REACHED.requirePercent(15, "json", "no json");
        REACHED.requirePercent(15, "property", "no property");
        REACHED.require(200, "as the JDK");
    }

    public static void fuzzerTestOneInput(byte[] data) throws Exception {
        FuzzInput in = new FuzzInput(data);
        boolean json = in.oneIn(2);
        String text = text(in, json ? JSON : PROPERTIES);
        long lines = new BufferedReader(new StringReader(text)).lines().count();
        Map<String, String> all = new HashMap<>();
        boolean clean = true;
        try (EntryReader reader = json ? new JsonLinesReader(new BufferedReader(new StringReader(text)))
                : new PropertiesReader(new BufferedReader(new StringReader(text)))) {
            // Each call takes a line at least: more calls than lines would be a reader that stands still.
            for (long calls = 0; calls <= lines + 1; calls++) {
                Optional<Entry> entry;
                try {
                    entry = reader.next();
                } catch (EntryException e) {
                    assertTrue(e.line() >= 1 && e.line() <= lines, e.line() + " of " + lines);
                    assertTrue(e.getMessage() != null && !e.getMessage().isBlank());
                    REACHED.count(json ? "no json" : "no property");
                    clean = false;
                    continue;
                }
                if (entry.isEmpty()) {
                    if (!json) {
                        compare(text, all, clean);
                    }
                    return;
                }
                assertTrue(entry.get().line() >= 1 && entry.get().line() <= lines);
                assertNotNull(entry.get().value());
                all.put(entry.get().key(), entry.get().value().utf8());
                REACHED.count(json ? "json" : "property");
            }
        }
        throw new AssertionError("found no end of " + lines + " lines");
    }

    private static void compare(String text, Map<String, String> all, boolean clean) throws IOException {
        Properties expected = new Properties();
        try {
            expected.load(new StringReader(text));
        } catch (IllegalArgumentException e) {
            assertTrue(!clean, "the JDK refuses what was read: " + e.getMessage());
            return;
        }
        if (clean) {
            Map<String, String> same = new HashMap<>();
            // A lone surrogate has no UTF-8, and is a question mark there.
            expected.forEach((key, value) -> same.put((String) key, Bytes.utf8((String) value).utf8()));
            if (text.strip().endsWith("\\")) {
                // A backslash alone in the last line is an entry without key and value to the JDK, though anywhere
                // else it is nothing; to this reader it is nothing there too.
                same.remove("");
                all.remove("");
            }
            assertEquals(same, all);
            REACHED.count("as the JDK");
        }
    }

    private static String text(FuzzInput in, List<String> lines) {
        StringBuilder text = new StringBuilder();
        while (in.hasMore() && text.length() < 1_000) {
            text.append(in.oneIn(6) ? in.text(30) : in.pick(lines));
            if (in.oneIn(8)) {
                text.insert(in.below(text.length() + 1), in.pick("\\", "\"", "{", "\u0000", "=", "\r", "\n", "\\u"));
            }
            text.append(in.oneIn(16) ? "\r" : "\n");
        }
        return text.toString();
    }
}
