package io.quorate.transport.quic;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** Makes Initial packets: the other direction of what is tested, written without it. */
record SealedInitial(byte[] keyId, String label, int firstBits, byte[] destination, byte[] source, byte[] token) {

    static SealedInitial ofServer(byte[] keyId, byte[] destination, byte[] source) {
        return new SealedInitial(keyId, "server in", 0xC0, destination, source, new byte[0]);
    }

    static SealedInitial ofClient(byte[] destination, byte[] source, byte[] token) {
        return new SealedInitial(destination, "client in", 0xC0, destination, source, token);
    }

    SealedInitial withFirstBits(int bits) {
        return new SealedInitial(keyId, label, bits, destination, source, token);
    }

    byte[] packet(int number, int numberBytes, byte[] frames) {
        try {
            byte[] secret = label(mac(Rfc9001.hex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"), keyId), label, 32);
            int length = numberBytes + frames.length + 16;
            ByteBuf out = Unpooled.buffer();
            out.writeByte(firstBits | numberBytes - 1).writeInt(1);
            out.writeByte(destination.length).writeBytes(destination).writeByte(source.length).writeBytes(source);
            if (token.length == 0) {
                // As the RFC's sample packets write it; one byte is enough for it.
                out.writeByte(0);
            } else {
                out.writeShort(0x4000 | token.length).writeBytes(token);
            }
            out.writeShort(0x4000 | length);
            int numberAt = out.writerIndex();
            for (int i = numberBytes - 1; i >= 0; i--) {
                out.writeByte(number >>> i * 8);
            }
            byte[] nonce = label(secret, "quic iv", 12);
            for (int i = 0; i < 4; i++) {
                nonce[11 - i] ^= (byte) (number >>> i * 8);
            }
            Cipher gcm = Cipher.getInstance("AES/GCM/NoPadding");
            gcm.init(Cipher.ENCRYPT_MODE, aes(label(secret, "quic key", 16)), new GCMParameterSpec(128, nonce));
            gcm.updateAAD(ByteBufUtil.getBytes(out));
            out.writeBytes(gcm.doFinal(frames));
            byte[] packet = ByteBufUtil.getBytes(out);
            Cipher ecb = Cipher.getInstance("AES/ECB/NoPadding");
            ecb.init(Cipher.ENCRYPT_MODE, aes(label(secret, "quic hp", 16)));
            byte[] mask = ecb.doFinal(packet, numberAt + 4, 16);
            packet[0] ^= (byte) (mask[0] & 0x0F);
            for (int i = 0; i < numberBytes; i++) {
                packet[numberAt + i] ^= mask[1 + i];
            }
            return packet;
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** A CRYPTO frame, padded so that its packet is never too short. */
    static byte[] crypto(int offset, byte[] data) {
        ByteBuf out = Unpooled.buffer();
        out.writeByte(6).writeShort(0x4000 | offset).writeShort(0x4000 | data.length).writeBytes(data).writeZero(20);
        return ByteBufUtil.getBytes(out);
    }

    private static SecretKeySpec aes(byte[] key) {
        return new SecretKeySpec(key, "AES");
    }

    private static byte[] label(byte[] secret, String name, int size) throws GeneralSecurityException {
        byte[] label = ("tls13 " + name).getBytes(StandardCharsets.US_ASCII);
        ByteBuf info = Unpooled.buffer().writeShort(size).writeByte(label.length).writeBytes(label);
        return Arrays.copyOf(mac(secret, ByteBufUtil.getBytes(info.writeByte(0).writeByte(1))), size);
    }

    private static byte[] mac(byte[] key, byte[] data) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        return mac.doFinal(data);
    }
}
