package io.quorate.benchmarks;

import io.quorate.api.Bytes;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Two ends of one way to make calls, in one process over loopback. The far end answers each call with its payload. */
interface CallPair extends AutoCloseable {

    /** How many calls are under way at once in the concurrent benchmarks. */
    int CONCURRENT = 32;

    /** Nothing takes so long; whatever does has hung. */
    long HUNG_SECONDS = 60;

    /** Makes calls one after another, each begun when the one before it was answered, without a change of thread. */
    interface Caller {
        /** Begins; {@code done} is counted down after the last answer. */
        void call(Bytes payload, int calls, CountDownLatch done);
    }

    /** One of {@link #CONCURRENT} callers. */
    Caller caller(int number);

    /** Lets {@code callers} callers make {@code calls} calls each, and waits for the last answer. */
    default void run(int callers, int calls, Bytes payload) throws InterruptedException {
        CountDownLatch done = new CountDownLatch(callers);
        for (int i = 0; i < callers; i++) {
            caller(i).call(payload, calls, done);
        }
        if (!done.await(HUNG_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException("found " + done.getCount() + " callers without an answer after "
                + HUNG_SECONDS + " s, expected all to be done");
        }
    }

    @Override
    void close();
}
