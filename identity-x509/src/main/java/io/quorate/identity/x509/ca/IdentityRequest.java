package io.quorate.identity.x509.ca;

import io.quorate.identity.x509.cert.SpiffeNames;
import io.quorate.spi.identity.PeerIdentity;
import java.time.Duration;
import java.util.List;

/**
 * What a certificate is to say.
 *
 * @param kind what its holder is
 * @param name its holder's name; for a node the node id
 * @param validity how long it is to be valid, from now on
 * @param dnsNames host names to add, for tools that ask for such; Quorate itself looks at the SPIFFE name alone
 * @param ipAddresses addresses to add, likewise
 */
public record IdentityRequest(
    PeerIdentity.Kind kind, String name, Duration validity, List<String> dnsNames, List<String> ipAddresses) {

    /** How long a node's certificate is valid unless something else is said. */
    public static final Duration NODE_VALIDITY = Duration.ofDays(365);

    /** How long that of a client or an operator is valid: people and programs lose keys more easily than servers do. */
    public static final Duration CALLER_VALIDITY = Duration.ofDays(90);

    /** @throws IllegalArgumentException if the name is no label, or the validity not positive */
    public IdentityRequest {
        SpiffeNames.requireName(name);
        if (validity.compareTo(Duration.ofSeconds(1)) < 0) {
            throw new IllegalArgumentException("validity: found " + validity + ", expected at least a second");
        }
        dnsNames = List.copyOf(dnsNames);
        ipAddresses = List.copyOf(ipAddresses);
    }

    /** A certificate with the default validity of its kind, and without host names. */
    public static IdentityRequest of(PeerIdentity.Kind kind, String name) {
        Duration validity = kind == PeerIdentity.Kind.NODE ? NODE_VALIDITY : CALLER_VALIDITY;
        return new IdentityRequest(kind, name, validity, List.of(), List.of());
    }

    /** The same with another validity. */
    public IdentityRequest withValidity(Duration other) {
        return new IdentityRequest(kind, name, other, dnsNames, ipAddresses);
    }

    /** The same with these host names and addresses. */
    public IdentityRequest withHosts(List<String> otherDnsNames, List<String> otherIpAddresses) {
        return new IdentityRequest(kind, name, validity, otherDnsNames, otherIpAddresses);
    }
}
