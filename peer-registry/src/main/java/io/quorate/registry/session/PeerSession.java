package io.quorate.registry.session;

import io.quorate.api.Bytes;
import io.quorate.api.NodeId;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.Connection;
import io.quorate.spi.transport.Evidence;
import io.quorate.spi.transport.Origin;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * One connection whose handshake both sides have accepted. Only {@link Handshake} makes one, from a verified identity.
 *
 * <p>What is final may be read on any thread; what changes ({@link #confirmed}, {@link #live}) on the loop.
 */
public final class PeerSession {

    private final long id;
    private final Connection connection;
    private final PeerIdentity identity;
    private final Optional<NodeId> node;
    private final Hello hello;
    private final int version;
    private final SortedSet<String> capabilities;
    private final Optional<String> certificateFingerprint;
    private final long certificateNotAfterMillis;

    /** The session's life on this side; of {@link SessionTable}, {@link Liveness} and {@link PeerLink}. */
    final SessionState state = new SessionState();

    PeerSession(long id, Connection connection, PeerIdentity identity, Hello hello, int version,
        SortedSet<String> capabilities) {
        this.id = id;
        this.connection = connection;
        this.identity = identity;
        this.node = identity.kind() == PeerIdentity.Kind.NODE && !hello.callsOnly()
            ? Optional.of(new NodeId(identity.name())) : Optional.empty();
        this.hello = hello;
        this.version = version;
        this.capabilities = new TreeSet<>(capabilities);
        this.certificateFingerprint = fingerprint(connection.evidence().chain());
        this.state.epoch = hello.epoch();
        this.certificateNotAfterMillis = Expiry.notAfterMillis(connection.evidence().chain());
    }

    /** Unique among the sessions of one {@link Sessions}, whatever transports their connections are of. */
    public long id() {
        return id;
    }

    /** Who the other side is: proved by its certificate. */
    public PeerIdentity identity() {
        return identity;
    }

    /** The other side as a node; empty if it only calls, as clients and operators do, and so is no peer. */
    public Optional<NodeId> node() {
        return node;
    }

    public long incarnation() {
        return hello.incarnation();
    }

    /** What the other side said of itself. */
    public Hello hello() {
        return hello;
    }

    /** The other side's epoch, as it has told it last, in its hello or in a ping; 0 if it knows none. Loop only. */
    public long epoch() {
        return state.epoch;
    }

    /** The protocol version that both sides speak here. */
    public int version() {
        return version;
    }

    /** The capabilities that both sides named. */
    public boolean supports(String capability) {
        return capabilities.contains(capability);
    }

    public Origin origin() {
        return connection.origin();
    }

    /** The scheme of the transport that carries it. */
    public String transport() {
        return connection.scheme();
    }

    /** The group of the TLS key exchange, if the TLS library tells; see {@link Evidence#keyExchange}. */
    public Optional<String> keyExchange() {
        return connection.evidence().keyExchange();
    }

    /** The other side's address, for people. */
    public String remote() {
        return connection.remote();
    }

    /** The TLS session in words. */
    public String description() {
        return connection.evidence().description();
    }

    /** SHA-256 of the other side's leaf certificate, lower-case hexadecimal; may be missing. */
    public Optional<String> certificateFingerprint() {
        return certificateFingerprint;
    }

    /** Whether a round trip has succeeded on it. */
    public boolean confirmed() {
        return state.confirmed;
    }

    /** Whether it has not ended. */
    public boolean live() {
        return !state.closed;
    }

    /** When the other side's certificate expires, by the wall clock. */
    long certificateNotAfterMillis() {
        return certificateNotAfterMillis;
    }

    Connection connection() {
        return connection;
    }

    private static Optional<String> fingerprint(List<X509Certificate> chain) {
        if (chain.isEmpty()) {
            return Optional.empty();
        }
        try {
            byte[] leaf = chain.get(0).getEncoded();
            return leaf == null ? Optional.empty()
                : Optional.of(Bytes.wrap(MessageDigest.getInstance("SHA-256").digest(leaf)).hex());
        } catch (CertificateEncodingException e) {
            // What is missing shows as missing; a session does not fail for want of a number to display (lesson 1).
            return Optional.empty();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    @Override
    public String toString() {
        return "session " + id() + " with " + identity + " (" + origin() + ", " + remote() + ")";
    }
}
