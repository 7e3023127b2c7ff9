package io.quorate.spi.transport.support;

import java.net.InetSocketAddress;
import java.net.SocketAddress;

/**
 * The other side's address in text.
 *
 * @param host the address alone
 * @param text address and port
 */
public record Address(String host, String text) {

    /** The words for {@code address}; "unknown" if it is not one of the internet. */
    public static Address of(SocketAddress address) {
        if (address instanceof InetSocketAddress inet) {
            String host = inet.getAddress() == null ? inet.getHostString() : inet.getAddress().getHostAddress();
            return new Address(host, (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + inet.getPort());
        }
        return new Address("unknown", "unknown");
    }
}
