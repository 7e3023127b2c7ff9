package io.quorate.spi.transport;

import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.RpcType;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One TLS-secured TCP socket, or one QUIC connection, with its life: delivered to the sink, <em>started</em> (frames
 * of the connection flow: handshake), <em>activated</em> (calls too), closed.
 *
 * <p><b>Isolation.</b> Each call has a stream of its own. A TCP connection carries one call at a time and is leased
 * for it exclusively: {@link #open} refuses while another call is under way, and after anything unexpected the
 * connection is poisoned, closed and never used again. Nothing that happens to a stream touches a stream of another
 * connection; on QUIC, nor another stream of the same one.
 *
 * <p><b>Threading.</b> Methods may be called from any thread and do not block. Handlers are called on transport
 * threads, for one connection never concurrently, and must only enqueue.
 */
public interface Connection {

    /** Unique among this transport's connections, for logs; two transports may use one number each. */
    long id();

    /** The transport's scheme. */
    String scheme();

    Origin origin();

    /** The number given to {@link Transport#dial}, if dialed. */
    OptionalLong dialId();

    /** The other side's address, for logs; never an identity. */
    String remote();

    /** The other side's address without the port: the source by which handshakes in progress are bounded. */
    String source();

    /** What TLS has proved about the other side. */
    Evidence evidence();

    /** Begins to read, and delivers frames of the connection's kinds. To be called once. */
    void start(ConnectionHandler handler);

    /**
     * Sends a frame of the connection's kinds. Dropped without a word if the connection is closed: the handler hears of
     * that.
     *
     * @throws IllegalArgumentException if the frame is a call's
     */
    void send(Frame controlFrame);

    /**
     * Opens the connection for calls, in both directions where the transport permits, and ends the limits that hold
     * before the handshake is done. Frames of kind HANDSHAKE are a violation from here on, as a call's frames are
     * before. The session layer begins calls only after a ping sent behind its verdict was answered: the answer
     * shows that the other side is active too, so that no call can arrive too early. To be called once, after {@link
     * #start}.
     *
     * @param acceptor receives the other side's calls
     */
    void activate(StreamAcceptor acceptor);

    /**
     * How many more calls could be opened now: on TCP 1 if this side dialed and no call is under way, otherwise 0;
     * on QUIC the number of streams that the other side still permits.
     */
    int openCapacity();

    /**
     * Opens a stream for one call. The lease is taken in this very step: of two callers at the same time one gets it.
     *
     * @param type what is to be called; decides the stream's priority where the transport has such
     * @param handler set before the first byte can arrive, so that none is lost
     * @return the stream; empty if there is no capacity or the connection is closed or not yet active
     */
    Optional<RpcStream> open(RpcType type, StreamHandler handler);

    /** Closes it, saying goodbye with {@code reason} if that is still possible. Idempotent; open streams are reset. */
    void close(CloseReason reason);

    /**
     * How many bytes have arrived so far, as a sign of life: a connection in the middle of a large frame cannot
     * answer a ping, and is not dead.
     */
    long bytesRead();

    /** Where it is in its life. */
    ConnectionState state();
}
