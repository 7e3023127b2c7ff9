package io.quorate.registry.session;

import io.quorate.api.Bytes;
import io.quorate.api.BytesWriter;
import io.quorate.spi.time.Cancellable;
import io.quorate.spi.time.NodeLoop;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.WireViolation;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Signs of life, the same on every session whoever began its connection: a ping at intervals, a pong to each ping, and
 * an end for sessions that bring no byte. The first pong confirms a session.
 *
 * <p>Two ticks make one ping interval, for all sessions together; there is no tick while there is no session. Silence
 * is counted in ticks and not by the clock: if this process was stopped for a while (a debugger, a frozen virtual
 * machine), all that time is no silence of the others, and what they have sent meanwhile is read before it counts.
 *
 * <p>A ping also tells the sender's recovery epoch, as a u64, once it knows one and if both sides have the capability
 * {@link Hello#EPOCH_NEWS}; otherwise it is empty. The hello may have come too early for it: two nodes without data
 * meet, then each learns from another cluster of the same name what the epoch is. Without this they would go on with
 * each other, though a handshake between them would be refused.
 *
 * <p>Any byte is a sign of life: a connection in the middle of a large frame cannot answer a ping. Loop only.
 */
final class Liveness {

    /** How many pings of the other side are answered in one tick; more is a flood. */
    static final int MAX_PINGS_PER_TICK = 32;

    private static final int TICKS_PER_PING = 2;

    private final NodeLoop loop;
    private final SessionTable table;
    private final SessionSettings settings;
    private final LongSupplier epoch;
    private final Consumer<PeerSession> judge;
    private final Runnable onTick;
    private final long tickNanos;
    private final int silentTicksAllowed;
    private final int unconfirmedTicksAllowed;
    private Cancellable timer;
    private long ticks;

    /**
     * @param epoch this side's, 0 if it knows none
     * @param judge asked whether a session may go on whose other side has told another epoch than before
     * @param onTick run after each tick, for what else is to be looked at now and then
     */
    Liveness(NodeLoop loop, SessionTable table, SessionSettings settings, LongSupplier epoch,
        Consumer<PeerSession> judge, Runnable onTick) {
        this.loop = loop;
        this.table = table;
        this.settings = settings;
        this.epoch = epoch;
        this.judge = judge;
        this.onTick = onTick;
        this.tickNanos = settings.pingIntervalMillis() * 1_000_000 / TICKS_PER_PING;
        this.silentTicksAllowed = ticksOf(settings.unresponsiveMillis());
        this.unconfirmedTicksAllowed = ticksOf(settings.confirmTimeoutMillis());
    }

    /** Whether so much silence has passed that a ping's answer is missing. */
    static boolean missedPing(PeerSession session) {
        return session.state.silentTicks > TICKS_PER_PING + 1;
    }

    /** How many ticks there are in a time, rounded up. */
    int ticksOf(long millis) {
        return Math.toIntExact((millis * 1_000_000 + tickNanos - 1) / tickNanos);
    }

    /** A session was admitted and activated: the ping that confirms it leaves at once. */
    void admitted(PeerSession session) {
        session.state.bytesSeen = session.connection().bytesRead();
        ping(session);
        if (timer == null) {
            timer = loop.schedule(tickNanos, this::tick);
        }
    }

    /** A frame of the connection arrived after the handshake. */
    void onControl(PeerSession session, Frame frame) {
        if (session.state.closed) {
            return;
        }
        session.state.lastHeardNanos = loop.clock().nanoTime();
        switch (frame.kind()) {
            case PING -> {
                if (hearEpoch(session, frame.body())) {
                    answer(session, frame.correlationId());
                }
            }
            case PONG -> onPong(session, frame.correlationId());
            case HANDSHAKE, GOODBYE, REQUEST, RESPONSE, ERROR ->
                violated(session, "found a " + frame.kind() + " on a session, expected a ping or a pong");
        }
    }

    void stop() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }

    /** @return whether the session goes on */
    private boolean hearEpoch(PeerSession session, Bytes told) {
        if (told.isEmpty()) {
            return true;
        }
        long value = 0;
        if (session.supports(Hello.EPOCH_NEWS) && told.length() == Long.BYTES) {
            for (int i = 0; i < Long.BYTES; i++) {
                value = value << Byte.SIZE | told.at(i) & 0xFF;
            }
        }
        if (value <= 0) {
            violated(session, "found a ping of " + told.length() + " bytes, expected none, or an epoch of 1 or more");
            return false;
        }
        if (value != session.state.epoch) {
            session.state.epoch = value;
            judge.accept(session);
        }
        return !session.state.closed;
    }

    private void answer(PeerSession session, long token) {
        if (++session.state.pingsSinceTick > MAX_PINGS_PER_TICK) {
            // Answers to a peer that asks without end and reads nothing would fill this side's memory.
            violated(session, "found more than " + MAX_PINGS_PER_TICK + " pings in a moment");
            return;
        }
        session.connection().send(Frame.control(FrameKind.PONG, token, Bytes.empty()));
    }

    private void onPong(PeerSession session, long token) {
        if (token <= session.state.lastPong || token > session.state.lastPing) {
            // Each ping is answered once, in order: so there are never more pongs than this side has asked for.
            violated(session, "found a pong to ping " + token + ", expected one after " + session.state.lastPong
                + " and up to " + session.state.lastPing);
            return;
        }
        session.state.lastPong = token;
        table.confirm(session);
        table.tell();
    }

    private void violated(PeerSession session, String detail) {
        table.close(session, CloseReason.violation(WireViolation.UNEXPECTED_CONTROL, detail));
    }

    /** Asks for a sign of life, and tells what this side knows of its epoch. */
    void ping(PeerSession session) {
        long known = session.supports(Hello.EPOCH_NEWS) ? epoch.getAsLong() : 0;
        Bytes news = known == 0 ? Bytes.empty() : new BytesWriter(Long.BYTES).i64(known).toBytes();
        session.connection().send(Frame.control(FrameKind.PING, ++session.state.lastPing, news));
    }

    private void tick() {
        timer = null;
        ticks++;
        for (PeerSession session : table.sessions()) {
            if (!session.state.closed) {
                look(session);
            }
        }
        onTick.run();
        if (!table.isEmpty() && timer == null) {
            timer = loop.schedule(tickNanos, this::tick);
        }
    }

    private void look(PeerSession session) {
        SessionState state = session.state;
        state.ticks++;
        state.pingsSinceTick = 0;
        long bytes = session.connection().bytesRead();
        if (bytes != state.bytesSeen) {
            state.bytesSeen = bytes;
            state.silentTicks = 0;
            state.lastHeardNanos = loop.clock().nanoTime();
        } else if (++state.silentTicks > silentTicksAllowed) {
            // One tick more than the time has: the first tick of a silence is not a whole one.
            table.close(session, CloseReason.of(CloseReason.Kind.UNRESPONSIVE, "found no byte for "
                + settings.unresponsiveMillis() + " ms"));
            return;
        }
        if (!state.confirmed && state.ticks > unconfirmedTicksAllowed) {
            table.close(session, CloseReason.of(CloseReason.Kind.UNRESPONSIVE, "found no pong within "
                + settings.confirmTimeoutMillis() + " ms of the handshake"));
            return;
        }
        if (ticks % TICKS_PER_PING == 0) {
            ping(session);
        }
    }
}
