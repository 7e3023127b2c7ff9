package io.quorate.transport.tcp;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportContext;
import io.quorate.testing.transport.FaultyPath;
import io.quorate.testing.transport.HostilePeer;
import io.quorate.testing.transport.TcpPath;
import io.quorate.testing.transport.TransportContract;
import io.quorate.testing.transport.TransportUnderTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** TCP keeps the transport contract. */
@ExtendWith(LeakCheck.class)
class TcpContractTest extends TransportContract {

    @Test
    void is_on_the_module_path() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Override
    protected TransportUnderTest transportUnderTest() {
        return new TcpUnderTest();
    }

    private static final class TcpUnderTest extends TransportUnderTest {

        @Override
        public String name() {
            return "tcp";
        }

        @Override
        public Sharing sharing() {
            return Sharing.EXCLUSIVE_LEASE;
        }

        @Override
        public Endpoint listenAt(String host) {
            return new Endpoint("tcp", "127.0.0.1", 0);
        }

        /** A port that was free a moment ago. */
        @Override
        public Endpoint nobody() {
            try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                return new Endpoint("tcp", "127.0.0.1", free.getLocalPort());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public Transport create(String host, TransportContext context) {
            return new TcpTransportProvider().create(context);
        }

        @Override
        public Optional<FaultyPath> path(Endpoint target) {
            return Optional.of(new TcpPath(target));
        }

        @Override
        public Optional<HostilePeer> hostilePeer() {
            return Optional.of(new TcpHostile());
        }
    }
}
