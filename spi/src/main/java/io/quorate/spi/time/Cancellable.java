package io.quorate.spi.time;

/** A scheduled task that can be called off. */
@FunctionalInterface
public interface Cancellable {

    /** Calls the task off; has no effect if it ran already. On the loop's thread: after this call it does not run. */
    void cancel();
}
