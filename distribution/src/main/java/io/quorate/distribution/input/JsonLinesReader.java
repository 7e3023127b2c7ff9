package io.quorate.distribution.input;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.quorate.api.Bytes;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringWriter;
import java.util.Base64;
import java.util.Optional;

/**
 * One JSON object a line: {@code {"key": "...", "value": ...}}. A string is stored as its UTF-8 bytes, any other
 * value as its JSON text; {@code "valueBase64"} instead of {@code "value"} gives arbitrary bytes. Blank lines are
 * passed over.
 */
final class JsonLinesReader implements EntryReader {

    private static final JsonFactory FACTORY = JsonFactory.builder()
        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

    private final BufferedReader lines;
    private long number;

    JsonLinesReader(BufferedReader lines) {
        this.lines = lines;
    }

    @Override
    public Optional<Entry> next() throws EntryException, IOException {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            number++;
            if (!line.isBlank()) {
                return Optional.of(parse(line));
            }
        }
        return Optional.empty();
    }

    private Entry parse(String line) throws EntryException, IOException {
        try (JsonParser in = FACTORY.createParser(line)) {
            if (in.nextToken() != JsonToken.START_OBJECT) {
                throw wrong("found no JSON object, expected {\"key\": ..., \"value\": ...}");
            }
            String key = null;
            Bytes value = null;
            while (in.nextToken() == JsonToken.FIELD_NAME) {
                String field = in.currentName();
                JsonToken token = in.nextToken();
                switch (field) {
                    case "key" -> {
                        if (token != JsonToken.VALUE_STRING) {
                            throw wrong("found a key that is no string, expected \"key\": \"...\"");
                        }
                        key = in.getText();
                    }
                    case "value" -> value = token == JsonToken.VALUE_STRING ? Bytes.utf8(in.getText()) : json(in);
                    case "valueBase64" -> value = base64(in.getValueAsString(""));
                    default -> throw wrong("found field \"" + field
                        + "\", expected only \"key\" and \"value\" (or \"valueBase64\")");
                }
            }
            if (key == null || value == null) {
                throw wrong("found no \"" + (key == null ? "key" : "value") + "\", expected both key and value");
            }
            if (in.nextToken() != null) {
                throw wrong("found more behind the object, expected one object a line");
            }
            return new Entry(number, key, value);
        } catch (JsonProcessingException e) {
            throw wrong("this is not JSON: " + e.getOriginalMessage());
        }
    }

    private static Bytes json(JsonParser in) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator out = FACTORY.createGenerator(text)) {
            out.copyCurrentStructureExact(in);
        }
        return Bytes.utf8(text.toString());
    }

    private Bytes base64(String text) throws EntryException {
        try {
            return Bytes.wrap(Base64.getDecoder().decode(text));
        } catch (IllegalArgumentException e) {
            throw wrong("found \"valueBase64\" that is not base 64: " + e.getMessage());
        }
    }

    private EntryException wrong(String message) {
        return new EntryException(number, message);
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }
}
