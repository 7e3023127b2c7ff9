package io.quorate.transport.quic;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.quorate.api.Bytes;
import java.util.ArrayList;
import java.util.List;

/**
 * A piece of the TLS handshake (RFC 9000 §19.6).
 *
 * @param offset where it belongs in the stream of handshake bytes of its packets' level
 * @param data the bytes
 */
record CryptoFrame(long offset, Bytes data) {

    private static final int PADDING = 0x00;
    private static final int PING = 0x01;
    private static final int ACK = 0x02;
    private static final int ACK_WITH_ECN_COUNTS = 0x03;
    private static final int CRYPTO = 0x06;
    private static final int CONNECTION_CLOSE = 0x1C;

    /**
     * The CRYPTO frames of an opened Initial packet.
     *
     * @return what was found, in order; nothing at all if the packet is damaged or has a frame that an Initial must
     *     not have (RFC 9000 §17.2.2): the peer then closes the connection, and what stood beside it never counted
     */
    static List<CryptoFrame> in(byte[] frames) {
        ByteBuf buffer = Unpooled.wrappedBuffer(frames);
        BoundedReader reader = new BoundedReader(buffer, 0, frames.length);
        List<CryptoFrame> found = new ArrayList<>();
        while (reader.remaining() > 0 && !reader.failed()) {
            int type = reader.unsignedByte();
            switch (type) {
                case PADDING, PING -> { }
                case ACK, ACK_WITH_ECN_COUNTS -> skipAck(reader, type == ACK_WITH_ECN_COUNTS);
                case CRYPTO -> {
                    long offset = reader.variableInt();
                    found.add(new CryptoFrame(offset, reader.bytes(reader.variableInt())));
                }
                case CONNECTION_CLOSE -> {
                    reader.variableInt();
                    reader.variableInt();
                    reader.skip(reader.variableInt());
                }
                default -> {
                    return List.of();
                }
            }
        }
        return reader.failed() ? List.of() : List.copyOf(found);
    }

    // RFC 9000 §19.3: largest, delay, count, first range; then a gap and a length for each range.
    private static void skipAck(BoundedReader reader, boolean withCounts) {
        reader.variableInt();
        reader.variableInt();
        long ranges = reader.variableInt();
        reader.variableInt();
        // A count that is a lie ends where the bytes do.
        for (long range = 0; range < ranges && !reader.failed(); range++) {
            reader.variableInt();
            reader.variableInt();
        }
        if (withCounts) {
            reader.variableInt();
            reader.variableInt();
            reader.variableInt();
        }
    }
}
