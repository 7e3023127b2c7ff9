package io.quorate.spi.transport;

import java.security.cert.CertificateException;

/**
 * A certificate chain was refused, for one of a closed list of reasons. The message names what was found and expected.
 */
public final class CertificateRefusedException extends CertificateException {

    private static final long serialVersionUID = 1L;

    private final RefusalReason reason;

    public CertificateRefusedException(RefusalReason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public CertificateRefusedException(RefusalReason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    public RefusalReason reason() {
        return reason;
    }
}
