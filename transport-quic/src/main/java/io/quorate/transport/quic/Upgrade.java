package io.quorate.transport.quic;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicChannelOption;
import io.netty.handler.codec.quic.QuicConnectionCloseEvent;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.ConnectionFailure;
import io.quorate.spi.transport.Evidence;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.support.Address;
import io.quorate.spi.transport.support.Causes;
import io.quorate.spi.transport.support.LiveSet;
import io.quorate.spi.transport.support.PresentedChain;
import io.quorate.spi.transport.support.TlsFailure;
import java.net.InetSocketAddress;
import java.security.cert.CertificateException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one way from a QUIC channel to a connection, the same for both origins: the handshake, its outcome checked,
 * evidence gathered, and the connection or its failure handed to the sink; exactly one of the two.
 *
 * <p>On the channel's thread alone, but for {@link #shutDown}.
 */
final class Upgrade extends ChannelInboundHandlerAdapter implements LiveSet.Live {

    private static final Logger LOG = LoggerFactory.getLogger(Upgrade.class);

    private final Surroundings surroundings;
    private final QuicChannel channel;
    private final TlsContexts.Prepared tls;
    private final Origin origin;
    private final OptionalLong dialId;
    private final InetSocketAddress peer;
    private final Address remote;
    private final KeyExchangeObserver observer;
    private final long beganNanos;
    private final Runnable onActive;
    private final int mostSentBytes;
    private Future<?> deadline;
    private boolean settled;

    /**
     * @param peer the other side's address
     * @param observer stands before QUIC on the same socket
     * @param beganNanos when the connection was accepted, or its dialing began
     * @param onActive called once if the connection becomes active
     * @param mostSentBytes the largest datagram that this side sends
     */
    Upgrade(Surroundings surroundings, QuicChannel channel, TlsContexts.Prepared tls, Origin origin,
            OptionalLong dialId, InetSocketAddress peer, KeyExchangeObserver observer, long beganNanos,
            Runnable onActive, int mostSentBytes) {
        this.surroundings = surroundings;
        this.channel = channel;
        this.tls = tls;
        this.origin = origin;
        this.dialId = dialId;
        this.peer = peer;
        this.remote = Address.of(peer);
        this.observer = observer;
        this.beganNanos = beganNanos;
        this.onActive = onActive;
        this.mostSentBytes = mostSentBytes;
    }

    /** The handshake has begun, and the other side is there: from here on this is what reports its outcome. */
    void begin() {
        surroundings.live().add(this);
        long millis = surroundings.limits().tlsMillis();
        deadline = channel.eventLoop().schedule(() -> fail(new TlsFailure(RefusalReason.HANDSHAKE_TIMEOUT,
            "found only a part of the TLS handshake in time, expected TLS to be done within " + millis + " ms")),
            millis, TimeUnit.MILLISECONDS);
        channel.closeFuture().addListener(closed -> {
            fail(new TlsFailure(RefusalReason.CONNECTION_LOST, "the other side closed before TLS was done"));
            surroundings.tls().release(tls);
            observer.forget(peer);
        });
    }

