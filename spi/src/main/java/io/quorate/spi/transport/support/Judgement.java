package io.quorate.spi.transport.support;

import io.quorate.spi.transport.CertificateRefusedException;
import java.util.Optional;

/**
 * What was found about the other side's certificate on one connection: nothing yet, accepted, or refused.
 *
 * <p>The note is kept beside TLS because the libraries are free to lose or rewrap what a judge throws, and because a
 * resumed session never asks one (RFC 8446 §2.2): a connection without a note must be refused. Thread-safe.
 */
public final class Judgement {

    private boolean accepted;
    private CertificateRefusedException refusal;

    synchronized void accept() {
        accepted = true;
    }

    synchronized void refuse(CertificateRefusedException reason) {
        refusal = reason;
    }

    /** Whether the certificate was judged on this very connection, and accepted. */
    public synchronized boolean isAccepted() {
        return accepted && refusal == null;
    }

    /** Why it was refused, if it was. */
    public synchronized Optional<CertificateRefusedException> refusal() {
        return Optional.ofNullable(refusal);
    }
}
