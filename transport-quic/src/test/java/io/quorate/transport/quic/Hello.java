package io.quorate.transport.quic;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;

/** Makes ServerHellos. */
final class Hello {

    static final int X25519 = 0x001D;
    static final int X25519_MLKEM768 = 0x11EC;

    private static final String RETRY_RANDOM = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c";

    private Hello() {
    }

    /** A ServerHello with a share of this size; the supported version stands before it if asked for. */
    static byte[] server(int group, int shareBytes, boolean versionFirst) {
        ByteBuf share = Unpooled.buffer().writeShort(51).writeShort(4 + shareBytes).writeShort(group)
            .writeShort(shareBytes).writeZero(shareBytes);
        return message("11".repeat(32), share, versionFirst);
    }

    /** A HelloRetryRequest. */
    static byte[] retry(int group) {
        return message(RETRY_RANDOM, Unpooled.buffer().writeShort(51).writeShort(2).writeShort(group), true);
    }

    /** A ServerHello that resumes a session without a new exchange. */
    static byte[] withoutShare() {
        return message("11".repeat(32), Unpooled.EMPTY_BUFFER, true);
    }

    private static byte[] message(String random, ByteBuf share, boolean versionFirst) {
        ByteBuf version = Unpooled.buffer().writeShort(43).writeShort(2).writeShort(0x0304);
        ByteBuf extensions = versionFirst
            ? Unpooled.wrappedBuffer(version, share) : Unpooled.wrappedBuffer(share, version);
        ByteBuf body = Unpooled.buffer().writeShort(0x0303).writeBytes(Rfc9001.hex(random)).writeByte(0)
            .writeShort(0x1301).writeByte(0).writeShort(extensions.readableBytes()).writeBytes(extensions);
        return ByteBufUtil.getBytes(
            Unpooled.buffer().writeByte(2).writeMedium(body.readableBytes()).writeBytes(body));
    }
}
