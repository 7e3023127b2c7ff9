package io.quorate.distribution.compose;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.transport.Connection;
import io.quorate.spi.transport.ConnectionFailure;
import io.quorate.spi.transport.ConnectionSink;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportContext;
import io.quorate.spi.transport.TransportException;
import io.quorate.spi.transport.TransportProvider;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class OnDemandTransportTest {

    private static final Endpoint PLACE = Endpoint.parse("probe://127.0.0.1:1");

    private final Probe probe = new Probe();
    private final BlockingQueue<ConnectionFailure> failures = new LinkedBlockingQueue<>();

    private final class Probe implements Transport {
        private final CountDownLatch mayStart = new CountDownLatch(1);
        private final BlockingQueue<Long> dialed = new LinkedBlockingQueue<>();
        private final CountDownLatch closed = new CountDownLatch(1);
        private volatile boolean started;
        private volatile String problem;

        @Override
        public String scheme() {
            return "probe";
        }

        @Override
        public String description() {
            return "a probe";
        }

        @Override
        public void start(ConnectionSink sink) throws TransportException {
            try {
                assertTrue(mayStart.await(10, TimeUnit.SECONDS));
            } catch (InterruptedException e) {
                throw new TransportException("interrupted", e);
            }
            started = true;
            if (problem != null) {
                throw new TransportException(problem);
            }
        }

        @Override
        public Optional<Endpoint> listening() {
            return Optional.empty();
        }

        @Override
        public void dial(Endpoint target, long dialId) {
            dialed.add(dialId);
        }

        @Override
        public void close() {
            closed.countDown();
        }
    }

    private Transport onDemand() throws Exception {
        Transport transport = OnDemandTransport.of(new TransportProvider() {
            @Override
            public String name() {
                return "probe";
            }

            @Override
            public int spiVersion() {
                return SPI_VERSION;
            }

            @Override
            public String scheme() {
                return "probe";
            }

            @Override
            public Transport create(TransportContext context) {
                return probe;
            }
        }).create(new TransportContext(() -> null, Optional.empty(), name -> { }, false, Map.of()));
        transport.start(new ConnectionSink() {
            @Override
            public void onConnection(Connection connection) {
                throw new AssertionError("found a connection of a probe");
            }

            @Override
            public void onFailure(ConnectionFailure failure) {
                failures.add(failure);
            }
        });
        return transport;
    }

    @Test
    void startsWithTheFirstDialAndKeepsTheOrder() throws Exception {
        Transport transport = onDemand();
        assertFalse(probe.started);
        assertEquals("on demand", transport.description());
        transport.dial(PLACE, 1);
        transport.dial(PLACE, 2);
        assertTrue(probe.dialed.isEmpty(), "who dials does not wait for the start");
        probe.mayStart.countDown();
        assertEquals(1, probe.dialed.poll(10, TimeUnit.SECONDS));
        assertEquals(2, probe.dialed.poll(10, TimeUnit.SECONDS));
        transport.dial(PLACE, 3);
        assertEquals(3, probe.dialed.poll(10, TimeUnit.SECONDS));
        assertEquals("a probe", transport.description());
        transport.close();
        assertTrue(probe.closed.await(10, TimeUnit.SECONDS));
    }

    @Test
    void oneThatCannotStartFailsEachDialByNameAndNothingElse() throws Exception {
        probe.problem = "found no library for this platform";
        probe.mayStart.countDown();
        Transport transport = onDemand();
        for (long id = 1; id <= 2; id++) {
            transport.dial(PLACE, id);
            ConnectionFailure failure = failures.poll(10, TimeUnit.SECONDS);
            assertEquals(OptionalLong.of(id), failure.dialId());
            assertEquals(RefusalReason.CONNECT_FAILED, failure.reason());
            assertEquals("transport probe cannot be used here: found no library for this platform", failure.detail());
        }
        assertTrue(probe.dialed.isEmpty());
        transport.close();
    }

    @Test
    void oneThatIsClosedWhileItStartsIsClosedAllTheSame() throws Exception {
        Transport transport = onDemand();
        transport.dial(PLACE, 1);
        transport.close();
        assertEquals(1, probe.closed.getCount());
        probe.mayStart.countDown();
        assertTrue(probe.closed.await(10, TimeUnit.SECONDS));
        assertEquals(OptionalLong.of(1), failures.poll(10, TimeUnit.SECONDS).dialId());
        assertTrue(probe.dialed.isEmpty());
    }

    @Test
    void oneThatNobodyNeededIsNeverStarted() throws Exception {
        Transport transport = onDemand();
        transport.close();
        assertFalse(probe.started);
        assertEquals(1, probe.closed.getCount());
    }
}
