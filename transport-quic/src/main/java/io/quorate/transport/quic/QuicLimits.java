package io.quorate.transport.quic;

import io.quorate.spi.transport.TransportLimits;
import io.quorate.spi.wire.FrameFormat;

/**
 * Every limit of the transport, in one place. Those that all transports share come from {@link TransportLimits}; tests
 * make them small.
 *
 * @param connectMillis name resolution and the first answer, together
 * @param tlsMillis the handshake, from the first answer (dialed) or the proven address (accepted) to its end
 * @param preauthMillis from acceptance or dialing to activation
 * @param preauthBytes bytes of the connection's frames before activation
 * @param maxPending accepted connections that are not active yet
 * @param maxPendingPerSource the same, from one source
 * @param maxAccepted accepted connections
 * @param idleMillis how long a connection without a packet from the other side lives; both sides announce it, and the
 *     smaller one counts (RFC 9000 §10.1)
 * @param maxCalls calls that the other side may have open on one connection
 * @param maxResets calls that may be cut short on one connection before it is retired
 */
record QuicLimits(
    long connectMillis, long tlsMillis, long preauthMillis, int preauthBytes, int maxPending, int maxPendingPerSource,
    int maxAccepted, long idleMillis, int maxCalls, int maxResets) {

    /**
     * A silent connection is noticed by the sessions' pings, each 500 ms, long before this. It cleans up behind a peer
     * whose farewell was lost, and is twice what a handshake may take, so that it never decides about one (10 s).
     */
    static final long IDLE_MILLIS = 10_000;

    /** Calls that one side may have open on one connection. */
    static final int MAX_CALLS = 256;

    /**
     * What the other side may send on one call before it has been read (1 MiB): the bound on what a reader that stops
     * costs. Where a reader is fast, quiche lets it grow, to at most 16 MiB.
     */
    static final int STREAM_WINDOW_BYTES = 1 << 20;

    /** The same on the other side's control stream (32 KiB): twice what is allowed before the handshake is done. */
    static final int CONTROL_WINDOW_BYTES = 2 * FrameFormat.MAX_PREAUTH_BYTES;

    /**
     * The window of a connection as a whole never closes (1 EiB). It would be shared by all calls: two readers that
     * stop could then use it up, and every other call and even the pings would stall behind them. What a connection
     * can cost is bounded by the windows of its streams and their number instead.
     */
    static final long CONNECTION_WINDOW_BYTES = 1L << 60;

    /** One control stream from the other side, and not one more. */
    static final int MAX_CONTROL_STREAMS = 1;

    /** Connection ids that the other side may hold for us: one in use and spare ones for changes of the path. */
    static final int MAX_CONNECTION_IDS = 4;

    /**
     * A connection that has had so many calls cut short is retired, and a new one dialed: each leaves a trace of some
     * kilobytes in Netty's table of streams, and a peer that opens and resets in a loop means no good (compare
     * RFC 9113 §10.5).
     */
    static final int MAX_RESETS = 10_000;

    /**
     * How long the calls under way on a retired connection may take to end, in milliseconds. It opens no new ones
     * meanwhile, so this is also how long its peer can be out of reach: less than an election takes.
     */
    static final long RETIREMENT_MILLIS = 500;

    /** Counts connections that were closed because the other side had begun more calls than QUIC should permit. */
    static final String STREAM_LIMIT_COUNTER = "quic.violation.stream-limit";

    /** RFC 9000 §14: what every path must carry. */
    static final int LEAST_UDP_PAYLOAD_BYTES = 1_200;

    /** Through IPv6, a tunnel or two and 1,500 bytes of Ethernet: no datagram is cut into fragments. */
    static final int NETWORK_UDP_PAYLOAD_BYTES = 1_350;

    /** On the loopback interface, whose frames are 64 KiB: fewer datagrams, fewer system calls and less sealing. */
    static final int LOOPBACK_UDP_PAYLOAD_BYTES = 16_000;

    /** The largest datagram that is taken from anybody: the room for each that is read. */
    static final int MAX_UDP_PAYLOAD_BYTES = LOOPBACK_UDP_PAYLOAD_BYTES;

    /** How many datagrams one system call takes from a socket at most. */
    static final int DATAGRAMS_PER_READ = 8;

    /** What a socket's own buffers are asked to hold (4 MiB); the kernel gives what its configuration permits. */
    static final int SOCKET_BUFFER_BYTES = 4 << 20;

    /** Frames go to QUIC in pieces of at most this size (64 KiB), the next when the one before it was taken. */
    static final int WRITE_PIECE_BYTES = 64 << 10;

    /** What is read from a stream at once (16 KiB). */
    static final int READ_PIECE_BYTES = 16 << 10;

    /** A stream that was full takes frames again when no more than this waits (1 MiB). */
    static final int WRITE_LOW_WATER_BYTES = TransportLimits.WRITE_HIGH_WATER_BYTES / 4;

    /** Pings, pongs and the like that may wait to be written: many seconds' worth. */
    static final int MAX_WAITING_CONTROLS = 256;

    /** The same with notes on calls that are given up besides: one on each that may be open, and as many again. */
    static final int MAX_WAITING_NOTES = MAX_WAITING_CONTROLS + 2 * MAX_CALLS;

    /** How long a token of address validation is good, in milliseconds: one round trip and a retransmission. */
    static final long RETRY_TOKEN_MILLIS = 5_000;

    /** How long an address that found no room is not told again, in milliseconds: one attempt repeats its packets. */
    static final long REFUSAL_QUIET_MILLIS = 5_000;

    /** How long a closing connection may take to write the responses that it still owes, in milliseconds. */
    static final long GOODBYE_MILLIS = 1_000;

    /** How long a closing connection stays for its last response to arrive, in milliseconds: several round trips. */
    static final long LINGER_MILLIS = 100;

    /** The words in a QUIC CONNECTION_CLOSE: it has to fit into one packet. */
    static final int MAX_CLOSE_WORDS_BYTES = 512;

    /**
     * How long {@code close} waits for connections, and then for threads, in milliseconds; together below 5 seconds.
     */
    static final long CLOSE_CONNECTIONS_MILLIS = 2_000;
    static final long CLOSE_THREADS_MILLIS = 2_000;

    static QuicLimits standard() {
        return new QuicLimits(TransportLimits.CONNECT_TIMEOUT_MILLIS, TransportLimits.TLS_HANDSHAKE_TIMEOUT_MILLIS,
            TransportLimits.PREAUTH_TIMEOUT_MILLIS, FrameFormat.MAX_PREAUTH_BYTES, TransportLimits.MAX_PENDING_ACCEPTED,
            TransportLimits.MAX_PENDING_ACCEPTED_PER_SOURCE, TransportLimits.MAX_ACCEPTED, IDLE_MILLIS, MAX_CALLS,
            MAX_RESETS);
    }
}
