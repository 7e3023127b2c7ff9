package io.quorate.registry.node;

import io.quorate.api.CommandRejectedException;
import io.quorate.api.ControlPlaneException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One caller who waits for news. Ends once; asked and ended on the apply thread, called off from anywhere.
 *
 * @param <T> the news
 */
final class LongPoll<T> {

    /** Where the news come from. */
    @FunctionalInterface
    interface Source<T> {

        Optional<T> poll() throws CommandRejectedException;
    }

    /** Where the news go. */
    interface Reader<T> {

        void news(T news);

        /** The time was over before there were any. */
        void nothing();

        void failed(ControlPlaneException why);
    }

    private final long deadlineNanos;
    private final Reader<T> reader;
    private final AtomicBoolean ended = new AtomicBoolean();
    private Source<T> source;

    LongPoll(long deadlineNanos, Reader<T> reader) {
        this.deadlineNanos = deadlineNanos;
        this.reader = reader;
    }

    long deadlineNanos() {
        return deadlineNanos;
    }

    boolean ended() {
        return ended.get();
    }

    /** Nobody waits any more. Any thread; the apply thread forgets it when it comes by. */
    void callOff() {
        ended.set(true);
    }

    void from(Source<T> where) {
        source = where;
    }

    /** Asks once; ends if there are news. */
    void poll() {
        try {
            Optional<T> news = ended() ? Optional.empty() : source.poll();
            if (news.isPresent() && ended.compareAndSet(false, true)) {
                reader.news(news.get());
            }
        } catch (CommandRejectedException e) {
            fail(e);
        }
    }

    void endWithout() {
        if (ended.compareAndSet(false, true)) {
            reader.nothing();
        }
    }

    void fail(ControlPlaneException why) {
        if (ended.compareAndSet(false, true)) {
            reader.failed(why);
        }
    }
}
