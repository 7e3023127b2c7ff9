package io.quorate.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.ClusterId;
import io.quorate.api.Command;
import io.quorate.api.CommandResult;
import io.quorate.api.UnavailableException;
import io.quorate.spi.transport.ConnectionFailure;
import io.quorate.spi.transport.ConnectionSink;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportContext;
import io.quorate.spi.transport.TransportException;
import io.quorate.spi.transport.TransportProvider;
import io.quorate.testing.identity.TestIdentity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The client on a thread of its own, in real time: starts, ends its operations, closes within its bound. */
class OwnLoopTest {

    /** A transport that reaches nobody. */
    private static final class Dead implements Transport, TransportProvider {
        private final boolean starts;
        private ConnectionSink sink;
        private volatile boolean closed;

        Dead(boolean starts) {
            this.starts = starts;
        }

        @Override
        public String name() {
            return "dead";
        }

        @Override
        public int spiVersion() {
            return SPI_VERSION;
        }

        @Override
        public String scheme() {
            return "dead";
        }

        @Override
        public Transport create(TransportContext context) {
            return this;
        }

        @Override
        public String description() {
            return "reaches nobody";
        }

        @Override
        public void start(ConnectionSink target) throws TransportException {
            if (!starts) {
                throw new TransportException("does not start");
            }
            sink = target;
        }

        @Override
        public Optional<Endpoint> listening() {
            return Optional.empty();
        }

        @Override
        public void dial(Endpoint target, long dialId) {
            sink.onFailure(new ConnectionFailure("dead", Origin.DIALED, OptionalLong.of(dialId), target.toString(),
                RefusalReason.CONNECT_FAILED, "nobody there"));
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    private static QuorateClient client(Dead transport, Duration connectTimeout) {
        return QuorateClient.builder().cluster(new ClusterId("test")).identity(TestIdentity.client("app"))
            .transport(transport).server(Endpoint.parse("dead://there:1")).connectTimeout(connectTimeout).build();
    }

    @Test
    void endsOperationsInRealTime() {
        assertTimeoutPreemptively(Duration.ofSeconds(10), () -> {
            Dead transport = new Dead(true);
            try (QuorateClient client = client(transport, Duration.ofMillis(50))) {
                client.start();
                CompletableFuture<CommandResult> result = client.submit(new Command(Bytes.utf8("c")));
                Throwable failure = assertThrows(ExecutionException.class, () -> result.get(5, TimeUnit.SECONDS));
                assertInstanceOf(UnavailableException.class, failure.getCause());
                assertEquals("no server can be reached: dead://there:1: connect-failed: nobody there",
                    failure.getCause().getMessage());
            }
            assertTrue(transport.closed);
        });
    }

    @Test
    void closeEndsWhatManyThreadsAreSubmitting() {
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            QuorateClient client = client(new Dead(true), Duration.ofSeconds(10));
            client.start();
            List<List<CompletableFuture<CommandResult>>> results = new ArrayList<>();
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < 3; t++) {
                List<CompletableFuture<CommandResult>> own = new ArrayList<>();
                results.add(own);
                threads.add(new Thread(() -> {
                    do {
                        own.add(client.submit(new Command(Bytes.utf8("c"))));
                    } while (!own.get(own.size() - 1).isCompletedExceptionally());
                }));
            }
            threads.forEach(Thread::start);
            client.close();
            for (Thread thread : threads) {
                thread.join();
            }
            for (List<CompletableFuture<CommandResult>> own : results) {
                for (CompletableFuture<CommandResult> each : own) {
                    assertThrows(ExecutionException.class, () -> each.get(5, TimeUnit.SECONDS));
                }
            }
            assertEquals(0, client.pendingOperations());
        });
    }

    @Test
    void closeInACompletionDoesNotWaitForItself() {
        assertTimeoutPreemptively(Duration.ofSeconds(10), () -> {
            Dead transport = new Dead(true);
            QuorateClient client = client(transport, Duration.ofMillis(20));
            client.start();
            CompletableFuture<Void> closed = client.submit(new Command(Bytes.utf8("c")))
                .handle((result, failure) -> {
                    client.close();
                    return null;
                });
            closed.get(5, TimeUnit.SECONDS);
            CompletableFuture<CommandResult> late = client.submit(new Command(Bytes.utf8("c")));
            assertTrue(late.isCompletedExceptionally());
        });
    }

    @Test
    void beforeItsStartAndAfterAFailedOneItIsUnavailable() {
        QuorateClient fresh = client(new Dead(true), Duration.ofSeconds(1));
        assertUnavailable("the client is not started", fresh);
        fresh.close();
        assertUnavailable("the client is closed", fresh);
        assertThrows(IllegalStateException.class, fresh::start);
        QuorateClient broken = client(new Dead(false), Duration.ofSeconds(1));
        assertThrows(TransportException.class, broken::start);
        assertUnavailable("the client could not start: does not start", broken);
        broken.close();
    }

    private static void assertUnavailable(String message, QuorateClient client) {
        CompletableFuture<CommandResult> result = client.submit(new Command(Bytes.utf8("c")));
        assertTrue(result.isCompletedExceptionally());
        Throwable failure = assertThrows(ExecutionException.class, () -> result.get(0, TimeUnit.SECONDS)).getCause();
        assertInstanceOf(UnavailableException.class, failure);
        assertEquals(message, failure.getMessage());
    }
}
