package io.quorate.transport.tcp;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.TlsCredentials;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.WireException;
import io.quorate.testing.transport.HostilePeer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

/** A hostile peer over TCP: a TLS socket of the JDK, into which a test may write anything. */
final class TcpHostile implements HostilePeer {

    private final List<AutoCloseable> open = new CopyOnWriteArrayList<>();

    @Override
    public Link dial(Endpoint target, TlsCredentials credentials) {
        try {
            RawTls raw = RawTls.connected(credentials, target.port());
            open.add(raw);
            return new TcpLink(raw, false);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Listener listen(TlsCredentials credentials) {
        try {
            SSLServerSocket server = RawTls.server(credentials, "TLSv1.3", "quorate/1");
            open.add(server);
            ConcurrentLinkedQueue<Link> accepted = new ConcurrentLinkedQueue<>();
            Thread.ofPlatform().daemon().start(() -> accept(server, accepted));
            return new Listener() {
                @Override
                public Endpoint endpoint() {
                    return new Endpoint("tcp", "127.0.0.1", server.getLocalPort());
                }

                @Override
                public Optional<Link> accepted() {
                    return Optional.ofNullable(accepted.poll());
                }
            };
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void accept(SSLServerSocket server, ConcurrentLinkedQueue<Link> accepted) {
        try {
            while (true) {
                RawTls raw = new RawTls((SSLSocket) server.accept());
                open.add(raw);
                raw.socket.startHandshake();
                accepted.add(new TcpLink(raw, true));
            }
        } catch (IOException ended) {
            accepted.clear();
        }
    }

    @Override
    public void close() {
        for (AutoCloseable one : open) {
            try {
                one.close();
            } catch (Exception e) {
                throw new AssertionError("a raw socket could not be closed", e);
            }
        }
    }

    /** A connection, which is its one call's stream too. */
    private static final class TcpLink implements Link, Stream {
        private final RawTls raw;
        private final List<Frame> calls = new CopyOnWriteArrayList<>();
        private final boolean listened;
        private volatile boolean ended;

        TcpLink(RawTls raw, boolean listened) {
            this.raw = raw;
            this.listened = listened;
            Thread.ofPlatform().daemon().start(this::read);
        }

        private void read() {
            try {
                Frame frame;
                while ((frame = raw.read()) != null) {
                    if (frame.kind().isRpc()) {
                        calls.add(frame);
                    }
                    ended |= frame.kind() == FrameKind.GOODBYE;
                }
                ended = true;
            } catch (IOException | WireException lost) {
                ended = true;
            }
        }

        @Override
        public void send(Bytes bytes) {
            try {
                raw.write(bytes);
            } catch (IOException lost) {
                ended = true;
            }
        }

        @Override
        public List<Frame> received() {
            return calls;
        }

        @Override
        public Stream open() {
            return this;
        }

        @Override
        public Optional<Stream> accepted() {
            return listened && !calls.isEmpty() ? Optional.of(this) : Optional.empty();
        }

        @Override
        public boolean isReset() {
            return ended;
        }

        @Override
        public void close() {
            try {
                raw.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
