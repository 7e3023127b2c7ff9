package io.quorate.spi.time;

/**
 * The port of time. Code that runs on the node loop reads time here and nowhere else, so that a simulation can own it.
 * Thread-safe.
 */
public interface Clock {

    /** Monotonic nanoseconds from an arbitrary origin: for durations and deadlines. Never goes backwards. */
    long nanoTime();

    /** Milliseconds since the Unix epoch: for people to read. May jump; no decision may depend on it. */
    long wallMillis();
}
