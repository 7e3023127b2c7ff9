package io.quorate.raft.core;

import java.util.ArrayDeque;

/**
 * The queue of what a core wants done. One per core, reused; the driver takes effects out in order. A driver that,
 * while it performs an effect, comes to hand in another input only lengthens the queue.
 *
 * <p>Not thread-safe.
 */
public final class Effects {

    private final ArrayDeque<Effect> queue = new ArrayDeque<>();

    /** The next effect, or null. */
    public Effect poll() {
        return queue.poll();
    }

    public boolean isEmpty() {
        return queue.isEmpty();
    }

    void add(Effect effect) {
        queue.add(effect);
    }
}
