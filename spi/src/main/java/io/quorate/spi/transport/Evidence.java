package io.quorate.spi.transport;

import io.quorate.api.Bytes;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * What TLS has proved about the other side of a connection; no verdict.
 *
 * @param chain the chain that the other side presented, leaf first. Only the leaf is proven: its key has signed this
 *     very handshake, and {@link TlsCredentials#trust} has accepted it. What follows the leaf is material for building
 *     a path, and nothing may be concluded from its presence.
 * @param channelBinding bytes that both sides of this TLS session compute alike and that no other pair of certificates
 *     yields; see {@link ChannelBinding}
 * @param description the session in words for listings: protocol, cipher suite, key-exchange group if known
 */
public record Evidence(List<X509Certificate> chain, Bytes channelBinding, String description) {

    public Evidence {
        chain = List.copyOf(chain);
    }
}
