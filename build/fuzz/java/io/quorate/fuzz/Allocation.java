package io.quorate.fuzz;

import java.lang.reflect.Method;

/**
 * Measures what a piece of code allocates: that hostile bytes cost no more memory than they pay for is a promise of
 * every decoder, and a length that is believed too early breaks it without any exception.
 */
public final class Allocation {

    /** Headroom for messages of exceptions, collections, and the odd class that is loaded meanwhile (256 KiB). */
    public static final long HEADROOM_BYTES = 256 << 10;

    private static final Object THREADS;
    private static final Method ALLOCATED;

    static {
        try {
            // By reflection: the modules under test do not require java.management, and shall not for this.
            THREADS = Class.forName("java.lang.management.ManagementFactory").getMethod("getThreadMXBean").invoke(null);
            ALLOCATED = Class.forName("com.sun.management.ThreadMXBean").getMethod("getCurrentThreadAllocatedBytes");
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("found a JDK that does not count allocations, expected HotSpot", e);
        }
    }

    /** Something to measure. */
    @FunctionalInterface
    public interface Code {
        void run() throws Exception;
    }

    private Allocation() {
    }

    /**
     * Runs {@code code} and asserts that it allocates at most {@code factor} bytes for each of {@code inputBytes}, and
     * {@link #HEADROOM_BYTES}. It is run again if it exceeds that, up to three times: classes are loaded once, and a
     * broken limit breaks each time. So it must be repeatable.
     */
    public static void bounded(int inputBytes, int factor, Code code) throws Exception {
        long limit = HEADROOM_BYTES + (long) factor * inputBytes;
        long used = measure(code);
        for (int again = 0; used > limit && again < 3; again++) {
            used = measure(code);
        }
        if (used > limit) {
            throw new AssertionError("found " + used + " bytes allocated for an input of " + inputBytes
                + " bytes, expected at most " + limit);
        }
    }

    private static long measure(Code code) throws Exception {
        long before = now();
        code.run();
        return now() - before;
    }

    private static long now() {
        try {
            return (long) ALLOCATED.invoke(THREADS);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot ask for the allocations of this thread", e);
        }
    }
}
