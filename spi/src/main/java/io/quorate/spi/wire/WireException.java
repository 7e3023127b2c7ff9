package io.quorate.spi.wire;

/**
 * Bytes arrived that break the wire format or the rules of an exchange. Names the violation, what was found and
 * expected.
 */
public final class WireException extends Exception {

    private static final long serialVersionUID = 1L;

    private final WireViolation violation;

    public WireException(WireViolation violation, String detail) {
        super(violation.name() + ": " + detail, null, false, false);
        this.violation = violation;
    }

    public WireViolation violation() {
        return violation;
    }
}
