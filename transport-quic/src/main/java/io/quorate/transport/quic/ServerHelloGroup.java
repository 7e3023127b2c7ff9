package io.quorate.transport.quic;

import io.netty.buffer.Unpooled;
import io.quorate.api.Bytes;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Reads from a TLS 1.3 ServerHello, or a HelloRetryRequest, which key-exchange group the server has chosen.
 *
 * <p>Pure functions; any thread.
 */
final class ServerHelloGroup {

    private static final int SERVER_HELLO = 2;
    private static final int LEGACY_VERSION = 0x0303;
    private static final int RANDOM_BYTES = 32;
    private static final int MOST_SESSION_ID_BYTES = 32;
    private static final int KEY_SHARE = 51;
    private static final int GROUP_BYTES = 2;
    private static final int SHARE_HEAD_BYTES = 4;

    // A ServerHello with this random is a HelloRetryRequest (RFC 8446 §4.1.3).
    private static final Bytes RETRY_RANDOM = Bytes.wrap(HexFormat.of().parseHex(
        "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"));

    private ServerHelloGroup() {
    }

    /**
     * The chosen group's name.
     *
     * @param prefix the message from its first byte on; its end may be missing, since an ML-KEM share makes it span
     *     two packets and the group's number comes before the share
     * @return empty if the message has no key share (a resumption without a new exchange), if the bytes do not reach
     *     as far, or if they are no such message
     */
    static Optional<String> of(Bytes prefix) {
        byte[] bytes = prefix.toByteArray();
        BoundedReader reader = new BoundedReader(Unpooled.wrappedBuffer(bytes), 0, bytes.length);
        // RFC 8446 §4.1.3.
        int type = reader.unsignedByte();
        reader.skip(3);
        int version = reader.unsignedShort();
        Bytes random = reader.bytes(RANDOM_BYTES);
        int sessionIdBytes = reader.unsignedByte();
        reader.skip(sessionIdBytes);
        reader.skip(Short.BYTES);
        int compression = reader.unsignedByte();
        int extensionBytes = reader.unsignedShort();
        if (reader.failed() || type != SERVER_HELLO || version != LEGACY_VERSION
            || sessionIdBytes > MOST_SESSION_ID_BYTES || compression != 0) {
            return Optional.empty();
        }
        int endOfExtensions = reader.at() + extensionBytes;
        while (!reader.failed() && reader.at() < endOfExtensions) {
            int extension = reader.unsignedShort();
            int size = reader.unsignedShort();
            if (extension == KEY_SHARE) {
                return size <= endOfExtensions - reader.at() ? group(reader, size, random) : Optional.empty();
            }
            reader.skip(size);
        }
        return Optional.empty();
    }

    // RFC 8446 §4.2.8: a ServerHello has the group and its share, a HelloRetryRequest the group alone.
    private static Optional<String> group(BoundedReader reader, int size, Bytes random) {
        int number = reader.unsignedShort();
        boolean fits;
        if (random.equals(RETRY_RANDOM)) {
            fits = size == GROUP_BYTES;
        } else {
            int shareBytes = reader.unsignedShort();
            fits = shareBytes > 0 && size == SHARE_HEAD_BYTES + shareBytes;
        }
        return fits && !reader.failed() ? Optional.of(name(number)) : Optional.empty();
    }

    /**
     * A group's name in the IANA registry of TLS supported groups; but those that BoringSSL knows as it names them, so
     * that a listing shows one group under one name whatever the transport. What has no name here is its number.
     */
    private static String name(int number) {
        return switch (number) {
            case 0x0017 -> "P-256";
            case 0x0018 -> "P-384";
            case 0x0019 -> "P-521";
            case 0x001D -> "X25519";
            case 0x001E -> "x448";
            case 0x0200 -> "MLKEM512";
            case 0x0201 -> "MLKEM768";
            case 0x0202 -> "MLKEM1024";
            case 0x11EB -> "SecP256r1MLKEM768";
            case 0x11EC -> "X25519MLKEM768";
            case 0x11ED -> "SecP384r1MLKEM1024";
            default -> "0x%04X".formatted(number);
        };
    }
}
