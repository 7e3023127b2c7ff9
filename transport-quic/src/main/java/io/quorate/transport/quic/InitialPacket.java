package io.quorate.transport.quic;

import io.netty.buffer.ByteBuf;
import io.quorate.api.Bytes;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * An Initial packet of QUIC version 1 where it lies in a datagram, still protected (RFC 9000 §17.2.2). It refers to
 * the datagram's bytes and is valid only while the datagram is: during the visit.
 */
final class InitialPacket {

    /** How many packets of one datagram are looked at: 64 segments written at once, with four packets each. */
    static final int MOST_PACKETS = 256;

    /** The longest Initial packet that is opened; real ones have one network packet's size, some 1,200 bytes. */
    static final int MOST_PACKET_BYTES = 16 * 1024;

    private static final int VERSION = 1;
    private static final int MOST_ID_BYTES = 20;

    private static final int LONG_AND_FIXED_BITS = 0xC0;
    private static final int TYPE_BITS = 0x30;
    private static final int TYPE_INITIAL = 0x00;
    private static final int TYPE_RETRY = 0x30;

    private final ByteBuf datagram;
    private final Bytes destination;
    private final Bytes source;
    private final int start;
    private final int numberAt;
    private final int end;

    private InitialPacket(ByteBuf datagram, Bytes destination, Bytes source, int start, int numberAt, int end) {
        this.datagram = datagram;
        this.destination = destination;
        this.source = source;
        this.start = start;
        this.numberAt = numberAt;
        this.end = end;
    }

    /**
     * Shows the Initial packets of a datagram, or of several datagrams that are written as one (generic segmentation
     * offload): a packet with a long header says where it ends, so the place between two segments needs no notice
     * (RFC 9000 §12.2). Ends at the first thing that has no such length: a short header, a Retry, another version,
     * padding, garbage. Changes none of the buffer's indexes and throws nothing, whatever the bytes are.
     */
    static void each(ByteBuf datagram, Consumer<InitialPacket> visitor) {
        int end = datagram.writerIndex();
        BoundedReader reader = new BoundedReader(datagram, datagram.readerIndex(), end);
        for (int seen = 0; seen < MOST_PACKETS && reader.remaining() > 0; seen++) {
            int start = reader.at();
            int first = reader.unsignedByte();
            int type = first & TYPE_BITS;
            int version = reader.signedInt();
            Bytes destination = connectionId(reader);
            Bytes source = connectionId(reader);
            if ((first & LONG_AND_FIXED_BITS) != LONG_AND_FIXED_BITS || version != VERSION || type == TYPE_RETRY) {
                return;
            }
            if (type == TYPE_INITIAL) {
                reader.skip(reader.variableInt());
            }
            long length = reader.variableInt();
            int numberAt = reader.at();
            reader.skip(length);
            if (reader.failed()) {
                return;
            }
            if (type == TYPE_INITIAL) {
                visitor.accept(new InitialPacket(datagram, destination, source, start, numberAt, reader.at()));
            }
        }
    }

    private static Bytes connectionId(BoundedReader reader) {
        int size = reader.unsignedByte();
        // Longer ones make the packet invalid in version 1 (RFC 9000 §17.2).
        return reader.bytes(size <= MOST_ID_BYTES ? size : -1);
    }

    Bytes destination() {
        return destination;
    }

    Bytes source() {
        return source;
    }

    /** The frames, if the packet was protected with these keys and is whole. */
    Optional<byte[]> open(InitialKeys keys) {
        if (end - start > MOST_PACKET_BYTES) {
            return Optional.empty();
        }
        byte[] copy = new byte[end - start];
        datagram.getBytes(start, copy);
        return keys.open(copy, numberAt - start);
    }
}
