package io.quorate.registry.loop;

import io.quorate.spi.time.Cancellable;
import io.quorate.spi.time.Clock;
import io.quorate.spi.time.NodeLoop;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node loop of production: one daemon thread that runs tasks and timers in order, and sleeps when there are none.
 *
 * <p><b>A turn</b> takes everything that has gathered in one step and runs it in the order of its handing in, then the
 * timers that are due; it repeats while more has gathered meanwhile, at most {@link #MAX_ROUNDS_PER_TURN} times, so
 * that the hooks at its end see large batches under load and are never put off for long.
 *
 * <p><b>Cost.</b> {@link #execute} is one small object and one compare-and-set; a system call is made only if the
 * thread sleeps. The thread sleeps without a limit if no timer is set, and otherwise until the next one: nothing polls.
 *
 * <p><b>Errors.</b> What a task, timer or hook throws is handed to the owner, on this thread, before anything else
 * runs; the owner decides what becomes of the node. The loop itself goes on, so that the owner can still stop things in
 * order.
 */
public final class LoopThread implements NodeLoop, AutoCloseable {

    /** How often one turn takes what has gathered before its hooks run. */
    public static final int MAX_ROUNDS_PER_TURN = 4;

    /** How long {@link #close} waits for the task that is running, in milliseconds. */
    public static final long CLOSE_TIMEOUT_MILLIS = 5_000;

    private static final Logger LOG = LoggerFactory.getLogger(LoopThread.class);

    private static final Clock SYSTEM_CLOCK = new Clock() {
        @Override
        public long nanoTime() {
            return System.nanoTime();
        }

        @Override
        public long wallMillis() {
            return System.currentTimeMillis();
        }
    };

    /** A task handed in; a stack's link. Producers push, the loop takes the whole stack and turns it round. */
    private static final class Link {
        private final Runnable task;
        private Link next;

        private Link(Runnable task) {
            this.task = task;
        }
    }

    private final Thread thread;
    private final Consumer<Throwable> onUncaught;
    private final AtomicReference<Link> gathered = new AtomicReference<>();
    private final AtomicBoolean sleeping = new AtomicBoolean();
    private final AtomicBoolean started = new AtomicBoolean();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final TimerHeap timers = new TimerHeap();
    private final List<Runnable> hooks = new ArrayList<>();
    private final SecureRandom random = new SecureRandom();
    private volatile boolean closing;

    /**
     * Creates the loop; {@link #start} starts its thread.
     *
     * @param name the thread's name
     * @param onUncaught hears of what tasks throw; on the loop's thread. If it throws itself, the loop ends.
     */
    public LoopThread(String name, Consumer<Throwable> onUncaught) {
        this.onUncaught = Objects.requireNonNull(onUncaught);
        this.thread = Thread.ofPlatform().name(name).daemon().unstarted(this::run);
    }

    /** Starts the thread; tasks handed in before run then. To be called once. */
    public void start() {
        if (!started.compareAndSet(false, true)) {
            throw new IllegalStateException("the loop " + thread.getName() + " was started before");
        }
        thread.start();
    }

    /** See {@link NodeLoop#execute}. A task handed in after {@link #close} may be dropped without a word. */
    @Override
    public void execute(Runnable task) {
        Link link = new Link(Objects.requireNonNull(task));
        Link top;
        do {
            top = gathered.get();
            link.next = top;
        } while (!gathered.compareAndSet(top, link));
        // The push comes before this look, as the thread's last look at the stack comes after it said that it sleeps:
        // one of the two sees the other. Only one producer pays for the wake-up.
        if (sleeping.get() && sleeping.compareAndSet(true, false)) {
            LockSupport.unpark(thread);
        }
    }

    @Override
    public boolean inLoop() {
        return Thread.currentThread() == thread;
    }

    @Override
    public Cancellable schedule(long delayNanos, Runnable task) {
        requireLoop();
        if (delayNanos < 0) {
            throw new IllegalArgumentException("found a delay of " + delayNanos + " ns, expected 0 or more");
        }
        return timers.add(System.nanoTime() + Math.min(delayNanos, Long.MAX_VALUE / 2), Objects.requireNonNull(task));
    }

    @Override
    public void onTurnEnd(Runnable hook) {
        requireLoop();
        hooks.add(Objects.requireNonNull(hook));
    }

    @Override
    public Clock clock() {
        return SYSTEM_CLOCK;
    }

    /** The operating system's randomness: nonces come from here too. */
    @Override
    public RandomGenerator random() {
        return random;
    }

    /**
     * Runs what was handed in before, then ends the thread. Waits at most {@link #CLOSE_TIMEOUT_MILLIS}, and not at all
     * if called on the loop. Timers that are not due are dropped. Idempotent.
     */
    @Override
    public void close() {
        closing = true;
        if (started.compareAndSet(false, true)) {
            ended.countDown();
            return;
        }
        if (inLoop()) {
            return;
        }
        LockSupport.unpark(thread);
        try {
            if (!ended.await(CLOSE_TIMEOUT_MILLIS, TimeUnit.MILLISECONDS)) {
                LOG.warn("The loop {} did not end within {} ms; what it runs: {}", thread.getName(),
                    CLOSE_TIMEOUT_MILLIS, List.of(thread.getStackTrace()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void requireLoop() {
        if (started.get() && !inLoop()) {
            throw new IllegalStateException("found " + Thread.currentThread().getName() + ", expected the loop "
                + thread.getName());
        }
    }

    private void run() {
        try {
            boolean last = false;
            while (!last) {
                // Read before the turn: what was handed in before the close still runs in the last turn.
                last = closing;
                turn();
                if (!last) {
                    sleepUnlessNeeded();
                }
            }
        } catch (Throwable broken) {
            // Not even the owner could deal with it; without this line the thread would vanish in silence.
            LOG.error("The loop {} ends: its owner failed to handle an error", thread.getName(), broken);
            throw broken;
        } finally {
            ended.countDown();
        }
    }

    private void turn() {
        boolean ran = false;
        for (int round = 0; round < MAX_ROUNDS_PER_TURN; round++) {
            Link batch = gathered.get() == null ? null : inOrder(gathered.getAndSet(null));
            boolean any = batch != null;
            for (; batch != null; batch = batch.next) {
                guarded(batch.task);
            }
            long now = System.nanoTime();
            for (Runnable due = timers.poll(now); due != null; due = timers.poll(now)) {
                any = true;
                guarded(due);
            }
            if (!any) {
                break;
            }
            ran = true;
        }
        if (ran) {
            for (int i = 0; i < hooks.size(); i++) {
                guarded(hooks.get(i));
            }
        }
    }

    private static Link inOrder(Link newestFirst) {
        Link ordered = null;
        Link link = newestFirst;
        while (link != null) {
            Link next = link.next;
            link.next = ordered;
            ordered = link;
            link = next;
        }
        return ordered;
    }

    private void guarded(Runnable task) {
        try {
            task.run();
        } catch (Throwable broken) {
            onUncaught.accept(broken);
        }
    }

    private void sleepUnlessNeeded() {
        sleeping.set(true);
        if (gathered.get() == null && !closing) {
            long next = timers.nextNanos();
            if (next == TimerHeap.NONE) {
                LockSupport.park(this);
            } else {
                long delay = next - System.nanoTime();
                if (delay > 0) {
                    LockSupport.parkNanos(this, delay);
                }
            }
        }
        sleeping.set(false);
        // An interrupt would make every park return at once, and the loop would poll.
        if (Thread.interrupted()) {
            LOG.warn("The loop {} was interrupted; it goes on, close() ends it", thread.getName());
        }
    }
}
