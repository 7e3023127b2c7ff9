package io.quorate.transport.tcp;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.OpenSslSession;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
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
import java.nio.channels.ClosedChannelException;
import java.security.cert.CertificateException;
import java.util.Optional;
import java.util.OptionalLong;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one way from a socket to a connection, the same for both origins: TLS, its outcome checked, evidence gathered,
 * and the connection or its failure handed to the sink; exactly one of the two.
 *
 * <p>On the channel's thread alone, but for {@link #shutDown}.
 */
final class Upgrade extends ChannelInboundHandlerAdapter implements LiveSet.Live {

    private static final Logger LOG = LoggerFactory.getLogger(Upgrade.class);

    private final Surroundings surroundings;
    private final Channel channel;
    private final Origin origin;
    private final OptionalLong dialId;
    private final Address remote;
    private final long beganNanos;
    private final Runnable onActive;
    private final TlsGate gate = new TlsGate();
    private TlsContexts.Prepared tls;
    private boolean settled;

    private Upgrade(Surroundings surroundings, Channel channel, Origin origin, OptionalLong dialId,
            long beganNanos, Runnable onActive) {
        this.surroundings = surroundings;
        this.channel = channel;
        this.origin = origin;
        this.dialId = dialId;
        this.remote = Address.of(channel.remoteAddress());
        this.beganNanos = beganNanos;
        this.onActive = onActive;
    }

    /**
     * Begins TLS on a connected socket.
     *
     * @param beganNanos when the socket was accepted, or its dialing began
     * @param onActive called once if the connection becomes active
     */
    static void begin(Surroundings surroundings, Channel channel, Origin origin, OptionalLong dialId,
            long beganNanos, Runnable onActive) {
        Upgrade upgrade = new Upgrade(surroundings, channel, origin, dialId, beganNanos, onActive);
        surroundings.live().add(upgrade);
        channel.closeFuture().addListener(closed -> surroundings.live().remove(upgrade));
        try {
            upgrade.tls = surroundings.tls().prepare(origin, channel.alloc(), surroundings.limits().tlsMillis());
        } catch (SSLException | RuntimeException e) {
            LOG.error("cannot begin TLS with {} ({})", upgrade.remote.text(), origin, e);
            upgrade.fail(RefusalReason.TLS_FAILED, "this side's own TLS cannot begin: " + Causes.root(e)
                + "; expected a private key and a certificate chain that belong together");
            return;
        }
        channel.pipeline().addLast(upgrade.gate, upgrade.tls.handler(), upgrade);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof SslHandshakeCompletionEvent done && !settled) {
            if (done.isSuccess()) {
                secured(ctx);
            } else {
                fail(why(done.cause()));
            }
        }
    }

    private void secured(ChannelHandlerContext ctx) {
        SslHandler handler = tls.handler();
        String protocol = handler.applicationProtocol();
        if (!TlsContexts.ALPN.equals(protocol)) {
            fail(TlsFailure.alpn(protocol, TlsContexts.ALPN));
            return;
        }
        SSLSession session = handler.engine().getSession();
        if (!TlsContexts.PROTOCOL.equals(session.getProtocol())) {
            fail(TlsFailure.version(session.getProtocol()));
            return;
        }
        if (!gate.judgement().isAccepted()) {
            fail(TlsFailure.notJudged());
            return;
        }
        Evidence evidence;
        try {
            evidence = evidence(session);
        } catch (SSLPeerUnverifiedException e) {
            fail(TlsFailure.noCertificate());
            return;
        } catch (CertificateException e) {
            fail(RefusalReason.CERTIFICATE_INVALID, "found a certificate that cannot be read: " + Causes.root(e));
            return;
        }
        if (surroundings.requirePostQuantum() && !evidence.isPostQuantum()) {
            fail(TlsFailure.notPostQuantum(evidence.keyExchange().orElse("that the TLS library does not tell")));
            return;
        }
        settled = true;
        gate.open();
        channel.config().setAutoRead(false);
        TcpConnection connection = new TcpConnection(origin, dialId, remote, evidence, channel, gate, surroundings,
            surroundings.directBuffers(), onActive);
        connection.begin(beganNanos);
        surroundings.live().remove(this);
        ctx.pipeline().replace(this, null, connection.reader());
        try {
            surroundings.sink().onConnection(connection);
        } catch (RuntimeException defect) {
            LOG.error("{} is closed: the sink failed", connection, defect);
            connection.close(CloseReason.of(CloseReason.Kind.NORMAL, "a handler failed, see the log"));
        }
    }

    private Evidence evidence(SSLSession session) throws SSLPeerUnverifiedException, CertificateException {
        PresentedChain chain = PresentedChain.read(session.getPeerCertificates());
        Optional<String> group = session instanceof OpenSslSession openSsl
            ? Optional.ofNullable(openSsl.getNamedGroup())
            // The platform's engine does not tell, but where one alone was offered there is nothing to ask.
            : Optional.of(Evidence.POST_QUANTUM_GROUP).filter(alone -> surroundings.requirePostQuantum());
        return new Evidence(chain.certificates(), chain.binding(origin, tls.credentials().chain().get(0)), group,
            session.getProtocol() + " " + session.getCipherSuite() + group.map(name -> " " + name).orElse(""));
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ReferenceCountUtil.release(message); // decrypted bytes behind a refusal
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (!settled) {
            fail(why(new ClosedChannelException()));
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (!settled) {
            fail(why(cause));
        }
    }

    @Override
    public void shutDown() {
        channel.eventLoop().execute(() -> {
            // Once settled, the channel is the connection's, which says goodbye before it closes.
            if (!settled) {
                fail(RefusalReason.SHUTTING_DOWN, "this node is stopping");
            }
        });
    }

    private TlsFailure why(Throwable cause) {
        return TlsFailures.ofHandshake(cause, gate, surroundings.requirePostQuantum());
    }

    private void fail(TlsFailure failure) {
        fail(failure.reason(), failure.detail());
    }

    private void fail(RefusalReason reason, String detail) {
        if (!settled) {
            settled = true;
            surroundings.sink().onFailure(new ConnectionFailure(TcpTransportProvider.SCHEME, origin, dialId,
                remote.text(), reason, detail));
        }
        channel.close();
    }
}
