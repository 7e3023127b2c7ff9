package io.quorate.spi.identity;

import java.util.Locale;

/**
 * Who a certificate proves its holder to be: {@code spiffe://<trust-domain>/<kind>/<name>}.
 *
 * @param trustDomain the SPIFFE trust domain
 * @param kind what it is
 * @param name its name: for a node, the node id
 */
public record PeerIdentity(String trustDomain, Kind kind, String name) {

    /** The closed set of kinds. */
    public enum Kind {
        /** A node of a cluster. */
        NODE,
        /** An application. */
        CLIENT,
        /** An administrator. */
        OPERATOR;

        /** The path segment that stands for it. */
        public String segment() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The SPIFFE URI. */
    public String uri() {
        return "spiffe://" + trustDomain + "/" + kind.segment() + "/" + name;
    }

    @Override
    public String toString() {
        return uri();
    }
}
