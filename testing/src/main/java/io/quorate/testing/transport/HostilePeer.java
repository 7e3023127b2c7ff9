package io.quorate.testing.transport;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.TlsCredentials;
import io.quorate.spi.wire.Frame;
import java.util.List;
import java.util.Optional;

/**
 * The other side made by hand: it speaks the network's protocol and TLS, and then sends whatever a test likes. The
 * rules about illegal frames need it, since a transport does not send any.
 *
 * <p>Methods do not wait for the transport under test unless said; what arrives is looked at with the getters.
 */
public interface HostilePeer extends AutoCloseable {

    /** Connects to the transport under test. TLS is done, or will be before the first byte. */
    Link dial(Endpoint target, TlsCredentials credentials);

    /** Listens for the transport under test. */
    Listener listen(TlsCredentials credentials);

    @Override
    void close();

    /** A listener of the hostile side. */
    interface Listener {

        /** Where to dial. */
        Endpoint endpoint();

        /** The next connection that was made to it, if there is one. */
        Optional<Link> accepted();
    }

    /** One connection. */
    interface Link {

        /** Sends bytes where the connection's own frames go. */
        void send(Bytes raw);

        /** A new call's stream; where a connection carries one call at a time, the connection itself. */
        Stream open();

        /** The next stream that the transport under test has opened; where a call leases a connection, that. */
        Optional<Stream> accepted();

        /** Ends the connection without a goodbye. */
        void close();
    }

    /** One call's stream. */
    interface Stream {

        /** Sends bytes on the stream. */
        void send(Bytes raw);

        /** The call's frames that have arrived on it. */
        List<Frame> received();

        /** Whether the other side has given it up, or its connection has ended. */
        boolean isReset();
    }
}
