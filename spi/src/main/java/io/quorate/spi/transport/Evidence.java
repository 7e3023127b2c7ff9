package io.quorate.spi.transport;

import io.quorate.api.Bytes;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

/**
 * What TLS has proved about the other side of a connection; no verdict.
 *
 * @param chain the chain that the other side presented, leaf first. Only the leaf is proven: its key has signed this
 *     very handshake, and {@link TlsCredentials#trust} has accepted it. What follows the leaf is material for building
 *     a path, and nothing may be concluded from its presence.
 * @param channelBinding bytes that both sides of this TLS session compute alike and that no other pair of certificates
 *     yields; see {@link ChannelBinding}
 * @param keyExchange the group that TLS has agreed on, by the name that TLS libraries give it, such as
 *     {@value #POST_QUANTUM_GROUP}, {@code X25519} or {@code P-256}; empty if the TLS library does not tell
 * @param description the session in words for listings: protocol, cipher suite, key exchange if known
 */
public record Evidence(
    List<X509Certificate> chain, Bytes channelBinding, Optional<String> keyExchange, String description) {

    /**
     * The hybrid of a classical and a post-quantum key exchange that every transport prefers
     * (draft-ietf-tls-ecdhe-mlkem): who records the traffic today cannot read it with a quantum computer later.
     */
    public static final String POST_QUANTUM_GROUP = "X25519MLKEM768";

    public Evidence {
        chain = List.copyOf(chain);
    }

    /** Whether the key exchange is known to be the post-quantum hybrid. */
    public boolean isPostQuantum() {
        return keyExchange.filter(POST_QUANTUM_GROUP::equals).isPresent();
    }
}
