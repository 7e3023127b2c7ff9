package io.quorate.distribution.input;

import io.quorate.distribution.problem.Problem;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** A stream of entries. Used by one thread. */
public interface EntryReader extends AutoCloseable {

    /**
     * The next entry, or empty at the end.
     *
     * @throws EntryException if this entry is not of the format; the next call goes on behind it where that is possible
     * @throws IOException if reading fails
     */
    Optional<Entry> next() throws EntryException, IOException;

    @Override
    void close() throws IOException;

    /** The formats. */
    enum Format {
        /** One JSON object a line, with {@code key} and {@code value}. */
        JSONL,
        /** {@code key=value} lines as {@link java.util.Properties} reads them. */
        PROPERTIES;

        /** The format that a file's name tells. */
        public static Format of(Path file) throws Problem {
            String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
            if (name.endsWith(".properties")) {
                return PROPERTIES;
            }
            if (name.endsWith(".jsonl") || name.endsWith(".ndjson") || name.endsWith(".json")) {
                return JSONL;
            }
            throw Problem.usage("the name of " + file + " does not tell its format",
                "a name that ends in .jsonl, .ndjson, .json or .properties",
                "add --format jsonl or --format properties");
        }
    }

    /** Opens a file; text that is not in {@code encoding} is an {@link IOException}, never replaced silently. */
    static EntryReader open(Path file, Format format, Charset encoding) throws IOException {
        CharsetDecoder decoder = encoding.newDecoder().onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
        BufferedReader lines = new BufferedReader(new InputStreamReader(Files.newInputStream(file), decoder), 1 << 16);
        return switch (format) {
            case JSONL -> new JsonLinesReader(lines);
            case PROPERTIES -> new PropertiesReader(lines);
        };
    }
}
