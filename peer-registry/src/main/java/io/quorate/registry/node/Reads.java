package io.quorate.registry.node;

import io.quorate.api.Bytes;
import io.quorate.api.Consistency;
import io.quorate.api.ControlPlaneException;
import io.quorate.api.LogIndex;
import io.quorate.api.OverloadedException;
import io.quorate.api.UnavailableException;
import io.quorate.spi.consensus.Consensus;
import io.quorate.spi.time.NodeLoop;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * The way of a query to the apply thread: LOCAL at once, AT_LEAST when that index was applied, LINEARIZABLE and LEASE
 * when the index was applied that the consensus has found. All linearizable reads of one turn share one question
 * (thesis §6.4). A read changes nothing, so a round that failed is simply asked again until the deadline.
 */
final class Reads {

    private static final Runnable WAKE_UP = () -> { };

    /** From how many reads under way on the ended ones among them are looked for. */
    private static final int MIN_SWEEP = 1_024;

    private final NodeLoop loop;
    private final Consensus consensus;
    private final Applier applier;
    private final Executor applyThread;
    private final Admission admission;
    private final ConcurrentLinkedQueue<Read> mailbox = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean woken = new AtomicBoolean();
    private final Alarm deadlines;
    private final Alarm retry;
    /** Every read that has passed the mailbox and may not have ended yet. */
    private final ArrayDeque<Read> underWay = new ArrayDeque<>();
    private int sweepAt = MIN_SWEEP;
    private List<Read> asking = new ArrayList<>();
    /** Those for which a lease will do. */
    private List<Read> askingLease = new ArrayList<>();
    private boolean waitsToRetry;
    private String lastHindrance = "no answer yet";
    private volatile Optional<String> stopped = Optional.empty();

    /** @param counters hears of everything that is refused as too much; thread-safe */
    Reads(NodeLoop loop, Consensus consensus, Applier applier, Executor applyThread, Consumer<String> counters) {
        this.loop = loop;
        this.consensus = consensus;
        this.applier = applier;
        this.applyThread = applyThread;
        this.admission = new Admission("queries", NodeLimits.MAX_PENDING_QUERIES, NodeLimits.MAX_PENDING_QUERY_BYTES,
            counters);
        this.deadlines = new Alarm(loop, this::expire);
        this.retry = new Alarm(loop, () -> waitsToRetry = false);
    }

    /** Any thread. */
    void read(Consistency consistency, List<Bytes> queries, long budgetMillis, Read.Reader reader) {
        if (stopped.isPresent()) {
            reader.failed(new UnavailableException(stopped.get()));
            return;
        }
        if (!admission.tryAcquire(queries.size(), Read.bytes(queries))) {
            reader.failed(new OverloadedException(admission.describe(),
                Duration.ofMillis(NodeLimits.OVERLOAD_RETRY_MILLIS)));
            return;
        }
        Read read = new Read(consistency, queries,
            loop.clock().nanoTime() + TimeUnit.MILLISECONDS.toNanos(Math.max(1, budgetMillis)), admission, reader);
        if (consistency instanceof Consistency.Local) {
            applyThread.execute(() -> applier.read(LogIndex.ZERO, List.of(read)));
            return;
        }
        mailbox.add(read);
        if (stopped.isPresent()) {
            // The last turn may be over already; without this line the read would wait for ever.
            read.fail(new UnavailableException(stopped.get()));
            return;
        }
        if (!woken.get() && woken.compareAndSet(false, true)) {
            loop.execute(WAKE_UP);
        }
    }

    /** At the end of each turn. Loop only. */
    void turnEnd() {
        woken.set(false);
        while (!underWay.isEmpty() && underWay.peek().ended()) {
            underWay.poll();
        }
        if (underWay.size() >= sweepAt) {
            // One read that waits at the head would keep every ended one behind it in memory, up to its deadline.
            underWay.removeIf(Read::ended);
            sweepAt = Math.max(MIN_SWEEP, 2 * underWay.size());
        }
        for (Read next = mailbox.poll(); next != null; next = mailbox.poll()) {
            if (stopped.isPresent()) {
                next.fail(new UnavailableException(stopped.get()));
                continue;
            }
            underWay.add(next);
            deadlines.by(next.deadlineNanos());
            if (next.consistency() instanceof Consistency.AtLeast atLeast) {
                Read read = next;
                applyThread.execute(() -> applier.read(atLeast.index(), List.of(read)));
            } else if (next.consistency() instanceof Consistency.Lease) {
                askingLease.add(next);
            } else {
                asking.add(next);
            }
        }
        if (!waitsToRetry) {
            asking = ask(asking, false);
            askingLease = ask(askingLease, true);
        }
    }

    /** @return the empty list that gathers from now on */
    private List<Read> ask(List<Read> group, boolean leaseSuffices) {
        if (group.isEmpty()) {
            return group;
        }
        consensus.readIndex(leaseSuffices, answer -> answered(group, leaseSuffices, answer));
        return new ArrayList<>();
    }

    private void answered(List<Read> group, boolean leaseSuffices, Consensus.ReadIndexResult answer) {
        switch (answer) {
            case Consensus.ReadIndexResult.At at -> applyThread.execute(() -> applier.read(at.index(), group));
            case Consensus.ReadIndexResult.Unavailable unavailable -> {
                lastHindrance = unavailable.reason();
                group.removeIf(Read::ended);
                (leaseSuffices ? askingLease : asking).addAll(group);
                if (!group.isEmpty()) {
                    waitsToRetry = true;
                    retry.by(loop.clock().nanoTime() + TimeUnit.MILLISECONDS.toNanos(NodeLimits.RETRY_MILLIS));
                }
            }
        }
    }

    private void expire() {
        long nowNanos = loop.clock().nanoTime();
        long next = Alarm.NEVER;
        boolean any = false;
        for (Iterator<Read> each = underWay.iterator(); each.hasNext(); ) {
            Read read = each.next();
            if (!read.ended() && read.deadlineNanos() - nowNanos <= 0) {
                any = true;
                read.fail(new UnavailableException(read.consistency() instanceof Consistency.AtLeast atLeast
                    ? "this node has not applied index " + atLeast.index() + " in time"
                    : "the read could not be confirmed in time: " + lastHindrance));
            }
            if (read.ended()) {
                each.remove();
            } else {
                next = Alarm.earlier(next, read.deadlineNanos());
            }
        }
        asking.removeIf(Read::ended);
        askingLease.removeIf(Read::ended);
        if (any) {
            applyThread.execute(applier::forgetEndedReads);
        }
        deadlines.by(next);
    }

    /** Ends everything under way and refuses what comes. Loop only. */
    void stop(String why) {
        stopped = Optional.of(why);
        ControlPlaneException failure = new UnavailableException(why);
        underWay.forEach(read -> read.fail(failure));
        underWay.clear();
        asking.clear();
        askingLease.clear();
        turnEnd();
    }
}
