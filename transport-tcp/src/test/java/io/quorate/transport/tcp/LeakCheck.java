package io.quorate.transport.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Every buffer, TLS engine and TLS context that a test class used has been released when the class has ended. */
public final class LeakCheck implements BeforeAllCallback, AfterAllCallback {

    static final List<String> LEAKS = new CopyOnWriteArrayList<>();
    static final List<String> FAULTS = new CopyOnWriteArrayList<>();
    private static final int COLLECTIONS = 4;

    @Override
    public void beforeAll(ExtensionContext context) {
        // Named to the test's process by a property: Netty's classes keep whichever detector they find when they are
        // first used, which may be before any class that looks for leaks.
        assertInstanceOf(Recorder.class,
            ResourceLeakDetectorFactory.instance().newResourceLeakDetector(LeakCheck.class, 1));
        LEAKS.clear();
        FAULTS.clear();
    }

    @Override
    public void afterAll(ExtensionContext context) {
        assertEquals(List.of(), found());
        assertEquals(List.of(), FAULTS);
    }

    /** What has been lost. A leak shows when the lost thing is collected and another of its kind is made. */
    static List<String> found() {
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
            ByteBufAllocator.DEFAULT.directBuffer(1).release();
            ByteBufAllocator.DEFAULT.heapBuffer(1).release();
            ByteBufAllocator.DEFAULT.compositeBuffer().release();
        }
        return List.copyOf(LEAKS);
    }

    /** Remembers what leaks. Public, since Netty makes it. */
    public static final class Recorder<T> extends ResourceLeakDetector<T> {

        public Recorder(Class<T> resource, int samplingInterval) {
            super(resource, samplingInterval);
        }

        /** The form of older versions of Netty, which it looks for too and misses loudly. */
        public Recorder(Class<T> resource, int samplingInterval, long ignoredMaxActive) {
            this(resource, samplingInterval);
        }

        @Override
        protected boolean needReport() {
            return true;
        }

        @Override
        protected void reportTracedLeak(String resourceType, String records) {
            LEAKS.add(resourceType + records);
        }

        @Override
        protected void reportUntracedLeak(String resourceType) {
            LEAKS.add(resourceType);
        }
    }
}
