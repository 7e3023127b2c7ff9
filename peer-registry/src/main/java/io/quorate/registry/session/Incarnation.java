package io.quorate.registry.session;

import io.quorate.spi.time.NodeLoop;

/**
 * The number that a process chooses at its start, so that its sessions can be told from those of the process before it.
 *
 * <p>It is comparable: the milliseconds of the wall clock in the upper bits, so that a later start has the larger
 * number, and 16 random bits below, so that two starts in the same millisecond differ. A wall clock that was set back
 * between two starts makes the later one look older; it is then admitted as soon as the last session of the other has
 * ended, see {@link Sessions}.
 */
public final class Incarnation {

    private static final int RANDOM_BITS = 16;

    private Incarnation() {
    }

    /** A number for a process that starts now; positive. */
    public static long fresh(NodeLoop loop) {
        return of(loop.clock().wallMillis(), loop.random().nextInt(1 << RANDOM_BITS));
    }

    static long of(long wallMillis, int random) {
        long millis = wallMillis & (Long.MAX_VALUE >>> RANDOM_BITS);
        return millis << RANDOM_BITS | random & (1 << RANDOM_BITS) - 1 | (millis == 0 && random == 0 ? 1 : 0);
    }
}
