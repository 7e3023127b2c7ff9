package io.quorate.testing.transport;

import io.quorate.spi.transport.Connection;
import io.quorate.spi.transport.ConnectionFailure;
import io.quorate.spi.transport.ConnectionSink;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportContext;
import io.quorate.spi.transport.TransportException;
import io.quorate.testing.memory.MemoryNetwork;
import io.quorate.testing.time.VirtualWorld;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** The contract over {@link SharingConnection}. Not run by itself: {@link IncidentTest} does, and expects failures. */
final class SharingContract extends TransportContract {

    @Override
    protected TransportUnderTest transportUnderTest() {
        return new SharingUnderTest();
    }

    private static final class SharingUnderTest extends TransportUnderTest {

        private final VirtualWorld world = new VirtualWorld(160);
        private final MemoryNetwork network =
            new MemoryNetwork(world, MemoryNetwork.Mode.STREAM_PER_CALL, 1_000_000, 1_000_000);
        /** Both ends of a connection arrive one after the other, the dialed one first. */
        private SharingConnection dialed;

        @Override
        public String name() {
            return "sharing";
        }

        @Override
        public Sharing sharing() {
            return Sharing.STREAM_PER_CALL;
        }

        @Override
        public Endpoint listenAt(String host) {
            return new Endpoint(MemoryNetwork.SCHEME, host, 1);
        }

        @Override
        public Endpoint nobody() {
            return new Endpoint(MemoryNetwork.SCHEME, "nobody", 1);
        }

        @Override
        public boolean await(BooleanSupplier condition, Duration atMost) {
            return world.runUntil(condition, atMost.toNanos());
        }

        @Override
        public long nanoTime() {
            return world.clock().nanoTime();
        }

        @Override
        public void together(List<Runnable> tasks) {
            tasks.forEach(Runnable::run);
        }

        @Override
        public Transport create(String host, TransportContext context) {
            Transport sound = network.transport(host, context);
            return new Transport() {
                @Override
                public String scheme() {
                    return sound.scheme();
                }

                @Override
                public String description() {
                    return "one stream for all calls, as in the incident";
                }

                @Override
                public void start(ConnectionSink sink) throws TransportException {
                    sound.start(sharing(sink, context));
                }

                @Override
                public Optional<Endpoint> listening() {
                    return sound.listening();
                }

                @Override
                public void dial(Endpoint target, long dialId) {
                    sound.dial(target, dialId);
                }

                @Override
                public void close() {
                    sound.close();
                }
            };
        }

        private ConnectionSink sharing(ConnectionSink sink, TransportContext context) {
            return new ConnectionSink() {
                @Override
                public void onConnection(Connection connection) {
                    SharingConnection sharing = new SharingConnection(connection, world, context.counters());
                    if (connection.origin() == Origin.DIALED) {
                        dialed = sharing;
                    } else {
                        sharing.join(dialed);
                    }
                    sink.onConnection(sharing);
                }

                @Override
                public void onFailure(ConnectionFailure failure) {
                    sink.onFailure(failure);
                }
            };
        }
    }
}
