package io.quorate.transport.tcp;

import io.quorate.spi.transport.TransportLimits;
import io.quorate.spi.wire.FrameFormat;

/**
 * Every limit of the transport, in one place. Those that all transports share come from {@link TransportLimits}; tests
 * make them small.
 *
 * @param connectMillis name resolution and connecting, together
 * @param tlsMillis TLS, from the connection's first byte to its end
 * @param preauthMillis from acceptance or dialing to activation
 * @param preauthBytes decrypted bytes before activation
 * @param maxPending accepted connections that are not active yet
 * @param maxPendingPerSource the same, from one source
 * @param maxAccepted accepted connections
 */
record TcpLimits(
    long connectMillis, long tlsMillis, long preauthMillis, int preauthBytes, int maxPending, int maxPendingPerSource,
    int maxAccepted) {

    /**
     * Bytes that may arrive before TLS is done (32 KiB). A handshake with a chain of three certificates takes 5 KiB;
     * behind its last message the first {@link FrameFormat#MAX_PREAUTH_BYTES} of frames may arrive in the same packet.
     */
    static final int MAX_TLS_HANDSHAKE_BYTES = 2 * FrameFormat.MAX_PREAUTH_BYTES;

    /** The longest certificate list that is taken from the other side (12 KiB). */
    static final int MAX_CERTIFICATE_LIST_BYTES = 12 << 10;

    /**
     * Frames are encrypted in pieces of at most this size (64 KiB), so that a large one does not hold up the thread.
     */
    static final int WRITE_PIECE_BYTES = 64 << 10;

    /**
     * What may wait in a socket's own queue before no more is encrypted for it (256 KiB), and when that begins again.
     */
    static final int SOCKET_HIGH_WATER_BYTES = 256 << 10;
    static final int SOCKET_LOW_WATER_BYTES = 128 << 10;

    /** A stream that was full takes frames again when no more than this waits (1 MiB). */
    static final int WRITE_LOW_WATER_BYTES = TransportLimits.WRITE_HIGH_WATER_BYTES / 4;

    /**
     * The most that one read from a socket takes (64 KiB), and how many of them before other sockets have their turn.
     */
    static final int READ_PIECE_BYTES = 64 << 10;
    static final int READS_PER_TURN = 16;

    /** How long a closing connection may take to write what it still has to say, in milliseconds. */
    static final long GOODBYE_MILLIS = 1_000;

    /** How long it then waits for the other side to close too, in milliseconds. */
    static final long LINGER_MILLIS = 250;

    /**
     * How long {@code close} waits for connections, and then for threads, in milliseconds; together below 5 seconds.
     */
    static final long CLOSE_CONNECTIONS_MILLIS = 2_000;
    static final long CLOSE_THREADS_MILLIS = 2_000;

    static TcpLimits standard() {
        return new TcpLimits(TransportLimits.CONNECT_TIMEOUT_MILLIS, TransportLimits.TLS_HANDSHAKE_TIMEOUT_MILLIS,
            TransportLimits.PREAUTH_TIMEOUT_MILLIS, FrameFormat.MAX_PREAUTH_BYTES, TransportLimits.MAX_PENDING_ACCEPTED,
            TransportLimits.MAX_PENDING_ACCEPTED_PER_SOURCE, TransportLimits.MAX_ACCEPTED);
    }
}
