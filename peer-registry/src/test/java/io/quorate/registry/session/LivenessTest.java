package io.quorate.registry.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.time.Cancellable;
import io.quorate.spi.time.Clock;
import io.quorate.spi.time.NodeLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** Liveness on a loop whose process is stopped and goes on. */
class LivenessTest {

    private static final long MILLIS = 1_000_000;

    /** A loop that runs its one timer when the test says so, however late. */
    private static final class StoppableLoop implements NodeLoop, Clock {
        private final List<Runnable> timers = new ArrayList<>();
        private long nowNanos;

        @Override
        public void execute(Runnable task) {
            throw new AssertionError("nothing is handed in here");
        }

        @Override
        public boolean inLoop() {
            return true;
        }

        @Override
        public Cancellable schedule(long delayNanos, Runnable task) {
            timers.add(task);
            return () -> timers.remove(task);
        }

        @Override
        public void onTurnEnd(Runnable hook) {
            throw new AssertionError("no hook is needed here");
        }

        @Override
        public Clock clock() {
            return this;
        }

        @Override
        public RandomGenerator random() {
            return RandomGenerator.getDefault();
        }

        @Override
        public long nanoTime() {
            return nowNanos;
        }

        @Override
        public long wallMillis() {
            return nowNanos / MILLIS;
        }

        private void tickAfter(long millis) {
            nowNanos += millis * MILLIS;
            List.copyOf(timers).forEach(timer -> {
                timers.remove(timer);
                timer.run();
            });
        }
    }

    private final StoppableLoop loop = new StoppableLoop();
    private final SessionSettings settings = SessionSettings.forNode();
    private final SessionTable table = new SessionTable(new CallContext(loop, settings, AdmissionPolicy.forClient(),
        CallServer.none(), new Deadlines(loop), new Completions(loop), new CallCounters(new Counters()), () -> { }),
        new SessionListener() { }, new Counters());
    private final Liveness liveness = new Liveness(loop, table, settings, () -> 0,
        session -> { }, () -> { });

    private PeerSession admit() {
        Hello hello = new Hello(1, 1, new TreeSet<>(), TestHost.CLUSTER, PeerIdentity.Kind.NODE, "n2", 1, List.of(),
            "test", HelloTest.nonce(1), Bytes.utf8("b"));
        PeerSession session = new PeerSession(1, new NoConnection(), TestHost.node("n2"), hello, 1, new TreeSet<>());
        assertTrue(table.admit(session).isEmpty());
        liveness.admitted(session);
        return session;
    }

    @Test
    void silenceEndsASessionAfterItsTimeAndNotBefore() {
        PeerSession session = admit();
        for (int millis = 250; millis <= settings.unresponsiveMillis(); millis += 250) {
            loop.tickAfter(250);
            assertTrue(session.live(), "after " + millis + " ms");
        }
        loop.tickAfter(250);
        assertFalse(session.live());
        assertTrue(loop.timers.isEmpty(), "no tick while there is no session");
    }

    @Test
    void aPauseOfThisProcessIsNoSilenceOfTheOthers() {
        PeerSession session = admit();
        // Stopped for a minute; when it goes on, its timers are late, and what the others sent is not read yet.
        loop.tickAfter(60_000);
        assertTrue(session.live());
        loop.tickAfter(250);
        assertTrue(session.live());
        assertEquals(1, table.presence().size());
    }
}
