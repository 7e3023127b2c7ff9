package io.quorate.spi.transport.support;

import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.TransportException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/** Where a transport is to listen, and what to tell people when it cannot. Stateless; thread-safe. */
public final class ListenAddress {

    private ListenAddress() {
    }

    /**
     * Looks up the name of {@code endpoint}. Blocks for as long as the platform's resolver does.
     *
     * @throws TransportException if the name has no address
     */
    public static InetSocketAddress of(Endpoint endpoint) throws TransportException {
        try {
            return new InetSocketAddress(InetAddress.getByName(endpoint.host()), endpoint.port());
        } catch (UnknownHostException e) {
            throw new TransportException("cannot listen at " + endpoint + ": found no address for \"" + endpoint.host()
                + "\", expected a name or address of this machine", e);
        }
    }

    /** That {@code endpoint} cannot be bound because of {@code cause}: what was found, and the remedy. */
    public static TransportException cannotBind(Endpoint endpoint, Throwable cause) {
        String said = Causes.root(cause);
        if (said.contains("in use")) {
            return new TransportException("address " + endpoint + " is in use by another process, expected it to be "
                + "free; stop that process, or configure another port", cause);
        }
        if (said.contains("assign requested address")) {
            return new TransportException("address " + endpoint + " is not one of this machine's, expected one that "
                + "is; configure one, or 0.0.0.0 for all", cause);
        }
        if (said.contains("ermission denied")) {
            return new TransportException("address " + endpoint + " may not be bound by this user, expected a port of "
                + "1024 or higher, or the right to bind a lower one", cause);
        }
        return new TransportException("cannot listen at " + endpoint + ": " + said, cause);
    }
}
