package io.quorate.registry.session;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.BytesWriter;
import io.quorate.api.MalformedBytesException;
import io.quorate.spi.transport.RefusalReason;
import java.util.Optional;

/**
 * What one side has decided about the other's hello: the second and last frame of a handshake in each direction.
 *
 * @param refusal why it was refused; empty if it was accepted
 * @param detail for people: what was found and what was expected
 * @param nonce the nonce of the hello that it judges, so that a verdict of another connection is worth nothing here;
 *     all zero if the hello could not be read
 */
public record Verdict(Optional<RefusalReason> refusal, String detail, Bytes nonce) {

    /** The longest detail, in characters. */
    public static final int MAX_DETAIL_CHARS = 1_000;

    /** The first byte of the payload. */
    static final int MESSAGE = 2;

    private static final int MAX_DETAIL_BYTES = 4 * MAX_DETAIL_CHARS;
    private static final int ACCEPTED = 0;
    private static final Bytes UNREAD = Bytes.wrap(new byte[Hello.NONCE_BYTES]);

    public Verdict {
        detail = detail.length() <= MAX_DETAIL_CHARS ? detail : detail.substring(0, MAX_DETAIL_CHARS);
        if (nonce.length() != Hello.NONCE_BYTES) {
            throw new IllegalArgumentException("found a nonce of " + nonce.length() + " bytes, expected "
                + Hello.NONCE_BYTES);
        }
    }

    static Verdict accept(Hello judged) {
        return new Verdict(Optional.empty(), "", judged.nonce());
    }

    static Verdict refuse(RefusalReason reason, String detail, Optional<Hello> judged) {
        return new Verdict(Optional.of(reason), detail, judged.map(Hello::nonce).orElse(UNREAD));
    }

    public boolean accepted() {
        return refusal.isEmpty();
    }

    /** Whether it judges a hello with this nonce, or one that could not be read. */
    boolean judges(Bytes sentNonce) {
        return nonce.equals(sentNonce) || !accepted() && nonce.equals(UNREAD);
    }

    /** The payload of its frame. */
    public Bytes encode() {
        return new BytesWriter(128).u8(MESSAGE).u16(refusal.map(RefusalReason::code).orElse(ACCEPTED)).raw(nonce)
            .string(detail).toBytes();
    }

    /**
     * Reads what {@link #encode} wrote. A reason that this build does not know is still a refusal: it becomes
     * {@link RefusalReason#REFUSED_BY_PEER}.
     */
    public static Verdict decode(Bytes payload) throws MalformedBytesException {
        BytesReader in = new BytesReader(payload);
        int message = in.u8();
        if (message != MESSAGE) {
            throw new MalformedBytesException("found message " + message + ", expected a verdict (" + MESSAGE + ")");
        }
        int code = in.u16();
        Bytes nonce = in.raw(Hello.NONCE_BYTES);
        String detail = in.string(MAX_DETAIL_BYTES);
        in.end();
        if (code == ACCEPTED) {
            return new Verdict(Optional.empty(), detail, nonce);
        }
        RefusalReason reason = RefusalReason.ofCode(code);
        return reason != null ? new Verdict(Optional.of(reason), detail, nonce)
            : new Verdict(Optional.of(RefusalReason.REFUSED_BY_PEER), "reason " + code + ": " + detail, nonce);
    }
}
