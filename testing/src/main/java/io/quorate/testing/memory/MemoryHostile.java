package io.quorate.testing.memory;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.Connection;
import io.quorate.spi.transport.ConnectionFailure;
import io.quorate.spi.transport.ConnectionSink;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.TlsCredentials;
import io.quorate.spi.transport.TransportContext;
import io.quorate.spi.transport.TransportException;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameKind;
import io.quorate.testing.memory.MemoryChannel.Parcel;
import io.quorate.testing.transport.HostilePeer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Plays a side of memory connections by hand. */
final class MemoryHostile implements HostilePeer {

    private final MemoryNetwork network;
    private final List<MemoryTransport> transports = new ArrayList<>();

    MemoryHostile(MemoryNetwork network) {
        this.network = network;
    }

    @Override
    public Link dial(Endpoint target, TlsCredentials credentials) {
        Hand hand = new Hand();
        start(credentials, Optional.empty(), hand).dial(target, 1);
        HostileLink link = new HostileLink();
        hand.given.add(link);
        return link;
    }

    @Override
    public Listener listen(TlsCredentials credentials) {
        Endpoint endpoint = new Endpoint(network.scheme(), "hostile-" + transports.size(), 1);
        Hand hand = new Hand();
        start(credentials, Optional.of(endpoint), hand);
        return new Listener() {
            @Override
            public Endpoint endpoint() {
                return endpoint;
            }

            @Override
            public Optional<Link> accepted() {
                return Optional.ofNullable(hand.accepted.poll());
            }
        };
    }

    private MemoryTransport start(TlsCredentials credentials, Optional<Endpoint> listen, ConnectionSink sink) {
        MemoryTransport transport = network.transport("hostile-" + transports.size(),
            new TransportContext(() -> credentials, listen, counter -> { }, false, Map.of()));
        transports.add(transport);
        try {
            transport.start(sink);
        } catch (TransportException e) {
            throw new IllegalStateException("two hostile peers listen at one endpoint", e);
        }
        return transport;
    }

    @Override
    public void close() {
        transports.forEach(MemoryTransport::close);
    }

    /** Takes connections: the one that was dialed for, or those that are accepted. */
    private static final class Hand implements ConnectionSink {
        private final ArrayDeque<HostileLink> given = new ArrayDeque<>();
        private final ArrayDeque<Link> accepted = new ArrayDeque<>();

        @Override
        public void onConnection(Connection connection) {
            HostileLink link = given.isEmpty() ? new HostileLink() : given.poll();
            link.take((MemoryConnection) connection);
            accepted.add(link);
        }

        @Override
        public void onFailure(ConnectionFailure failure) {
            if (!given.isEmpty()) {
                given.poll().ended();
            }
        }
    }

    /** One connection, from the dial on; what is sent before it is there waits for it. */
    private static final class HostileLink implements Link, MemoryTap {
        private final List<Runnable> waiting = new ArrayList<>();
        private final Map<MemoryChannel, HostileStream> streams = new IdentityHashMap<>();
        private final ArrayDeque<Stream> accepted = new ArrayDeque<>();
        private MemoryConnection connection;
        /** Where a connection carries one call at a time: that. */
        private HostileStream shared;
        private boolean closed;

        void take(MemoryConnection given) {
            connection = given;
            given.tapped(this);
            waiting.forEach(Runnable::run);
            waiting.clear();
        }

        private void whenThere(Runnable task) {
            if (connection == null) {
                waiting.add(task);
            } else {
                task.run();
            }
        }

        private boolean exclusive() {
            return connection.network().mode() == MemoryNetwork.Mode.EXCLUSIVE_LEASE;
        }

        @Override
        public void send(Bytes raw) {
            whenThere(() -> connection.controlChannel().send(new Parcel.Raw(raw)));
        }

        @Override
        public Stream open() {
            HostileStream stream = new HostileStream(this);
            whenThere(() -> bind(stream, connection.newStream()));
            return stream;
        }

        private void bind(HostileStream stream, MemoryChannel out) {
            stream.out = out;
            // What comes back arrives on the other direction's channel; where all share one, on the peer's.
            MemoryChannel in = out.reply();
            if (in != null) {
                streams.put(in, stream);
            } else {
                shared = stream;
            }
        }

        @Override
        public Optional<Stream> accepted() {
            return Optional.ofNullable(accepted.poll());
        }

        @Override
        public void close() {
            whenThere(() -> connection.die());
            closed = true;
        }

        @Override
        public void arrived(MemoryChannel channel, Parcel parcel) {
            switch (parcel) {
                case Parcel.Whole whole when whole.frame().kind().isRpc() -> stream(channel).frames.add(whole.frame());
                case Parcel.Whole whole -> closed |= whole.frame().kind() == FrameKind.GOODBYE;
                case Parcel.Raw raw -> throw new IllegalStateException("two hostile peers talk to each other");
                case Parcel.Reset reset -> stream(channel).reset = true;
                case Parcel.Gone gone -> ended();
            }
        }

        private HostileStream stream(MemoryChannel channel) {
            if (exclusive()) {
                if (shared == null) {
                    shared = new HostileStream(this);
                    shared.out = connection.controlChannel();
                    accepted.add(shared);
                }
                return shared;
            }
            return streams.computeIfAbsent(channel, in -> {
                HostileStream stream = new HostileStream(this);
                stream.out = in.reply();
                accepted.add(stream);
                return stream;
            });
        }

        @Override
        public void ended() {
            closed = true;
        }
    }

    private static final class HostileStream implements Stream {
        private final HostileLink link;
        private final List<Frame> frames = new ArrayList<>();
        private MemoryChannel out;
        private boolean reset;

        HostileStream(HostileLink link) {
            this.link = link;
        }

        @Override
        public void send(Bytes raw) {
            link.whenThere(() -> out.send(new Parcel.Raw(raw)));
        }

        @Override
        public List<Frame> received() {
            return frames;
        }

        @Override
        public boolean isReset() {
            return reset || link.closed;
        }
    }
}
