package io.quorate.distribution.input;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.distribution.problem.Problem;
import java.io.BufferedReader;
import java.io.CharArrayReader;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Both formats, against the class of the JDK where there is one. */
final class EntryReaderTest {

    @TempDir
    private Path folder;

    @Test
    void readsJsonLines() throws Exception {
        List<Entry> entries = all("""
            {"key":"a","value":"text \\u00e4"}

            {"value":{"x": [1, true]},"key":"b"}
            {"key":"c","value":12.50}
            {"key":"d","value":null}
            {"key":"e","valueBase64":"AP8="}
            """, EntryReader.Format.JSONL);

        assertEquals(List.of("a", "b", "c", "d", "e"), entries.stream().map(Entry::key).toList());
        assertEquals(List.of(1L, 3L, 4L, 5L, 6L), entries.stream().map(Entry::line).toList());
        assertEquals("text \u00e4", entries.get(0).value().utf8());
        assertEquals("{\"x\":[1,true]}", entries.get(1).value().utf8());
        assertEquals("12.50", entries.get(2).value().utf8());
        assertEquals("null", entries.get(3).value().utf8());
        assertEquals("00ff", entries.get(4).value().hex());
    }

    @Test
    void namesTheLineOfEachWrongJsonObject() throws Exception {
        for (String wrong : List.of("[1]", "{\"key\":1,\"value\":\"x\"}", "{\"key\":\"a\"}", "{\"value\":\"a\"}",
                "{\"key\":\"a\",\"value\":1,\"more\":2}", "{\"key\":\"a\",\"value\":1} {}", "{\"key\":\"a\"",
                "nonsense",
                "{\"key\":\"a\",\"key\":\"b\",\"value\":1}", "{\"key\":\"a\",\"valueBase64\":\"!\"}")) {
            try (EntryReader reader = open("\n" + wrong + "\n{\"key\":\"k\",\"value\":\"v\"}\n",
                    EntryReader.Format.JSONL)) {
                EntryException refused = assertThrows(EntryException.class, reader::next, wrong);
                assertEquals(2, refused.line(), wrong);
                assertEquals("k", reader.next().orElseThrow().key(), "goes on behind " + wrong);
            }
        }
    }

    @Test
    void readsPropertiesAsTheJdkDoes() throws Exception {
        String text = """
            # comment
            ! another \\
            a=1
              b : 2
            c   3
            d
            e=
            f = x \\
                y\\
              z
            g\\=\\:\\ h = tab\\tnew\\nline\\u00e4\\\\
            empty-continuation=\\

            =no key
            i==j
            # comment that ends in a backslash \\
            k=\\a\\b
            last=end\\""";
        assertSame(text);
    }

    @Test
    void readsRandomPropertiesAsTheJdkDoes() throws Exception {
        SplittableRandom random = new SplittableRandom(4_711);
        String alphabet = "ab=: \t\\\n#!f\r";
        for (int round = 0; round < 20_000; round++) {
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(24); i > 0; i--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            assertSame(text.toString());
        }
    }

    @Test
    void namesTheLineOfAWrongEscape() throws Exception {
        try (EntryReader reader = open("a=1\nb=\\u12x4\nc=3\n", EntryReader.Format.PROPERTIES)) {
            assertEquals("a", reader.next().orElseThrow().key());
            EntryException refused = assertThrows(EntryException.class, reader::next);
            assertEquals(2, refused.line());
            assertEquals("c", reader.next().orElseThrow().key());
        }
    }

    @Test
    void readsTheSecurityPropertiesOfThisJava() throws Exception {
        Path file = Path.of(System.getProperty("java.home"), "conf", "security", "java.security");
        Properties expected = new Properties();
        try (Reader in = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            expected.load(in);
        }
        Map<String, String> found = new HashMap<>();
        try (EntryReader reader = EntryReader.open(file, EntryReader.Format.PROPERTIES, StandardCharsets.UTF_8)) {
            for (Optional<Entry> entry = reader.next(); entry.isPresent(); entry = reader.next()) {
                found.put(entry.get().key(), entry.get().value().utf8());
            }
        }
        assertEquals(expected, found);
        assertTrue(found.size() > 20);
    }

    @Test
    void refusesTextInAnotherEncoding() throws Exception {
        Path file = Files.write(folder.resolve("latin.properties"), new byte[] {'a', '=', (byte) 0xE4, '\n'});
        try (EntryReader reader = EntryReader.open(file, EntryReader.Format.PROPERTIES, StandardCharsets.UTF_8)) {
            assertThrows(CharacterCodingException.class, reader::next);
        }
    }

    @Test
    void tellsTheFormatByTheName() throws Exception {
        assertEquals(EntryReader.Format.JSONL, EntryReader.Format.of(Path.of("x.JSONL")));
        assertEquals(EntryReader.Format.PROPERTIES, EntryReader.Format.of(Path.of("x.properties")));
        assertThrows(Problem.class, () -> EntryReader.Format.of(Path.of("x.txt")));
    }

    private void assertSame(String text) throws IOException, EntryException {
        Properties expected = new Properties();
        expected.load(new CharArrayReader(text.toCharArray()));
        Map<String, String> found = new HashMap<>();
        try (EntryReader reader = new PropertiesReader(new BufferedReader(new StringReader(text)))) {
            for (Optional<Entry> entry = reader.next(); entry.isPresent(); entry = reader.next()) {
                found.put(entry.get().key(), entry.get().value().utf8());
            }
        }
        if (text.lines().anyMatch(line -> line.strip().equals("\\"))) {
            // Of a backslash alone at the end of the file the JDK makes an entry without key and value; here it is
            // none.
            expected.remove("");
            found.remove("");
        }
        assertEquals(expected, found, () -> "of " + text.replace("\n", "\\n"));
    }

    private List<Entry> all(String text, EntryReader.Format format) throws IOException, EntryException {
        List<Entry> entries = new ArrayList<>();
        try (EntryReader reader = open(text, format)) {
            for (Optional<Entry> entry = reader.next(); entry.isPresent(); entry = reader.next()) {
                entries.add(entry.get());
            }
        }
        return entries;
    }

    private EntryReader open(String text, EntryReader.Format format) throws IOException {
        return EntryReader.open(Files.writeString(folder.resolve("input"), text), format, StandardCharsets.UTF_8);
    }
}
