package io.quorate.transport.quic;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.util.concurrent.Future;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.support.Goodbye;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * The end of a connection as the other side sees it. The goodbye leaves behind every response that is still owed, and a
 * moment after the last one: what QUIC has taken may still be on its way, and is sent again only while the connection
 * is there.
 *
 * <p>On the connection's thread, but for {@link #owes}.
 */
final class Farewell {

    private final QuicChannel channel;
    private final ControlStream control;
    /** Calls that have ended well, but for a part of the response. */
    private final Set<LiveCall> owing = ConcurrentHashMap.newKeySet();
    private long lastResponseNanos = System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(QuicLimits.LINGER_MILLIS);
    /** Why, from the beginning of the farewell to the channel's end. */
    private CloseReason reason;
    private boolean lingering;

    Farewell(QuicChannel channel, ControlStream control) {
        this.channel = channel;
        this.control = control;
    }

    /** A part of the call's response has not been taken by QUIC yet. From any thread. */
    void owes(LiveCall call) {
        owing.add(call);
    }

    /** A call that the other side has begun has given all of its response to QUIC, or never will. */
    void settled(LiveCall call) {
        owing.remove(call);
        lastResponseNanos = System.nanoTime();
        closeIfNothingIsOwed();
    }

    /** Says goodbye as soon as nothing is owed any more, and in a bounded time whatever happens. */
    void begin(CloseReason because) {
        reason = because;
        Future<?> cut = loop().schedule(this::closeChannel, QuicLimits.GOODBYE_MILLIS, TimeUnit.MILLISECONDS);
        channel.closeFuture().addListener(closed -> cut.cancel(false));
        closeIfNothingIsOwed();
    }

    /** Goes on with a farewell that has begun. */
    void closeIfNothingIsOwed() {
        if (reason == null || lingering || Goodbye.isSaid(reason) && (!owing.isEmpty() || control.owes())) {
            return;
        }
        long left = TimeUnit.MILLISECONDS.toNanos(QuicLimits.LINGER_MILLIS) - (System.nanoTime() - lastResponseNanos);
        if (left <= 0 || !Goodbye.isSaid(reason)) {
            closeChannel();
        } else {
            lingering = true;
            loop().schedule(this::closeChannel, left, TimeUnit.NANOSECONDS);
        }
    }

    /** The kind and the words go into the CONNECTION_CLOSE too, in case the goodbye's packet is lost. */
    private void closeChannel() {
        if (reason == null) {
            return;
        }
        CloseReason said = reason;
        reason = null;
        if (Goodbye.isSaid(said)) {
            control.add(Goodbye.frame(said));
            control.write();
        }
        String detail = Goodbye.isSaid(said) ? said.detail() : "";
        byte[] words = detail.getBytes(StandardCharsets.UTF_8);
        ByteBuf bytes = Unpooled.wrappedBuffer(words, 0, Math.min(words.length, QuicLimits.MAX_CLOSE_WORDS_BYTES));
        int code = Goodbye.isSaid(said) ? said.kind().code() : CloseReason.Kind.NORMAL.code();
        // Not at once: Netty may be in the middle of sending, and the farewell would then never leave.
        loop().execute(() -> channel.close(true, code, bytes));
    }

    private EventLoop loop() {
        return channel.eventLoop();
    }
}
