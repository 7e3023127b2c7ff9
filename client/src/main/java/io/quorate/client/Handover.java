package io.quorate.client;

import java.util.concurrent.atomic.AtomicReference;

/**
 * Hands operations from many threads to the loop: a stack linked through the operations themselves, which the loop
 * takes as a whole and reverses. One compare-and-set for each operation, no allocation, no lock; and only the thread
 * that finds it empty has to wake the loop.
 */
final class Handover {

    private final AtomicReference<Pending<?>> top = new AtomicReference<>();

    /** @return whether it was empty, so that the caller must wake the loop */
    boolean push(Pending<?> operation) {
        Pending<?> below = top.get();
        while (true) {
            operation.next = below;
            Pending<?> seen = top.compareAndExchange(below, operation);
            if (seen == below) {
                return below == null;
            }
            below = seen;
        }
    }

    /** Takes everything; linked through {@link Pending#next} in the order of arrival. Null if there is nothing. */
    Pending<?> takeAll() {
        Pending<?> newest = top.getAndSet(null);
        Pending<?> first = null;
        while (newest != null) {
            Pending<?> older = newest.next;
            newest.next = first;
            first = newest;
            newest = older;
        }
        return first;
    }
}
