package io.quorate.testing.transport;

import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * What the transport contract needs to know about a transport: how to make one, how it shares connections among calls,
 * how its time passes, and what faults can be made around it. One object for each test.
 *
 * <p>A transport over a real network overrides the abstract methods and, to have all rules checked, {@link #path} and
 * {@link #hostilePeer}; rules that need what is not supplied are shown as skipped. Time is real: {@link #await} waits.
 * A transport in virtual time overrides {@link #await} to run its world, and {@link #nanoTime}.
 *
 * <p>The contract calls all methods on the test's thread, except {@link #wake}.
 */
public abstract class TransportUnderTest implements AutoCloseable {

    /** How calls share a connection. */
    public enum Sharing {
        /** One call at a time has the connection for itself, and only its dialer calls, as on TCP. */
        EXCLUSIVE_LEASE,
        /** Each call has a stream, opened by either side, as on QUIC. */
        STREAM_PER_CALL
    }

    private volatile Thread waiting;

    /** The name in the report and in failures, such as {@code tcp}; lower case, digits and hyphens. */
    public abstract String name();

    /** How calls share a connection. */
    public abstract Sharing sharing();

    /**
     * Where a node of this name is to listen: an endpoint that is free, or with port 0.
     *
     * @param host a name that is used once in a test, such as {@code a}
     */
    public abstract Endpoint listenAt(String host);

    /** Makes a transport; neither binds nor starts it. */
    public abstract Transport create(String host, TransportContext context);

    /** An endpoint of the scheme at which nobody listens. */
    public abstract Endpoint nobody();

    /** A path to {@code target} that can be disturbed; empty if the transport's network cannot be. */
    public Optional<FaultyPath> path(Endpoint target) {
        return Optional.empty();
    }

    /** Makes the other side of connections by hand; empty if nobody has written that for this transport. */
    public Optional<HostilePeer> hostilePeer() {
        return Optional.empty();
    }

    /**
     * How many bytes may be on their way on a stream whose reader has stopped, beyond what its sender keeps: the
     * windows and buffers between the two sides.
     */
    public long maxBytesInFlight() {
        return 32L << 20;
    }

    /**
     * Waits until {@code condition} holds, or lets virtual time pass until it does. The condition is cheap and may be
     * asked at any time.
     *
     * @return whether it held within {@code atMost}
     */
    public boolean await(BooleanSupplier condition, Duration atMost) {
        long deadline = System.nanoTime() + atMost.toNanos();
        waiting = Thread.currentThread();
        while (!condition.getAsBoolean()) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                return condition.getAsBoolean();
            }
            // A callback wakes this thread; what changes without one is looked at every few milliseconds.
            LockSupport.parkNanos(this, Math.min(left, Duration.ofMillis(5).toNanos()));
        }
        return true;
    }

    /** Something has been heard from the transport. Called on its threads, after every callback. */
    public void wake() {
        LockSupport.unpark(waiting);
    }

    /** The time that latencies are measured in. */
    public long nanoTime() {
        return System.nanoTime();
    }

    /** Runs all tasks, on threads of their own and at the same moment where the transport has threads. */
    public void together(List<Runnable> tasks) {
        CountDownLatch start = new CountDownLatch(1);
        List<Thread> threads = new ArrayList<>();
        for (Runnable task : tasks) {
            threads.add(Thread.ofPlatform().start(() -> {
                try {
                    start.await();
                    task.run();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }));
        }
        start.countDown();
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                throw new AssertionError("interrupted while tasks of the test ran", e);
            }
        }
    }

    /** Fails if the transport has lost a buffer or the like. Called after each test, when everything is closed. */
    public void assertNoLeaks() {
        // Nothing is known here of the transport's resources.
    }

    /** Releases what this object holds; the transports that it made are closed already. */
    @Override
    public void close() {
        // Nothing is held.
    }
}
