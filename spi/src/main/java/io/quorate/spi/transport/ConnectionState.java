package io.quorate.spi.transport;

/** A connection's life. {@code HANDSHAKING → IDLE ⇄ LEASED → POISONED → CLOSED}; every state may end in CLOSED. */
public enum ConnectionState {
    /** Not activated yet: no calls. */
    HANDSHAKING,
    /** Active, no call under way. */
    IDLE,
    /** At least one call is under way; on TCP exactly one. */
    LEASED,
    /** Something unexpected happened; it is being closed and will not be used again. */
    POISONED,
    /** Gone. */
    CLOSED
}
