package io.quorate.transport.quic;

import io.quorate.spi.transport.Connection;
import io.quorate.testing.identity.TestCertificateAuthority;

/** Two nodes of one authority. */
final class Pair implements AutoCloseable {

    final TestCertificateAuthority authority = new TestCertificateAuthority("pair");
    final TestNode dialer;
    final TestNode accepter;

    Pair() {
        this(QuicLimits.standard());
    }

    Pair(QuicLimits limits) {
        dialer = new TestNode(authority.node("dialer"), limits);
        accepter = new TestNode(authority.node("accepter"), limits);
    }

    /** A connection between the two, both ends. */
    Ends connect() {
        dialer.dial(accepter.endpoint());
        return new Ends(dialer.connection(), accepter.connection());
    }

    /** The same, started and active, with room for calls on both sides. */
    Peers active() {
        Ends ends = connect();
        Peer accepted = Peer.active(ends.accepted());
        Peer dialed = Peer.active(ends.dialed());
        return new Peers(dialed.confirmed(accepted), accepted);
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
