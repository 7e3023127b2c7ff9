package io.quorate.transport.quic;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.quic.BoringSSLContextOption;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.netty.handler.codec.quic.QuicSslEngine;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSslCertificateException;
import io.quorate.spi.transport.CertificateRefusedException;
import io.quorate.spi.transport.Evidence;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.TlsCredentials;
import io.quorate.spi.transport.support.Judgement;
import io.quorate.spi.transport.support.JudgingTrustManager;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;

/**
 * Makes the TLS of each connection from the credentials of that moment. While the same credentials are handed out, the
 * costly part is made once; when new ones come, connections from then on use them.
 *
 * <p>Thread-safe; the lock is taken once per connection.
 */
final class TlsContexts {

    static final String PROTOCOL = "TLSv1.3";
    static final String ALPN = "quorate-quic/1";

    private static final List<String> GROUPS = List.of(Evidence.POST_QUANTUM_GROUP, "X25519", "P-256");

    // OpenSSL's X509_V_ERR_ numbers, which BoringSSL turns into the alerts named beside them.
    private static final int UNABLE_TO_GET_ISSUER_LOCALLY = 20; // unknown_ca
    private static final int NOT_YET_VALID = 9; // certificate_expired: there is no alert for too early
    private static final int HAS_EXPIRED = 10; // certificate_expired
    private static final int REJECTED = 28; // bad_certificate

    private final Supplier<TlsCredentials> source;
    private final boolean requirePostQuantum;
    private final Map<SSLEngine, Judgement> notes = new ConcurrentHashMap<>();
    private TlsCredentials current;
    private QuicSslContext dialing;
    private QuicSslContext accepting;

    TlsContexts(Supplier<TlsCredentials> source, boolean requirePostQuantum) {
        this.source = source;
        this.requirePostQuantum = requirePostQuantum;
    }

    boolean requirePostQuantum() {
        return requirePostQuantum;
    }

    /** The key exchanges that are offered, best first. */
    static List<String> groups(boolean requirePostQuantum) {
        return requirePostQuantum ? GROUPS.subList(0, 1) : GROUPS;
    }

    /**
     * TLS for one connection, to be {@link #release released} when its handshake is over.
     *
     * @throws RuntimeException if the TLS library refuses this side's own key or chain
     */
    Prepared prepare(Origin origin) {
        TlsCredentials credentials = source.get();
        // Without the target's name: names would be checked, sent in the clear, and used to look up sessions to resume.
        QuicSslEngine engine = context(credentials, origin).newEngine(ByteBufAllocator.DEFAULT);
        Judgement note = new Judgement();
        notes.put(engine, note);
        return new Prepared(engine, credentials, note);
    }

    void release(Prepared prepared) {
        notes.remove(prepared.engine());
    }

    private synchronized QuicSslContext context(TlsCredentials credentials, Origin origin) {
        if (current != credentials) {
            dialing = null;
            accepting = null;
            current = credentials;
        }
        return switch (origin) {
            case DIALED -> {
                if (dialing == null) {
                    // The name check is replaced by the judge's, which is about the SPIFFE id.
                    dialing = build(QuicSslContextBuilder.forClient()
                        .keyManager(credentials.key(), null, array(credentials))
                        .endpointIdentificationAlgorithm(""), credentials);
                }
                yield dialing;
            }
            case ACCEPTED -> {
                if (accepting == null) {
                    accepting = build(QuicSslContextBuilder.forServer(credentials.key(), null, array(credentials))
                        .clientAuth(ClientAuth.REQUIRE), credentials);
                }
                yield accepting;
            }
        };
    }

    private QuicSslContext build(QuicSslContextBuilder builder, TlsCredentials credentials) {
        return builder.applicationProtocols(ALPN)
            .earlyData(false)
            .sessionCacheSize(1)
            .option(BoringSSLContextOption.GROUPS, groups(requirePostQuantum).toArray(String[]::new))
            .trustManager(new JudgingTrustManager(credentials.trust(), notes::get, TlsContexts::told))
            .build();
    }

    private static CertificateException told(CertificateRefusedException refused) {
        return new OpenSslCertificateException(refused.getMessage(), refused, switch (refused.reason()) {
            case UNTRUSTED_AUTHORITY -> UNABLE_TO_GET_ISSUER_LOCALLY;
            case CERTIFICATE_EXPIRED -> HAS_EXPIRED;
            case CERTIFICATE_NOT_YET_VALID -> NOT_YET_VALID;
            default -> REJECTED;
        });
    }

    private static X509Certificate[] array(TlsCredentials credentials) {
        return credentials.chain().toArray(X509Certificate[]::new);
    }

    /**
     * TLS for one connection.
     *
     * @param engine does it
     * @param credentials what this side presents in it
     * @param judgement what was found about the other side's certificate
     */
    record Prepared(QuicSslEngine engine, TlsCredentials credentials, Judgement judgement) {
    }
}
