package io.quorate.spi.transport.support;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** Looks up host names on a few threads of its own, because the platform's resolver blocks. Thread-safe. */
public final class NameResolver implements AutoCloseable {

    /** How many names are looked up at the same time. */
    public static final int THREADS = 4;

    /** How many may wait for that. */
    public static final int MAX_WAITING = 1_024;

    private static final AtomicInteger NUMBERS = new AtomicInteger();
    private static final long THREAD_IDLE_SECONDS = 10;

    private final ThreadPoolExecutor threads;

    /** @param threadPrefix what its threads are called; a number follows */
    public NameResolver(String threadPrefix) {
        threads = new ThreadPoolExecutor(THREADS, THREADS, THREAD_IDLE_SECONDS, TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MAX_WAITING), task -> {
                Thread thread = new Thread(task, threadPrefix + NUMBERS.incrementAndGet());
                thread.setDaemon(true);
                return thread;
            });
        threads.allowCoreThreadTimeOut(true);
    }

    /**
     * Looks up {@code host}. Exactly one of the two is called, on one of this resolver's threads, or on the caller's if
     * there is no room.
     *
     * @param found the addresses, at least one
     * @param failed why there is none, in words
     */
    public void resolve(String host, Consumer<List<InetAddress>> found, Consumer<String> failed) {
        try {
            threads.execute(() -> {
                List<InetAddress> addresses;
                try {
                    addresses = List.of(InetAddress.getAllByName(host));
                } catch (UnknownHostException e) {
                    failed.accept("found no address for the name \"" + host + "\", expected at least one; check the "
                        + "name and the resolver");
                    return;
                }
                found.accept(addresses);
            });
        } catch (RejectedExecutionException e) {
            failed.accept("found too many names being resolved, expected fewer");
        }
    }

    /** Ends the threads; what is being looked up is heard of no more. */
    @Override
    public void close() {
        threads.shutdownNow();
    }
}
