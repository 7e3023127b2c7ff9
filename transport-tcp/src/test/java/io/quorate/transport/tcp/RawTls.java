package io.quorate.transport.tcp;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.TlsCredentials;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameDecoder;
import io.quorate.spi.wire.FrameEncoder;
import io.quorate.spi.wire.WireException;
import io.quorate.testing.identity.TestCertificateAuthority;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;

/** The other side made by hand: a blocking TLS socket into which a test may write anything. */
final class RawTls implements AutoCloseable {

    private static final int TIMEOUT_MILLIS = 10_000;

    final SSLSocket socket;
    private final FrameDecoder decoder = new FrameDecoder();
    private ByteBuffer unread = ByteBuffer.allocate(0);

    RawTls(SSLSocket socket) throws IOException {
        this.socket = socket;
        socket.setSoTimeout(TIMEOUT_MILLIS);
    }

    /** A client with {@code credentials} (null: without a certificate) that has not shaken hands yet. */
    static RawTls client(TlsCredentials credentials, int port, String protocol, String... alpn) throws IOException {
        return again(context(credentials), port, protocol, alpn);
    }

    /** The same, of a context that remembers sessions. */
    static RawTls again(SSLContext context, int port, String protocol, String... alpn) throws IOException {
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", port);
        configure(socket, protocol, alpn);
        return new RawTls(socket);
    }

    /** A client as it should be, behind its handshake. */
    static RawTls connected(TlsCredentials credentials, int port) throws IOException {
        RawTls client = client(credentials, port, "TLSv1.3", "quorate/1");
        client.socket.startHandshake();
        return client;
    }

    /** Inside an established TCP connection. */
    static RawTls over(Socket plain, TlsCredentials credentials) throws IOException {
        SSLSocket socket = (SSLSocket) context(credentials).getSocketFactory()
            .createSocket(plain, "127.0.0.1", plain.getPort(), true);
        configure(socket, "TLSv1.3", "quorate/1");
        return new RawTls(socket);
    }

    static SSLServerSocket server(TlsCredentials credentials, String protocol, String... alpn) throws IOException {
        SSLServerSocket server = (SSLServerSocket) context(credentials).getServerSocketFactory().createServerSocket(0);
        server.setSoTimeout(TIMEOUT_MILLIS);
        server.setNeedClientAuth(true);
        server.setEnabledProtocols(new String[] {protocol});
        SSLParameters parameters = server.getSSLParameters();
        parameters.setApplicationProtocols(alpn);
        server.setSSLParameters(parameters);
        return server;
    }

    private static void configure(SSLSocket socket, String protocol, String... alpn) {
        socket.setEnabledProtocols(new String[] {protocol});
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setApplicationProtocols(alpn);
        socket.setSSLParameters(parameters);
    }

    static SSLContext context(TlsCredentials credentials) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            KeyManager[] keys = null;
            TrustManager[] trust = {new TestCertificateAuthority("unused").node("unused", chain -> { }).trust()};
            if (credentials != null) {
                KeyStore store = KeyStore.getInstance("PKCS12");
                store.load(null, null);
                store.setKeyEntry("own", credentials.key(), new char[0],
                    credentials.chain().toArray(X509Certificate[]::new));
                KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
                factory.init(store, new char[0]);
                keys = factory.getKeyManagers();
            }
            context.init(keys, trust, null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new AssertionError(e);
        }
    }

    void write(Frame frame) throws IOException {
        write(FrameEncoder.encode(frame));
    }

    void write(Bytes bytes) throws IOException {
        socket.getOutputStream().write(bytes.toByteArray());
        socket.getOutputStream().flush();
    }

    /** The next frame, or null at the end. */
    Frame read() throws IOException, WireException {
        while (true) {
            if (unread.hasRemaining()) {
                Frame frame = decoder.decode(unread);
                if (frame != null) {
                    return frame;
                }
            }
            byte[] some = new byte[8192];
            int size = socket.getInputStream().read(some);
            if (size < 0) {
                return null;
            }
            unread = ByteBuffer.wrap(some, 0, size);
        }
    }


    @Override
    public void close() throws IOException {
        socket.close();
    }
}
