package io.quorate.transport.quic;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.quic.QuicTokenHandler;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Proves that whoever asks for a connection receives at the address that he writes on his packets (RFC 9000 §8.1.2):
 * the first packet is answered with a token, and nothing is kept or computed for a client before he has brought it
 * back. Half-done handshakes from forged addresses then cost one HMAC each.
 *
 * <pre>
 *  0  u64  expiry, in milliseconds of this process's own clock
 *  8  32   HMAC-SHA-256 over a label, the expiry, the address, the port and the original destination connection id
 * 40  ...  the original destination connection id
 * </pre>
 *
 * <p>The key is this process's own and random. On the listener's thread alone.
 */
final class RetryTokens implements QuicTokenHandler {

    private static final byte[] LABEL = "quorate retry v1".getBytes(StandardCharsets.US_ASCII);
    private static final String ALGORITHM = "HmacSHA256";
    private static final int KEY_BYTES = 32;
    private static final int MAC_BYTES = 32;
    private static final int FIXED_BYTES = Long.BYTES + MAC_BYTES;

    /** RFC 9000 §17.2. */
    private static final int MAX_CONNECTION_ID_BYTES = 20;

    private final Mac mac;
    private final long validMillis;
    private final LongSupplier nanos;
    private final long beganNanos;

    /**
     * @param validMillis how long a token is good
     * @param nanos a clock that only goes on, such as {@code System::nanoTime}
     */
    RetryTokens(long validMillis, LongSupplier nanos) {
        this.validMillis = validMillis;
        this.nanos = nanos;
        this.beganNanos = nanos.getAsLong();
        byte[] key = new byte[KEY_BYTES];
        new SecureRandom().nextBytes(key);
        try {
            mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(key, ALGORITHM));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has " + ALGORITHM, e);
        }
    }

    @Override
    public boolean writeToken(ByteBuf out, ByteBuf destination, InetSocketAddress address) {
        byte[] id = bytes(destination, destination.readerIndex(), destination.readableBytes());
        long expiry = nowMillis() + validMillis;
        out.writeLong(expiry).writeBytes(seal(expiry, address, id)).writeBytes(id);
        return true;
    }

    @Override
    public int validateToken(ByteBuf token, InetSocketAddress address) {
        int begin = token.readerIndex();
        int idBytes = token.readableBytes() - FIXED_BYTES;
        if (idBytes < 0 || idBytes > MAX_CONNECTION_ID_BYTES) {
            return -1;
        }
        long expiry = token.getLong(begin);
        byte[] id = bytes(token, begin + FIXED_BYTES, idBytes);
        // Compared before it is believed, in a time that does not tell how much of it is right.
        if (!MessageDigest.isEqual(seal(expiry, address, id), bytes(token, begin + Long.BYTES, MAC_BYTES))) {
            return -1;
        }
        return nowMillis() <= expiry ? FIXED_BYTES : -1;
    }

    @Override
    public TokenValidationResult validateToken(ByteBuf token, InetSocketAddress address, ByteBuf destination) {
        // With a token the client addresses the id that the Retry has given him, which has this length.
        int offset = destination.readableBytes() == MAX_CONNECTION_ID_BYTES ? validateToken(token, address) : -1;
        return offset < 0 ? TokenValidationResult.invalidToken() : TokenValidationResult.odcidFromToken(offset);
    }

    @Override
    public int maxTokenLength() {
        return FIXED_BYTES + MAX_CONNECTION_ID_BYTES;
    }

    private long nowMillis() {
        return TimeUnit.NANOSECONDS.toMillis(nanos.getAsLong() - beganNanos);
    }

    private byte[] seal(long expiry, InetSocketAddress address, byte[] id) {
        byte[] ip = address.getAddress().getAddress();
        mac.update(LABEL);
        mac.update(ByteBuffer.allocate(Long.BYTES + 1).putLong(expiry).put((byte) ip.length).array());
        mac.update(ip);
        mac.update(ByteBuffer.allocate(Character.BYTES).putChar((char) address.getPort()).array());
        return mac.doFinal(id);
    }

    private static byte[] bytes(ByteBuf from, int at, int length) {
        byte[] bytes = new byte[length];
        from.getBytes(at, bytes);
        return bytes;
    }
}
