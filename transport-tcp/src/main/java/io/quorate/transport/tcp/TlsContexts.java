package io.quorate.transport.tcp;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSslCertificateException;
import io.netty.handler.ssl.OpenSslContextOption;
import io.netty.handler.ssl.OpenSslSessionContext;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.internal.tcnative.SSL;
import io.netty.util.ReferenceCountUtil;
import io.quorate.spi.transport.CertificateRefusedException;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.TlsCredentials;
import io.quorate.spi.transport.support.Judgement;
import io.quorate.spi.transport.support.JudgingTrustManager;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;

/**
 * Makes the TLS of each connection from the credentials of that moment. While the same credentials are handed out, the
 * costly part is made once; when new ones come, connections from then on use them, and the old part is released (it
 * lives on natively until the last connection that uses it is gone: each engine holds a reference).
 *
 * <p>Thread-safe; the lock is taken once per connection.
 */
final class TlsContexts {

    static final String PROTOCOL = "TLSv1.3";
    static final String ALPN = "quorate/1";

    // OpenSSL's X509_V_ERR_ numbers, which BoringSSL turns into the alerts named beside them.
    private static final int UNABLE_TO_GET_ISSUER_LOCALLY = 20; // unknown_ca
    private static final int NOT_YET_VALID = 9; // certificate_expired: there is no alert for too early
    private static final int HAS_EXPIRED = 10; // certificate_expired
    private static final int REJECTED = 28; // bad_certificate

    /**
     * Longer than the seven days that RFC 8446 §4.6.1 permits a ticket to live, which makes the platform's engine send
     * none. Its other switch is a system property, and would be the whole process's.
     */
    private static final int NO_TICKET_TIMEOUT_SECONDS = 604_801;
    private static final long FAREWELL_MILLIS = 500;

    private final Supplier<TlsCredentials> source;
    private final TlsEngine engine;
    private TlsCredentials current;
    private SslContext dialing;
    private SslContext accepting;
    private boolean closed;

    TlsContexts(Supplier<TlsCredentials> source, TlsEngine engine) {
        this.source = source;
        this.engine = engine;
    }

    /**
     * TLS for one connection.
     *
     * @throws SSLException if the TLS library refuses this side's own key or chain
     */
    Prepared prepare(Origin origin, ByteBufAllocator allocator, long timeoutMillis) throws SSLException {
        TlsCredentials credentials = source.get();
        SslHandler handler = handler(credentials, origin, allocator);
        handler.setHandshakeTimeoutMillis(timeoutMillis);
        handler.setCloseNotifyFlushTimeoutMillis(FAREWELL_MILLIS);
        restrict(handler.engine());
        return new Prepared(handler, credentials);
    }

    /** Releases what is held; connections that exist go on. */
    synchronized void close() {
        closed = true;
        release();
    }

    private synchronized SslHandler handler(TlsCredentials credentials, Origin origin, ByteBufAllocator allocator)
            throws SSLException {
        if (closed) {
            throw new SSLException("this transport is closed");
        }
        if (current != credentials) {
            release();
            current = credentials;
        }
        // Without the target's name: names would be checked, sent in the clear, and used to look up sessions to resume.
        return switch (origin) {
            case DIALED -> {
                if (dialing == null) {
                    dialing = build(SslContextBuilder.forClient()
                        .keyManager(credentials.key(), array(credentials))
                        .endpointIdentificationAlgorithm(null), credentials);
                }
                yield dialing.newHandler(allocator);
            }
            case ACCEPTED -> {
                if (accepting == null) {
                    accepting = build(SslContextBuilder.forServer(credentials.key(), array(credentials))
                        .clientAuth(ClientAuth.REQUIRE), credentials);
                }
                yield accepting.newHandler(allocator);
            }
        };
    }

    private SslContext build(SslContextBuilder builder, TlsCredentials credentials) throws SSLException {
        builder.sslProvider(engine.provider())
            .protocols(PROTOCOL)
            .trustManager(new JudgingTrustManager(credentials.trust(), TlsContexts::currentNote, this::told))
            .applicationProtocolConfig(alpn());
        if (engine.isOpenSsl()) {
            builder.option(OpenSslContextOption.GROUPS, engine.groups().toArray(String[]::new));
            builder.option(OpenSslContextOption.MAX_CERTIFICATE_LIST_BYTES, TcpLimits.MAX_CERTIFICATE_LIST_BYTES);
        }
        SslContext context = builder.build();
        if (context.sessionContext() instanceof OpenSslSessionContext sessions) {
            sessions.setSessionCacheEnabled(false);
        } else {
            context.sessionContext().setSessionTimeout(NO_TICKET_TIMEOUT_SECONDS);
        }
        return context;
    }

    /** TLS runs inside the gate of the connection that is judged, whichever engine does it. */
    private static Judgement currentNote(SSLEngine ignored) {
        TlsGate gate = TlsGate.current();
        return gate == null ? null : gate.judgement();
    }

    private CertificateException told(CertificateRefusedException refused) {
        if (!engine.isOpenSsl()) {
            return refused; // which the platform's engine tells as certificate_unknown, whatever it is
        }
        return new OpenSslCertificateException(refused.getMessage(), refused, switch (refused.reason()) {
            case UNTRUSTED_AUTHORITY -> UNABLE_TO_GET_ISSUER_LOCALLY;
            case CERTIFICATE_EXPIRED -> HAS_EXPIRED;
            case CERTIFICATE_NOT_YET_VALID -> NOT_YET_VALID;
            default -> REJECTED;
        });
    }

    private ApplicationProtocolConfig alpn() {
        // BoringSSL's binding cannot fail on a mismatch by itself; Upgrade checks the outcome with both engines.
        return engine.isOpenSsl()
            ? new ApplicationProtocolConfig(ApplicationProtocolConfig.Protocol.ALPN,
                ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT, ALPN)
            : new ApplicationProtocolConfig(ApplicationProtocolConfig.Protocol.ALPN,
                ApplicationProtocolConfig.SelectorFailureBehavior.FATAL_ALERT,
                ApplicationProtocolConfig.SelectedListenerFailureBehavior.FATAL_ALERT, ALPN);
    }

    private void restrict(SSLEngine tls) {
        if (tls instanceof ReferenceCountedOpenSslEngine openSsl) {
            // Netty switches tickets on for each engine of TLS 1.3. They would permit a resumption in which nobody is
            // asked whether the certificate is still good, and cost 65 small writes a connection.
            SSL.setOptions(openSsl.sslPointer(), SSL.SSL_OP_NO_TICKET);
        } else {
            SSLParameters parameters = tls.getSSLParameters();
            parameters.setNamedGroups(engine.groups().toArray(String[]::new));
            tls.setSSLParameters(parameters);
        }
    }

    private void release() {
        ReferenceCountUtil.release(dialing);
        ReferenceCountUtil.release(accepting);
        dialing = null;
        accepting = null;
        current = null;
    }

    private static X509Certificate[] array(TlsCredentials credentials) {
        return credentials.chain().toArray(X509Certificate[]::new);
    }

    /**
     * TLS for one connection.
     *
     * @param handler does it
     * @param credentials what this side presents in it
     */
    record Prepared(SslHandler handler, TlsCredentials credentials) {
    }
}
