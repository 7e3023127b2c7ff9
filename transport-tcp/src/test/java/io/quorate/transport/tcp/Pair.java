package io.quorate.transport.tcp;

import io.quorate.spi.transport.Connection;

/** Two nodes of one authority. */
final class Pair implements AutoCloseable {

    final TestAuthority authority = new TestAuthority("pair");
    final TestNode dialer;
    final TestNode accepter;

    Pair(TestNode.Engine dials, TestNode.Engine accepts) {
        dialer = new TestNode(dials, authority.credentials("dialer"));
        accepter = new TestNode(accepts, authority.credentials("accepter"));
    }

    Pair(TestNode.Engine both) {
        this(both, both);
    }

    /** A connection between the two, both ends. */
    Ends connect() {
        dialer.dial(accepter.endpoint());
        return new Ends(dialer.connection(), accepter.connection());
    }

    /** The same, started and active. */
    Peers active() {
        Ends ends = connect();
        Peer accepted = Peer.active(ends.accepted());
        return new Peers(Peer.active(ends.dialed()), accepted);
    }

    record Ends(Connection dialed, Connection accepted) {
    }

    record Peers(Peer dialed, Peer accepted) {
    }

    @Override
    public void close() {
        dialer.close();
        accepter.close();
    }
}
