package io.quorate.spi.transport;

/** Who began a connection. Data about a connection, never a reason to treat it differently. */
public enum Origin {
    /** This side did. */
    DIALED,
    /** The other side did. */
    ACCEPTED
}
