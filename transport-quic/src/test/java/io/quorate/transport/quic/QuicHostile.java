package io.quorate.transport.quic;

import io.netty.handler.codec.quic.QuicStreamType;
import io.quorate.api.Bytes;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.TlsCredentials;
import io.quorate.spi.wire.Frame;
import io.quorate.testing.transport.HostilePeer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** A hostile peer over QUIC: Netty's own QUIC, on whose streams a test may write anything. */
final class QuicHostile implements HostilePeer {

    private final List<RawQuic> open = new CopyOnWriteArrayList<>();

    @Override
    public Link dial(Endpoint target, TlsCredentials credentials) {
        RawQuic client = RawQuic.connected(credentials, target.port());
        open.add(client);
        return new QuicLink(client);
    }

    @Override
    public Listener listen(TlsCredentials credentials) {
        RawQuic server = RawQuic.server(RawQuic.context(false, credentials, builder -> builder));
        open.add(server);
        return new Listener() {
            private boolean given;

            @Override
            public Endpoint endpoint() {
                return new Endpoint("quic", "127.0.0.1", server.port());
            }

            @Override
            public Optional<Link> accepted() {
                if (given || server.connected.isEmpty()) {
                    return Optional.empty();
                }
                given = true;
                server.accept();
                return Optional.of(new QuicLink(server));
            }
        };
    }

    @Override
    public void close() {
        open.forEach(RawQuic::close);
    }

    /** One connection. */
    private record QuicLink(RawQuic raw, RawQuic.Stream control) implements Link {

        QuicLink(RawQuic raw) {
            this(raw, raw.open(QuicStreamType.UNIDIRECTIONAL));
        }

        @Override
        public void send(Bytes bytes) {
            control.write(bytes);
        }

        @Override
        public Stream open() {
            return new QuicStream(raw, raw.call());
        }

        @Override
        public Optional<Stream> accepted() {
            RawQuic.Stream stream = raw.streams.poll();
            while (stream != null && stream.channel().type() == QuicStreamType.UNIDIRECTIONAL) {
                stream = raw.streams.poll();
            }
            return Optional.ofNullable(stream).map(found -> new QuicStream(raw, found));
        }

        @Override
        public void close() {
            raw.vanish();
        }
    }

    /** One call's stream. */
    private record QuicStream(RawQuic raw, RawQuic.Stream stream) implements Stream {

        @Override
        public void send(Bytes bytes) {
            stream.write(bytes);
        }

        @Override
        public List<Frame> received() {
            return List.copyOf(stream.frames);
        }

        @Override
        public boolean isReset() {
            return !stream.resets.isEmpty() || !raw.closes.isEmpty() || !raw.channel().isActive();
        }
    }
}
