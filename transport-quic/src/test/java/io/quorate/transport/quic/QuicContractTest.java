package io.quorate.transport.quic;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportContext;
import io.quorate.testing.transport.FaultyPath;
import io.quorate.testing.transport.HostilePeer;
import io.quorate.testing.transport.TransportContract;
import io.quorate.testing.transport.TransportUnderTest;
import io.quorate.testing.transport.UdpPath;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** QUIC keeps the transport contract. */
@ExtendWith(LeakCheck.class)
class QuicContractTest extends TransportContract {

    @Test
    void is_on_the_module_path() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Override
    protected TransportUnderTest transportUnderTest() {
        return new QuicUnderTest();
    }

    private static final class QuicUnderTest extends TransportUnderTest {

        @Override
        public String name() {
            return "quic";
        }

        @Override
        public Sharing sharing() {
            return Sharing.STREAM_PER_CALL;
        }

        @Override
        public Endpoint listenAt(String host) {
            return new Endpoint("quic", "127.0.0.1", 0);
        }

        /** A port that was free a moment ago. */
        @Override
        public Endpoint nobody() {
            try (DatagramSocket free = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
                return new Endpoint("quic", "127.0.0.1", free.getLocalPort());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public Transport create(String host, TransportContext context) {
            return new QuicTransportProvider().create(context);
        }

        @Override
        public Optional<FaultyPath> path(Endpoint target) {
            return Optional.of(new UdpPath(target));
        }

        @Override
        public Optional<HostilePeer> hostilePeer() {
            return Optional.of(new QuicHostile());
        }
    }
}
