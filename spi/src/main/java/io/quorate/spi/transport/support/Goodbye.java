package io.quorate.spi.transport.support;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameKind;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * The last frame of a connection that is closed on purpose: u8 the code of the reason's kind, then UTF-8 for people.
 * Part of the wire format, on every transport. Stateless; thread-safe.
 */
public final class Goodbye {

    private static final int MAX_DETAIL_CHARS = 1_000;

    private Goodbye() {
    }

    /** The frame that tells the other side {@code reason}; what is too long is cut. */
    public static Frame frame(CloseReason reason) {
        String detail = reason.detail().length() <= MAX_DETAIL_CHARS
            ? reason.detail() : reason.detail().substring(0, MAX_DETAIL_CHARS);
        byte[] text = detail.getBytes(StandardCharsets.UTF_8);
        byte[] payload = new byte[1 + text.length];
        payload[0] = (byte) reason.kind().code();
        System.arraycopy(text, 0, payload, 1, text.length);
        return Frame.control(FrameKind.GOODBYE, 0, Bytes.wrap(payload));
    }

    /** What a received goodbye means for this side: the sender's kind and words. */
    public static CloseReason read(Frame goodbye) {
        Bytes payload = goodbye.body();
        if (payload.isEmpty()) {
            return CloseReason.of(CloseReason.Kind.GOODBYE, "the other side closed, without a reason");
        }
        return read(payload.at(0) & 0xFF, payload.slice(1, payload.length() - 1).utf8());
    }

    /** The same, for a transport that has the code and the words in a closing of its own too. */
    public static CloseReason read(int code, String words) {
        CloseReason.Kind kind = CloseReason.Kind.ofCode(code);
        String detail = Causes.plain(words);
        String label = kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
        return CloseReason.of(CloseReason.Kind.GOODBYE, detail.isEmpty() ? label : label + ": " + detail);
    }

    /** Whether the other side is told; it knows already when it said goodbye itself or is not there any more. */
    public static boolean isSaid(CloseReason reason) {
        return switch (reason.kind()) {
            case LOST, GOODBYE -> false;
            case NORMAL, REFUSED, SHUTDOWN, SUPERSEDED, UNRESPONSIVE, VIOLATION, CALL_RESET, HANDSHAKE_LIMIT,
                CERTIFICATE_EXPIRED -> true;
        };
    }
}
