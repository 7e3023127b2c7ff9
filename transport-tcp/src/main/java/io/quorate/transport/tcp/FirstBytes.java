package io.quorate.transport.tcp;

import io.quorate.api.Bytes;
import io.quorate.spi.wire.FrameFormat;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The first bytes of a connection, for saying what spoke where TLS was expected.
 *
 * @param bytes what arrived, zeros behind it
 * @param size how many arrived
 */
record FirstBytes(byte[] bytes, int size) {

    /** How many are kept. */
    static final int MOST = 24;

    private static final int TLS_HANDSHAKE = 22;
    private static final int TLS_ALERT = 21;
    private static final List<String> HTTP_WORDS = List.of("GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "OPTIONS ",
        "PATCH ", "CONNECT ", "TRACE ", "PRI * ");

    /** Whether they can be the beginning of a TLS connection, as far as they go. */
    boolean looksLikeTls() {
        return size == 0
            || (bytes[0] == TLS_HANDSHAKE || bytes[0] == TLS_ALERT) && (size < 2 || bytes[1] == 3);
    }

    /** What they are, in words. */
    String description() {
        if (size == 0) {
            return "nothing";
        }
        String text = new String(bytes, 0, size, StandardCharsets.ISO_8859_1);
        String shown = "\"" + text.lines().findFirst().orElse("").replaceAll("[^\\x20-\\x7E]", "?") + "\"";
        if (HTTP_WORDS.stream().anyMatch(text::startsWith)) {
            return "an HTTP request (" + shown + ")";
        }
        if (text.startsWith("HTTP/")) {
            return "an HTTP response (" + shown + ")";
        }
        if (text.startsWith("SSH-")) {
            return "an SSH server or client (" + shown + ")";
        }
        if (size >= 4 && ByteBuffer.wrap(bytes).getInt() == FrameFormat.MAGIC) {
            return "a frame without TLS";
        }
        return "bytes " + Bytes.wrap(bytes.clone(), 0, size).hex();
    }
}
