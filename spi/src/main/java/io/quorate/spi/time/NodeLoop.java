package io.quorate.spi.time;

import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;

/**
 * The port of scheduling: the one thread on which a node decides everything (consensus, handshakes, sessions,
 * registry).
 *
 * <p>Tasks run one at a time, in the order in which they were handed in; what one task wrote the next one sees. In
 * production this is a thread; in a simulation it is a queue ordered by (virtual time, sequence).
 *
 * <p>{@link #execute} and {@link #inLoop} may be called from any thread, everything else from the loop alone, or
 * before it runs. A task that throws is a broken invariant: the loop hands the throwable to its owner, who stops the
 * node.
 */
public interface NodeLoop extends Executor {

    /** Runs {@code task} on the loop, after everything that was handed in before it. Never runs it in the call. */
    @Override
    void execute(Runnable task);

    /** Whether the caller is on the loop. */
    boolean inLoop();

    /**
     * Runs {@code task} on the loop after {@code delayNanos} at the earliest. Tasks due at the same time run in the
     * order in which they were scheduled.
     *
     * @param delayNanos 0 or more
     */
    Cancellable schedule(long delayNanos, Runnable task);

    /**
     * Registers a hook that runs at the end of each turn: after the loop has run everything that had gathered,
     * before it waits for more. Work that is cheaper for many than for one (encoding a batch, flushing) belongs
     * there. Hooks run in the order of their registration; a task that a hook hands in begins a new turn.
     */
    void onTurnEnd(Runnable hook);

    /** The time. */
    Clock clock();

    /** The source of all randomness of decisions on the loop; in a simulation it is seeded. Loop only. */
    RandomGenerator random();
}
