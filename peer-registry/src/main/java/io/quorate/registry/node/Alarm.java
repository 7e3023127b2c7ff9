package io.quorate.registry.node;

import io.quorate.spi.time.Cancellable;
import io.quorate.spi.time.NodeLoop;

/**
 * One timer for many deadlines: set for the earliest one that it was told of. Who is woken looks at all, and says again
 * what is the earliest then. So a deadline costs a comparison, and nothing runs while there are none. Loop only.
 */
final class Alarm {

    /** No deadline. */
    static final long NEVER = Long.MAX_VALUE;

    /** The action looks at everything; it must not run for each of thousands of deadlines that follow one another. */
    private static final long MIN_PAUSE_NANOS = 2_000_000;

    private final NodeLoop loop;
    private final Runnable action;
    private Cancellable timer;
    private long atNanos = NEVER;

    Alarm(NodeLoop loop, Runnable action) {
        this.loop = loop;
        this.action = action;
    }

    /** The action is to run at {@code deadlineNanos} or sooner. */
    void by(long deadlineNanos) {
        if (deadlineNanos == NEVER || timer != null && atNanos - deadlineNanos <= 0) {
            return;
        }
        if (timer != null) {
            timer.cancel();
        }
        atNanos = deadlineNanos;
        timer = loop.schedule(Math.max(MIN_PAUSE_NANOS, deadlineNanos - loop.clock().nanoTime()), () -> {
            timer = null;
            atNanos = NEVER;
            action.run();
        });
    }

    /** The earlier of two deadlines. */
    static long earlier(long a, long b) {
        if (a == NEVER || b == NEVER) {
            return a == NEVER ? b : a;
        }
        return a - b <= 0 ? a : b;
    }
}
