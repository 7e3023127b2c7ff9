package io.quorate.registry.session;

import io.quorate.spi.transport.Endpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** What changes in a session's life. Loop only, except where said. */
final class SessionState {

    /** The link it belongs to; set before the first call can arrive, never changed. */
    PeerLink link;

    /** The place of its transport in the order of preference: 0 is the best. */
    int rank;

    /** Where this side dialed it; null if the other side began it. */
    Endpoint dialedTo;

    /** When the certificate of this side expires with which it was made, by the wall clock. */
    long ownNotAfterMillis = Long.MAX_VALUE;

    boolean confirmed;
    boolean closed;

    /** To be closed as soon as no call uses it: its target is gone. */
    boolean retiring;

    /** To be closed as soon as no call uses it and another session has taken its place: a certificate was renewed. */
    boolean renewing;

    long admittedNanos;
    long lastHeardNanos;
    long lastUsedNanos;

    /** What the other side has last told of its recovery epoch; 0: it knows none. */
    long epoch;

    /** The bytes that had arrived at the last tick, and for how many ticks none has. */
    long bytesSeen;
    int silentTicks;
    int ticks;

    /** The token of the last ping sent; tokens count from 1. */
    long lastPing;
    long lastPong;
    int pingsSinceTick;

    /** How many calls of this side could use it at once; 0 while unknown or if this side may not call on it. */
    int slots;

    /** The calls of this side that use it now. */
    final List<OutboundCall> calls = new ArrayList<>();

    /** How many calls of the other side it carries that are being served. Any thread. */
    final AtomicInteger serving = new AtomicInteger();

    /** Whether no call is on it, of either side. */
    boolean idle() {
        return calls.isEmpty() && serving.get() == 0;
    }
}
