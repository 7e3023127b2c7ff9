package io.quorate.transport.tcp;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.OpenSslSession;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import io.quorate.spi.transport.ChannelBinding;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.ConnectionFailure;
import io.quorate.spi.transport.Evidence;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RefusalReason;
import java.io.ByteArrayInputStream;
import java.nio.channels.ClosedChannelException;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
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
        surroundings.live().add(upgrade, channel);
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
                fail(TlsFailures.ofHandshake(done.cause(), gate));
            }
        }
    }

    private void secured(ChannelHandlerContext ctx) {
        SslHandler handler = tls.handler();
        String protocol = handler.applicationProtocol();
        if (!TlsContexts.ALPN.equals(protocol)) {
            fail(TlsFailures.alpn(protocol));
            return;
        }
        SSLSession session = handler.engine().getSession();
        if (!TlsContexts.PROTOCOL.equals(session.getProtocol())) {
            fail(RefusalReason.TLS_VERSION, "found " + session.getProtocol() + ", expected TLS 1.3");
            return;
        }
        if (!gate.isTrusted()) {
            // A resumed session would be one: it proves who the other side was, and nobody has asked whether it still
            // is.
            fail(RefusalReason.TLS_FAILED, "found a session in which no certificate was judged, expected a "
                + "full handshake");
            return;
        }
        Evidence evidence;
        try {
            evidence = evidence(session);
        } catch (SSLPeerUnverifiedException e) {
            fail(RefusalReason.NO_CERTIFICATE, "found no certificate, expected one: TLS is mutual here");
            return;
        } catch (CertificateException e) {
            fail(RefusalReason.CERTIFICATE_INVALID, "found a certificate that cannot be read: " + Causes.root(e));
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
        // Read afresh, so that a chain is of the same kind and compares alike whichever library has verified it.
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<X509Certificate> chain = new ArrayList<>();
        for (Certificate certificate : session.getPeerCertificates()) {
            chain.add((X509Certificate) factory.generateCertificate(
                new ByteArrayInputStream(certificate.getEncoded())));
        }
        X509Certificate own = tls.credentials().chain().get(0);
        X509Certificate other = chain.get(0);
        Optional<String> group = session instanceof OpenSslSession openSsl
            ? Optional.ofNullable(openSsl.getNamedGroup()) : Optional.empty();
        return new Evidence(chain, switch (origin) {
            case DIALED -> ChannelBinding.ofEndPoints(own, other);
            case ACCEPTED -> ChannelBinding.ofEndPoints(other, own);
        }, group, session.getProtocol() + " " + session.getCipherSuite() + group.map(name -> " " + name).orElse(""));
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ReferenceCountUtil.release(message); // decrypted bytes behind a refusal
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (!settled) {
            fail(TlsFailures.ofHandshake(new ClosedChannelException(), gate));
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (!settled) {
            fail(TlsFailures.ofHandshake(cause, gate));
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

    private void fail(TlsFailures.Failure failure) {
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
