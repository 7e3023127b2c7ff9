package io.quorate.distribution.cli;

import io.quorate.api.Bytes;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;

/** Keys and values are bytes; mostly they are text, and then they are shown as such. */
final class Values {

    private static final int MAX_CELL_CHARACTERS = 60;

    private Values() {
    }

    /** Text as it is; bytes that are no UTF-8 text in base 64 behind {@code base64:}. */
    static String text(Bytes bytes) {
        return utf8(bytes).orElseGet(() -> "base64:" + base64(bytes));
    }

    /** For a table: on one line, and shortened. */
    static String cell(Bytes bytes) {
        String text = text(bytes).replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t");
        if (text.codePoints().anyMatch(Character::isISOControl)) {
            // Bytes that would move the cursor or ring the bell do not reach the terminal.
            text = "base64:" + base64(bytes);
        }
        return text.length() <= MAX_CELL_CHARACTERS ? text
            : text.substring(0, text.offsetByCodePoints(0, Math.min(MAX_CELL_CHARACTERS - 3,
                text.codePointCount(0, text.length())))) + "...";
    }

    /** As {@code name} if it is text, otherwise as {@code nameBase64}. */
    static void put(Map<String, Object> object, String name, Bytes bytes) {
        Optional<String> text = utf8(bytes);
        if (text.isPresent()) {
            object.put(name, text.get());
        } else {
            object.put(name + "Base64", base64(bytes));
        }
    }

    private static Optional<String> utf8(Bytes bytes) {
        try {
            return Optional.of(StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT)
                .decode(bytes.asByteBuffer()).toString());
        } catch (CharacterCodingException ignored) {
            return Optional.empty();
        }
    }

    private static String base64(Bytes bytes) {
        return Base64.getEncoder().encodeToString(bytes.toByteArray());
    }
}
