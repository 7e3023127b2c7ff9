package io.quorate.transport.quic;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameDecoder;
import io.quorate.spi.wire.PayloadRoom;
import io.quorate.spi.wire.WireException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.function.BooleanSupplier;

/**
 * The bytes of one stream on their way in, and the frames that they are. Owns every buffer from {@link #add} to its
 * release. For one thread.
 */
final class IncomingFrames {

    private final FrameDecoder decoder;
    private final ArrayDeque<ByteBuf> held = new ArrayDeque<>(1);
    private ByteBuffer view;

    /**
     * @param callsPermitted asked for each call's frame, before anything is allocated for it
     * @param room for the payload of the frame that arrives
     */
    IncomingFrames(BooleanSupplier callsPermitted, PayloadRoom room) {
        decoder = new FrameDecoder(callsPermitted, room);
    }

    void add(ByteBuf bytes) {
        if (bytes.isReadable()) {
            held.add(bytes);
        } else {
            bytes.release();
        }
    }

    /** The next frame, or null if more bytes are needed, or there is no room for it. */
    Frame next() throws WireException {
        ByteBuf first = held.peek();
        while (first != null) {
            if (view == null) {
                view = first.nioBuffer();
            }
            Frame frame = decoder.decode(view);
            if (decoder.lacksRoom()) {
                return null;
            }
            if (!view.hasRemaining()) {
                view = null;
                held.poll().release();
                first = held.peek();
            }
            if (frame != null) {
                return frame;
            }
        }
        return null;
    }

    /** Whether it is over because there was no room for a frame. */
    boolean lacksRoom() {
        return decoder.lacksRoom();
    }

    boolean isEmpty() {
        return held.isEmpty();
    }

    /** Asserts that the stream may end here. */
    void end() throws WireException {
        decoder.end();
    }

    /**
     * Copies what is there to memory that needs no release. For a stream that is gone before anybody wants its bytes:
     * nobody may ever come, and then nobody would give the buffers back.
     */
    void detach() {
        for (int left = held.size(); left > 0; left--) {
            ByteBuf buffer = held.poll();
            held.add(Unpooled.copiedBuffer(view == null ? buffer.nioBuffer() : view));
            view = null; // It was the first one's.
            buffer.release();
        }
    }

    /** Throws away what is there; nothing may follow. */
    void discard() {
        view = null;
        decoder.release();
        ByteBuf buffer;
        while ((buffer = held.poll()) != null) {
            buffer.release();
        }
    }
}
