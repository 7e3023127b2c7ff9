package io.quorate.transport.tcp;

import io.quorate.spi.transport.Connection;
import io.quorate.testing.identity.TestCertificateAuthority;

/** Two nodes of one authority. */
final class Pair implements AutoCloseable {

    final TestCertificateAuthority authority = new TestCertificateAuthority("pair");
    final TestNode dialer;
    final TestNode accepter;

    Pair(TestNode.Engine dials, TestNode.Engine accepts) {
        dialer = new TestNode(dials, authority.node("dialer"));
        accepter = new TestNode(accepts, authority.node("accepter"));
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
