package io.quorate.transport.quic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How many calls may be opened, and that whoever finds none is told of the next. */
@Timeout(60)
class ConnectionLifeTest {

    private static ConnectionLife active() {
        ConnectionLife life = new ConnectionLife();
        assertTrue(life.activate());
        return life;
    }

    @Test
    void runs_in_its_module() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void more_is_news_only_where_there_was_none() {
        ConnectionLife life = active();
        assertTrue(life.permit(2));
        assertFalse(life.permit(2));
        assertFalse(life.permit(3));
        assertTrue(life.take() && life.take() && life.take());
        assertFalse(life.take());
        assertFalse(life.permit(3));
        assertFalse(life.permit(2));
        assertTrue(life.permit(4));
        assertEquals(1, life.capacity());
    }

    /** One takes the last stream, and the next finds none, just while more are permitted: he must be told. */
    @Test
    void nobody_waits_for_a_word_that_never_comes() throws InterruptedException {
        long most = 500_000;
        ConnectionLife life = active();
        AtomicLong told = new AtomicLong();
        AtomicLong taken = new AtomicLong();
        Thread permitting = Thread.ofPlatform().start(() -> {
            for (long total = 1; total <= most && !Thread.currentThread().isInterrupted(); total++) {
                while (total - taken.get() > 2 && !Thread.currentThread().isInterrupted()) {
                    Thread.onSpinWait(); // so that the last stream is always about to be taken
                }
                if (life.permit(total)) {
                    told.incrementAndGet();
                }
            }
        });
        Thread taking = Thread.ofPlatform().start(() -> {
            while (taken.get() < most && !Thread.currentThread().isInterrupted()) {
                long heard = told.get();
                while (life.take()) {
                    taken.incrementAndGet();
                }
                while (taken.get() < most && told.get() == heard && !Thread.currentThread().isInterrupted()) {
                    Thread.onSpinWait();
                }
            }
        });
        taking.join(30_000);
        boolean waits = taking.isAlive();
        taking.interrupt();
        permitting.interrupt();
        permitting.join();
        taking.join();
        assertFalse(waits, "found " + life.capacity() + " streams permitted of which nobody was told");
        assertEquals(most, taken.get());
    }
}
