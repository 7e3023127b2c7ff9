package io.quorate.transport.quic;

import io.quorate.api.Bytes;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The keys that protect one direction of a connection's Initial packets. They guard against accidents only: whoever
 * sees the client's first packet can compute them (RFC 9001 §5.2, §7). So a packet that opens has not thereby proved
 * who sent it.
 *
 * <p>Immutable; any thread. Deliberately no record: nothing here prints a key.
 */
final class InitialKeys {

    /** Who sends what these keys protect. */
    enum Sender {
        CLIENT("client in"),
        SERVER("server in");

        private final String label;

        Sender(String label) {
            this.label = label;
        }
    }

    // RFC 9001 §5.2, for version 1.
    private static final byte[] SALT = HexFormat.of().parseHex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a");

    private static final int SECRET_BYTES = 32;
    private static final int KEY_BYTES = 16;
    private static final int IV_BYTES = 12;
    private static final int TAG_BYTES = 16;
    private static final int SAMPLE_BYTES = 16;
    private static final int LONGEST_NUMBER_BYTES = 4;

    private static final int PROTECTED_BITS = 0x0F;
    private static final int RESERVED_BITS = 0x0C;
    private static final int NUMBER_LENGTH_BITS = 0x03;

    private final byte[] key;
    private final byte[] iv;
    private final byte[] headerKey;

    private InitialKeys(byte[] key, byte[] iv, byte[] headerKey) {
        this.key = key;
        this.iv = iv;
        this.headerKey = headerKey;
    }

    /**
     * The keys of a connection.
     *
     * @param destination the Destination Connection ID of the client's first Initial, or after a Retry of the first
     *     Initial that follows it (RFC 9001 §5.2)
     */
    static InitialKeys of(Bytes destination, Sender sender) {
        try {
            byte[] initial = mac(SALT, destination.toByteArray());
            byte[] secret = expand(initial, sender.label, SECRET_BYTES);
            return new InitialKeys(expand(secret, "quic key", KEY_BYTES), expand(secret, "quic iv", IV_BYTES),
                expand(secret, "quic hp", KEY_BYTES));
        } catch (GeneralSecurityException e) {
            throw noSuchCipher(e);
        }
    }

    /**
     * Takes header and packet protection off.
     *
     * @param packet the packet, from its first byte to its last; is written to
     * @param numberAt where its packet number begins
     * @return the frames; empty if the packet is too short, altered, or not protected with these keys
     */
    Optional<byte[]> open(byte[] packet, int numberAt) {
        int sampleAt = numberAt + LONGEST_NUMBER_BYTES;
        if (packet.length - sampleAt < SAMPLE_BYTES) {
            // RFC 9001 §5.4.2: an endpoint discards what is too short for the sample.
            return Optional.empty();
        }
        try {
            Cipher header = Cipher.getInstance("AES/ECB/NoPadding");
            header.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(headerKey, "AES"));
            byte[] mask = header.doFinal(packet, sampleAt, SAMPLE_BYTES);
            packet[0] ^= (byte) (mask[0] & PROTECTED_BITS);
            int numberBytes = (packet[0] & NUMBER_LENGTH_BITS) + 1;
            byte[] nonce = iv.clone();
            // The number in the packet is cut to its last bytes (RFC 9000 §17.1). A handshake has few Initials, so
            // what is cut off is zero; were it not, the packet would not open and the group stay unknown.
            for (int i = 0; i < numberBytes; i++) {
                packet[numberAt + i] ^= mask[i + 1];
                nonce[IV_BYTES - numberBytes + i] ^= packet[numberAt + i];
            }
            int payloadAt = numberAt + numberBytes;
            Cipher payload = Cipher.getInstance("AES/GCM/NoPadding");
            payload.init(Cipher.DECRYPT_MODE, new SecretKeySpec(key, "AES"),
                new GCMParameterSpec(TAG_BYTES * Byte.SIZE, nonce));
            payload.updateAAD(packet, 0, payloadAt);
            byte[] frames = payload.doFinal(packet, payloadAt, packet.length - payloadAt);
            // RFC 9000 §17.2: a receiver that finds a reserved bit set closes the connection.
            return (packet[0] & RESERVED_BITS) == 0 ? Optional.of(frames) : Optional.empty();
        } catch (AEADBadTagException expected) {
            return Optional.empty();
        } catch (GeneralSecurityException e) {
            throw noSuchCipher(e);
        }
    }

    // HKDF-Expand-Label with an empty context (RFC 8446 §7.1); one block of SHA-256 is all that is ever asked for.
    private static byte[] expand(byte[] secret, String label, int size) throws GeneralSecurityException {
        byte[] name = ("tls13 " + label).getBytes(StandardCharsets.US_ASCII);
        byte[] info = new byte[Short.BYTES + 1 + name.length + 2];
        info[1] = (byte) size;
        info[2] = (byte) name.length;
        System.arraycopy(name, 0, info, Short.BYTES + 1, name.length);
        // The empty context's length, and then the number of the block (RFC 5869 §2.3).
        info[info.length - 1] = 1;
        return Arrays.copyOf(mac(secret, info), size);
    }

    private static byte[] mac(byte[] key, byte[] data) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        return mac.doFinal(data);
    }

    private static IllegalStateException noSuchCipher(GeneralSecurityException e) {
        return new IllegalStateException(
            "found no usable AES or HMAC-SHA-256 in this Java platform, expected java.base to have them", e);
    }
}
