package io.quorate.spi.transport;

import java.util.function.IntPredicate;

/**
 * Where a node can be reached, written {@code scheme://host:port}.
 *
 * @param scheme the transport that serves it, such as {@code tcp}
 * @param host a host name or address; an IPv6 address stands in brackets in the written form only
 * @param port 1 to 65535; 0 only where a listener is to choose one
 */
public record Endpoint(String scheme, String host, int port) implements Comparable<Endpoint> {

    /** The longest written form, in characters. */
    public static final int MAX_LENGTH = 300;

    private static final int MAX_SCHEME_LENGTH = 16;
    private static final int MAX_HOST_LENGTH = 255;

    /** @throws IllegalArgumentException if a part is blank or out of range */
    public Endpoint {
        if (!isScheme(scheme)) {
            throw new IllegalArgumentException("endpoint scheme: found \"" + scheme
                + "\", expected such as tcp or quic");
        }
        if (host.isEmpty() || host.length() > MAX_HOST_LENGTH || !consistsOf(host, Endpoint::isOfHost)) {
            throw new IllegalArgumentException("endpoint host: found \"" + host
                + "\", expected a host name or address");
        }
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("endpoint port: found " + port + ", expected 0 to 65535");
        }
    }

    // Character by character and not with a pattern: a node reads its peers' endpoints whenever it looks about.
    private static boolean isScheme(String text) {
        return !text.isEmpty() && text.length() <= MAX_SCHEME_LENGTH && isLower(text.charAt(0))
            && consistsOf(text, c -> isLower(c) || isDigit(c));
    }

    private static boolean isOfHost(int c) {
        return isLower(c) || c >= 'A' && c <= 'Z' || isDigit(c) || "_.:%-".indexOf(c) >= 0;
    }

    private static boolean isLower(int c) {
        return c >= 'a' && c <= 'z';
    }

    private static boolean isDigit(int c) {
        return c >= '0' && c <= '9';
    }

    private static boolean consistsOf(String text, IntPredicate allowed) {
        for (int i = 0; i < text.length(); i++) {
            if (!allowed.test(text.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    /**
     * Reads {@code scheme://host:port}.
     *
     * @throws IllegalArgumentException if {@code text} is not of that form
     */
    public static Endpoint parse(String text) {
        int scheme = text.indexOf("://");
        int colon = text.lastIndexOf(':');
        if (text.length() > MAX_LENGTH || scheme < 1 || colon < scheme + 3) {
            throw new IllegalArgumentException("endpoint: found \"" + text + "\", expected scheme://host:port, such as "
                + "tcp://127.0.0.1:7400");
        }
        String host = text.substring(scheme + 3, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        }
        int port;
        try {
            port = Integer.parseInt(text.substring(colon + 1));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("endpoint: found port \"" + text.substring(colon + 1) + "\" in \"" + text
                + "\", expected a number", e);
        }
        return new Endpoint(text.substring(0, scheme), host, port);
    }

    @Override
    public int compareTo(Endpoint other) {
        return toString().compareTo(other.toString());
    }

    @Override
    public String toString() {
        return scheme + "://" + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
