package io.quorate.identity.x509;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.identity.x509.ca.CertificateAuthority;
import io.quorate.identity.x509.ca.IdentityRequest;
import io.quorate.identity.x509.ca.IssuedIdentity;
import io.quorate.identity.x509.ca.TrustBundle;
import io.quorate.identity.x509.cert.ManualTime;
import io.quorate.spi.identity.Identity;
import io.quorate.spi.identity.IdentityContext;
import io.quorate.spi.identity.PeerIdentity.Kind;
import io.quorate.spi.transport.CertificateRefusedException;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.TlsCredentials;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The credentials in real TLS 1.3 handshakes, with both ends in this process and no network between them. */
class MutualTlsTest {

    private static final int BUFFER_BYTES = 64 << 10;
    private static final int MAX_ROUNDS = 100;

    @TempDir
    private Path base;

    private final ManualTime time = new ManualTime();
    private final CertificateAuthority authority = CertificateAuthority.create("example.org", time);

    @Test
    void twoNodesProveThemselvesToEachOther() throws Exception {
        SSLEngine dialer = engine(identity(authority, Kind.NODE, "n1"), true);
        SSLEngine accepter = engine(identity(authority, Kind.NODE, "n2"), false);
        handshake(dialer, accepter);
        assertEquals("TLSv1.3", dialer.getSession().getProtocol());
        assertEquals("CN=n2,OU=node", dialer.getSession().getPeerPrincipal().getName());
        assertEquals("CN=n1,OU=node", accepter.getSession().getPeerPrincipal().getName());
    }

    @Test
    void anOperatorMayDialAndNotServe() throws Exception {
        Identity operator = identity(authority, Kind.OPERATOR, "ada");
        Identity node = identity(authority, Kind.NODE, "n1");
        handshake(engine(operator, true), engine(node, false));
        assertEquals(RefusalReason.WRONG_KEY_USAGE, refusal(engine(node, true), engine(operator, false)));
    }

    @Test
    void aStrangerIsRefusedOnBothSides() throws Exception {
        CertificateAuthority other = CertificateAuthority.create("example.org", time);
        Identity stranger = identity(other, Kind.NODE, "n1");
        Identity node = identity(authority, Kind.NODE, "n2");
        assertEquals(RefusalReason.UNTRUSTED_AUTHORITY, refusal(engine(node, true), engine(stranger, false)));
        // The stranger trusts this side's authority, and so its own refusal does not come first.
        TrustBundle.add(base.resolve(other.hashCode() + "-NODE-n1/trust.pem"),
            authority.certificate());
        time.advance(Duration.ofMillis(X509Identity.CHECK_INTERVAL_MILLIS));
        assertEquals(RefusalReason.UNTRUSTED_AUTHORITY, refusal(engine(stranger, true), engine(node, false)));
    }

    private Identity identity(CertificateAuthority issuer, Kind kind, String name) throws Exception {
        Path directory = base.resolve(issuer.hashCode() + "-" + kind + "-" + name);
        IssuedIdentity issued = issuer.issue(IdentityRequest.of(kind, name));
        issued.writeTo(directory, false);
        Identity identity = new X509IdentityProvider()
            .create(new IdentityContext(base, issued.settings(directory), time));
        identity.start();
        return identity;
    }

    private static SSLEngine engine(Identity identity, boolean dials) throws Exception {
        TlsCredentials credentials = identity.credentials();
        SSLContext context = SSLContext.getInstance("TLSv1.3");
        context.init(new KeyManager[] {new OneKey(credentials)}, new TrustManager[] {credentials.trust()}, null);
        SSLEngine engine = context.createSSLEngine("somewhere.invalid", 1);
        engine.setUseClientMode(dials);
        if (!dials) {
            engine.setNeedClientAuth(true);
        }
        return engine;
    }

    private static RefusalReason refusal(SSLEngine dialer, SSLEngine accepter) {
        Throwable thrown = assertThrows(SSLException.class, () -> handshake(dialer, accepter));
        while (thrown != null && !(thrown instanceof CertificateRefusedException)) {
            thrown = thrown.getCause();
        }
        assertTrue(thrown instanceof CertificateRefusedException, "TLS must hand the refusal on");
        return ((CertificateRefusedException) thrown).reason();
    }

    /** Carries bytes to and fro until both are done. */
    private static void handshake(SSLEngine dialer, SSLEngine accepter) throws SSLException {
        ByteBuffer toAccepter = ByteBuffer.allocate(BUFFER_BYTES);
        ByteBuffer toDialer = ByteBuffer.allocate(BUFFER_BYTES);
        dialer.beginHandshake();
        accepter.beginHandshake();
        for (int round = 0; round < MAX_ROUNDS; round++) {
            step(dialer, toDialer, toAccepter);
            step(accepter, toAccepter, toDialer);
            if (idle(dialer) && idle(accepter) && toAccepter.position() == 0 && toDialer.position() == 0) {
                return;
            }
        }
        throw new AssertionError("the handshake has not ended: " + dialer.getHandshakeStatus() + " and "
            + accepter.getHandshakeStatus());
    }

    private static boolean idle(SSLEngine engine) {
        return engine.getHandshakeStatus() == SSLEngineResult.HandshakeStatus.NOT_HANDSHAKING;
    }

    private static void step(SSLEngine engine, ByteBuffer in, ByteBuffer out) throws SSLException {
        ByteBuffer nothing = ByteBuffer.allocate(0);
        switch (engine.getHandshakeStatus()) {
            case NEED_TASK -> {
                for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
                    task.run();
                }
            }
            case NEED_WRAP -> engine.wrap(nothing, out);
            default -> {
                in.flip();
                engine.unwrap(in, ByteBuffer.allocate(BUFFER_BYTES));
                in.compact();
            }
        }
    }

    /** The one key that there is, whatever TLS asks for. */
    private static final class OneKey extends X509ExtendedKeyManager {

        private final TlsCredentials credentials;

        OneKey(TlsCredentials credentials) {
            this.credentials = credentials;
        }

        @Override
        public String chooseEngineClientAlias(String[] keyTypes, Principal[] issuers, SSLEngine engine) {
            return "it";
        }

        @Override
        public String chooseEngineServerAlias(String keyType, Principal[] issuers, SSLEngine engine) {
            return "it";
        }

        @Override
        public String[] getClientAliases(String keyType, Principal[] issuers) {
            return new String[] {"it"};
        }

        @Override
        public String chooseClientAlias(String[] keyTypes, Principal[] issuers, Socket socket) {
            return "it";
        }

        @Override
        public String[] getServerAliases(String keyType, Principal[] issuers) {
            return new String[] {"it"};
        }

        @Override
        public String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
            return "it";
        }

        @Override
        public X509Certificate[] getCertificateChain(String alias) {
            return credentials.chain().toArray(X509Certificate[]::new);
        }

        @Override
        public PrivateKey getPrivateKey(String alias) {
            return credentials.key();
        }
    }
}
