package io.quorate.spi.transport.support;

import java.util.Optional;
import java.util.regex.Pattern;

/** Reads chains of causes, and turns what libraries say into words for people. Stateless; thread-safe. */
public final class Causes {

    /** Causes can form a ring; no real chain is longer. */
    private static final int MAX_DEPTH = 16;
    private static final int MAX_CHARS = 300;
    /** More of a text is not even looked at: part of it may be a stranger's, and patterns have their price. */
    private static final int MAX_READ_CHARS = 1_000;
    private static final Pattern CLASS_NAMES = Pattern.compile("\\b(?:[a-z][a-z0-9_]*+\\.)++[A-Z][A-Za-z0-9_$]*+:? ?");
    private static final Pattern NATIVE_PREFIX =
        Pattern.compile("error:[0-9a-fA-F]+:(?:SSL|X\\.509 certificate) routines:OPENSSL_internal:");

    private Causes() {
    }

    /** The first throwable of {@code type} among {@code thrown} and its causes. */
    public static <T extends Throwable> Optional<T> find(Throwable thrown, Class<T> type) {
        Throwable at = thrown;
        for (int depth = 0; at != null && depth < MAX_DEPTH; depth++) {
            if (type.isInstance(at)) {
                return Optional.of(type.cast(at));
            }
            at = at.getCause();
        }
        return Optional.empty();
    }

    /** All messages of the chain, one after another, for searching. */
    public static String text(Throwable thrown) {
        StringBuilder text = new StringBuilder();
        Throwable at = thrown;
        for (int depth = 0; at != null && depth < MAX_DEPTH; depth++) {
            text.append(at.getMessage()).append('\n');
            at = at.getCause();
        }
        return text.toString();
    }

    /** What the innermost cause says, without class names and library prefixes. */
    public static String root(Throwable thrown) {
        Throwable at = thrown;
        String said = null;
        for (int depth = 0; at != null && depth < MAX_DEPTH; depth++) {
            if (at.getMessage() != null && !at.getMessage().isBlank()) {
                said = at.getMessage();
            }
            at = at.getCause();
        }
        return said == null ? "no reason given" : plain(said);
    }

    /** {@code text} in one line of bounded length, without class names, library prefixes and control characters. */
    public static String plain(String text) {
        String start = text.length() <= MAX_READ_CHARS ? text : text.substring(0, MAX_READ_CHARS);
        String plain = NATIVE_PREFIX.matcher(start).replaceAll("");
        plain = CLASS_NAMES.matcher(plain).replaceAll("").replaceAll("[\\p{Cntrl}\\s]+", " ").strip();
        return plain.length() <= MAX_CHARS ? plain : plain.substring(0, MAX_CHARS) + "…";
    }
}
