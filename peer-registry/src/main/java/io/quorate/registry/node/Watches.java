package io.quorate.registry.node;

import io.quorate.api.Bytes;
import io.quorate.api.PeerChanges;
import io.quorate.spi.time.NodeLoop;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/** Hands watches to the apply thread and wakes it when the time of one is over. */
final class Watches {

    /** The longest wait of an application of this process; a day. Remote ones have the procedures' own limit. */
    static final long MAX_WAIT_MILLIS = TimeUnit.DAYS.toMillis(1);

    private final NodeLoop loop;
    private final Applier applier;
    private final Executor applyThread;
    private final Alarm alarm;

    Watches(NodeLoop loop, Applier applier, Executor applyThread) {
        this.loop = loop;
        this.applier = applier;
        this.applyThread = applyThread;
        this.alarm = new Alarm(loop, () -> applyThread.execute(this::expire));
    }

    /** Any thread. */
    LongPoll<Bytes> watch(Bytes request, long waitMillis, LongPoll.Reader<Bytes> reader) {
        LongPoll<Bytes> poll = new LongPoll<>(deadlineNanos(waitMillis), reader);
        applyThread.execute(() -> applier.watch(request, poll, waitMillis > 0));
        return poll;
    }

    /** Any thread. */
    LongPoll<PeerChanges> watchPeers(long after, long waitMillis, LongPoll.Reader<PeerChanges> reader) {
        LongPoll<PeerChanges> poll = new LongPoll<>(deadlineNanos(waitMillis), reader);
        applyThread.execute(() -> applier.watchPeers(after, poll, waitMillis > 0));
        return poll;
    }

    /** Nobody waits for it any more; its place is free for another. Any thread. */
    void callOff(LongPoll<?> poll) {
        poll.callOff();
        applyThread.execute(this::expire);
    }

    /** A watch has begun that ends at {@code deadlineNanos}. Loop only. */
    void wakeBy(long deadlineNanos) {
        alarm.by(deadlineNanos);
    }

    private void expire() {
        long next = applier.expireWatches(loop.clock().nanoTime());
        if (next != Alarm.NEVER) {
            loop.execute(() -> alarm.by(next));
        }
    }

    private long deadlineNanos(long waitMillis) {
        return loop.clock().nanoTime() + TimeUnit.MILLISECONDS.toNanos(Math.clamp(waitMillis, 0, MAX_WAIT_MILLIS));
    }
}
