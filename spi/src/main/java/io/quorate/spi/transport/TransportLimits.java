package io.quorate.spi.transport;

/** The limits that every transport keeps, in one place. */
public final class TransportLimits {

    /** How long a dialed connection may take to be connected, before TLS. */
    public static final long CONNECT_TIMEOUT_MILLIS = 2_000;

    /** How long TLS may take, from the connection's first byte to its end. */
    public static final long TLS_HANDSHAKE_TIMEOUT_MILLIS = 3_000;

    /** How long a connection may take from its acceptance to its activation, TLS included. */
    public static final long PREAUTH_TIMEOUT_MILLIS = 5_000;

    /** How many accepted connections may be on their way through TLS and handshake, overall. */
    public static final int MAX_PENDING_ACCEPTED = 1_024;

    /** The same, from one source address. Also clients behind one address need room here. */
    public static final int MAX_PENDING_ACCEPTED_PER_SOURCE = 256;

    /** How many accepted connections there may be, overall. */
    public static final int MAX_ACCEPTED = 8_192;

    /** How many bytes may wait to be written on one stream before {@link RpcStream#send} says that it is full. */
    public static final int WRITE_HIGH_WATER_BYTES = 4 << 20;

    private TransportLimits() {
    }
}
