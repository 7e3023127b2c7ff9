package io.quorate.testing.transport;

import io.quorate.spi.transport.Endpoint;

/**
 * A path to a listener that a test can disturb: a relay between the dialer and it. Units are what the network carries:
 * bytes of TCP, datagrams of QUIC, frames of a transport in memory.
 */
public interface FaultyPath extends AutoCloseable {

    /** Which way something goes. */
    enum Direction { TO_LISTENER, TO_DIALER }

    /** Where to dial in place of the listener. */
    Endpoint entry();

    /** Nothing passes any more, and nobody is told: the other side is half-open. */
    void block();

    /** What was held back, if the network keeps it, and what comes, passes again. */
    void unblock();

    /** Ends the path for good. Both sides are told if {@link #tellsOfCut}. */
    void cut();

    /** Lets so many units pass from now on and cuts the path before the next one; 0 cuts at once. */
    void cutAfter(Direction direction, long units);

    /** Whether the path has been cut. */
    boolean isCut();

    /** How many units have passed. */
    long passed(Direction direction);

    /** Whether the network tells both sides of a cut, as TCP does, or is silent, as UDP is. */
    boolean tellsOfCut();

    @Override
    void close();
}