    /** Whether the outcome was reported. */
    boolean isSettled() {
        return settled;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (settled) {
            return;
        }
        if (event instanceof SslHandshakeCompletionEvent done) {
            if (done.isSuccess()) {
                secured(ctx);
            } else {
                failed(done.cause());
            }
        } else if (event instanceof QuicConnectionCloseEvent closed) {
            fail(QuicFailures.ofHandshake(closed, surroundings.requirePostQuantum()));
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        failed(cause);
    }

    /** The handshake has failed on this side. */
    void failed(Throwable cause) {
        if (!settled) {
            fail(QuicFailures.ofHandshake(cause, tls.judgement(), surroundings.requirePostQuantum()));
        }
    }

    private void secured(ChannelHandlerContext ctx) {
        SSLEngine engine = tls.engine();
        String protocol = engine.getApplicationProtocol();
        if (!TlsContexts.ALPN.equals(protocol)) {
            fail(TlsFailure.alpn(protocol == null || protocol.isEmpty() ? null : protocol, TlsContexts.ALPN),
                QuicFailures.ALERT_NO_APPLICATION_PROTOCOL);
            return;
        }
        SSLSession session = engine.getSession();
        if (!TlsContexts.PROTOCOL.equals(session.getProtocol())) {
            fail(TlsFailure.version(session.getProtocol()));
            return;
        }
        if (!tls.judgement().isAccepted()) {
            fail(TlsFailure.notJudged(), QuicFailures.ALERT_CERTIFICATE_UNKNOWN);
            return;
        }
        Evidence evidence;
        try {
            evidence = evidence(session);
        } catch (SSLPeerUnverifiedException e) {
            fail(TlsFailure.noCertificate());
            return;
        } catch (CertificateException e) {
            fail(new TlsFailure(RefusalReason.CERTIFICATE_INVALID,
                "found a certificate that cannot be read: " + Causes.root(e)));
            return;
        }
        QuicConnection connection;
        try {
            channel.config().setOption(QuicChannelOption.SEGMENTED_DATAGRAM_PACKET_ALLOCATOR,
                surroundings.sockets().segments((int) Math.min(
                    channel.peerTransportParameters().maxUdpPayloadSize(), mostSentBytes)));
            connection = new QuicConnection(origin, dialId, remote, evidence, channel, surroundings, onActive);
            ctx.pipeline().replace(this, null, new ConnectionEvents(connection, surroundings));
            connection.begin(beganNanos);
        } catch (RuntimeException defect) {
            LOG.error("cannot make a connection of the secured channel with {} ({})", remote.text(), origin, defect);
            fail(new TlsFailure(RefusalReason.CONNECTION_LOST, "this side failed, see the log"));
            return;
        }
        // Behind all that can fail, or nobody would hear of it; and when the connection is among those that are told of
        // the transport's end, which would overlook both otherwise.
        settle();
        try {
            surroundings.sink().onConnection(connection);
        } catch (RuntimeException defect) {
            LOG.error("{} is closed: the sink failed", connection, defect);
            connection.close(CloseReason.of(CloseReason.Kind.NORMAL, "a handler failed, see the log"));
        }
    }

    private Evidence evidence(SSLSession session) throws SSLPeerUnverifiedException, CertificateException {
        PresentedChain chain = PresentedChain.read(session.getPeerCertificates());
        Optional<String> group = surroundings.requirePostQuantum()
            ? Optional.of(Evidence.POST_QUANTUM_GROUP) // no other was offered, whatever was seen on the path
            : observer.group(peer);
        return new Evidence(chain.certificates(), chain.binding(origin, tls.credentials().chain().get(0)), group,
            session.getProtocol() + " " + session.getCipherSuite() + group.map(name -> " " + name).orElse("")
                + " over QUIC v1");
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof QuicStreamChannel stream) {
            stream.close(); // behind a refusal
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void shutDown() {
        // Once settled, the channel is the connection's, which says goodbye before it closes.
        channel.eventLoop().execute(() ->
            fail(new TlsFailure(RefusalReason.SHUTTING_DOWN, "this node is stopping")));
    }

    private void fail(TlsFailure failure) {
        if (report(failure)) {
            // Not at once: Netty may be in the middle of sending, and the alert would then never leave.
            channel.eventLoop().execute(channel::close);
        }
    }

    private void fail(TlsFailure failure, int alert) {
        if (report(failure)) {
            channel.eventLoop().execute(
                () -> channel.close(false, QuicFailures.CRYPTO_ERROR + alert, Unpooled.EMPTY_BUFFER));
        }
    }

    private boolean report(TlsFailure failure) {
        if (settled || deadline == null) {
            return false; // before its beginning the dialing reports
        }
        settle();
        surroundings.sink().onFailure(new ConnectionFailure(QuicTransportProvider.SCHEME, origin, dialId,
            remote.text(), failure.reason(), failure.detail()));
        return true;
    }

    private void settle() {
        settled = true;
        deadline.cancel(false);
        surroundings.live().remove(this);
        surroundings.tls().release(tls);
    }
}
