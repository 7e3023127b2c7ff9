package io.quorate.spi.identity;

import io.quorate.spi.transport.CertificateRefusedException;
import io.quorate.spi.transport.Evidence;
import io.quorate.spi.transport.TlsCredentials;

/** This side's identity, and the judge of others'. Thread-safe; methods after {@link #start} do not block. */
public interface Identity extends AutoCloseable {

    /**
     * Loads keys and certificates, and checks them as the other side will.
     *
     * @throws IdentityException if they are missing, damaged, expired, of another authority, or readable by others
     */
    void start() throws IdentityException;

    /** Who this side is. */
    PeerIdentity self();

    /** What to present and whom to trust from now on; the same object until there is a change. */
    TlsCredentials credentials();

    /**
     * Says who the other side of a connection is. Judges the verified leaf alone, never what was merely presented.
     *
     * @throws CertificateRefusedException with the reason, if the evidence proves no identity
     */
    PeerIdentity verify(Evidence evidence) throws CertificateRefusedException;

    /** Idempotent. */
    @Override
    void close();
}
