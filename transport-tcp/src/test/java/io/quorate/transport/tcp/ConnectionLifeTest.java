package io.quorate.transport.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.transport.ConnectionState;
import io.quorate.spi.wire.RpcExchange;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The transition table, row by row, and its one-step promises under a race. */
@Timeout(60)
class ConnectionLifeTest {

    private static TcpStream stream() {
        return new TcpStream(null, RpcExchange.server(), 1, null);
    }

    @Test
    void the_table() {
        ConnectionLife life = new ConnectionLife();
        TcpStream one = stream();
        TcpStream two = stream();
        assertEquals(ConnectionState.HANDSHAKING, life.state());
        assertFalse(life.lease(one), "no lease before activation");
        assertTrue(life.activate());
        assertFalse(life.activate());
        assertEquals(ConnectionState.IDLE, life.state());
        assertFalse(life.release(one));
        assertTrue(life.lease(one));
        assertEquals(ConnectionState.LEASED, life.state());
        assertSame(one, life.lessee());
        assertFalse(life.lease(two), "leased already");
        assertFalse(life.release(two), "not its lease");
        assertFalse(life.poison(two), "not its lease");
        assertTrue(life.release(one));
        assertNull(life.lessee());
        assertFalse(life.poison(one), "its call has ended");
        assertTrue(life.lease(two));
        assertSame(two, life.poison().orElseThrow().lessee().orElseThrow());
        assertEquals(ConnectionState.POISONED, life.state());
        assertTrue(life.poison().isEmpty(), "one ends it");
        assertFalse(life.release(two), "a poisoned connection is never idle again");
        assertFalse(life.lease(one));
        assertFalse(life.activate());
        life.gone();
        assertEquals(ConnectionState.CLOSED, life.state());
        assertTrue(life.poison().isEmpty());
        assertFalse(life.lease(one));
    }

    @Test
    void of_two_that_lease_at_once_one_gets_it() throws Exception {
        int rounds = 20_000;
        ConnectionLife life = new ConnectionLife();
        life.activate();
        AtomicInteger turn = new AtomicInteger();
        AtomicInteger leases = new AtomicInteger();
        AtomicInteger arrived = new AtomicInteger();
        try (var threads = Executors.newFixedThreadPool(2)) {
            Runnable racer = () -> {
                TcpStream own = stream();
                for (int round = 0; round < rounds; round++) {
                    boolean got = life.lease(own);
                    if (got) {
                        leases.incrementAndGet();
                    }
                    // Both have tried before either gives back, and both are back before the next round.
                    arrived.incrementAndGet();
                    while (arrived.get() < 2 * (round + 1)) {
                        Thread.yield();
                    }
                    if (got) {
                        life.release(own);
                    }
                    turn.incrementAndGet();
                    while (turn.get() < 2 * (round + 1)) {
                        Thread.yield();
                    }
                }
            };
            var first = threads.submit(racer);
            var second = threads.submit(racer);
            first.get(50, TimeUnit.SECONDS);
            second.get(50, TimeUnit.SECONDS);
        }
        assertEquals(rounds, leases.get());
    }
}
