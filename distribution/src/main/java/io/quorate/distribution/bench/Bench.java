package io.quorate.distribution.bench;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.Consistency;
import io.quorate.api.ControlPlane;
import io.quorate.api.ControlPlaneException;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.OutcomeUnknownException;
import io.quorate.api.UnavailableException;
import io.quorate.kv.Kv;
import io.quorate.kv.KvClient;
import io.quorate.kv.KvEntry;
import io.quorate.kv.KvListRequest;
import io.quorate.kv.KvPage;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;

/**
 * A closed loop: a fixed number of writers, each with one operation under way; the end of one begins the next, on the
 * thread that brought the end. Every writer has keys of its own, and after the run every key is read back.
 */
public final class Bench {

    /** How long a writer waits after a failure, so that a cluster that is down is not hammered. */
    private static final long PAUSE_AFTER_ERROR_MILLIS = 10;

    /** Each attempt takes an operation's time limit at most, within which the client tries by itself. */
    private static final int READ_BACK_ATTEMPTS = 12;

    private static final long SEED = 20_250_101;

    private final ControlPlane plane;
    private final KvClient kv;
    private final BenchSettings settings;
    private final String prefix;
    private final Bytes[] keys;
    private final KeyLedger[] ledgers;
    private final byte[] filler;
    private final LatencyHistogram latencies = new LatencyHistogram();
    private final LongAdder ops = new LongAdder();
    /** When an operation last succeeded, and the longest time between two that did; of the measured time. */
    private final AtomicLong succeededNanos;
    private final LongAccumulator longestPause = new LongAccumulator(Math::max, 0);
    private final Map<String, LongAdder> errors = new ConcurrentSkipListMap<>();
    private final AtomicReference<Throwable> firstError = new AtomicReference<>();
    private final CountDownLatch finished;
    private final long measureFrom;
    private volatile long measureTo;

    /**
     * Prepares a run; begins with {@link #run}.
     *
     * @param run a name that no other run has
     */
    public Bench(ControlPlane plane, BenchSettings settings, String run) {
        this.plane = plane;
        this.kv = new KvClient(plane);
        this.settings = settings;
        this.prefix = "bench/" + run + "/";
        this.keys = new Bytes[settings.keys()];
        this.ledgers = new KeyLedger[settings.keys()];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = Bytes.utf8(prefix + i);
            ledgers[i] = new KeyLedger();
        }
        this.filler = new byte[settings.valueBytes()];
        new SplittableRandom(SEED).nextBytes(filler);
        this.finished = new CountDownLatch(settings.outstanding());
        this.measureFrom = System.nanoTime() + settings.warmup().toNanos();
        this.measureTo = measureFrom + settings.measured().toNanos();
        this.succeededNanos = new AtomicLong(measureFrom);
    }

    /**
     * Runs, verifies, and deletes what it wrote. Once.
     *
     * @throws ExecutionException if reading back fails
     */
    public BenchReport run() throws InterruptedException, ExecutionException {
        for (int i = 0; i < settings.outstanding(); i++) {
            new Writer(i).begin();
        }
        finished.await();
        long measuredNanos = Math.max(0, measureTo - measureFrom);
        paused(measureTo);
        BenchReport.Verification verification = verify();
        boolean cleanedUp = delete();
        Throwable error = firstError.get();
        SortedMap<String, Long> failed = new TreeMap<>();
        errors.forEach((kind, count) -> failed.put(kind, count.sum()));
        return new BenchReport(settings, ops.sum(), measuredNanos, latencies, longestPause.get(), failed,
            error == null ? "" : String.valueOf(error.getMessage()), verification, cleanedUp);
    }

    /** Ends the measuring now, if it has not ended yet: {@link #run} goes on with the verification. Any thread. */
    public void endEarly() {
        long now = System.nanoTime();
        if (now - measureTo < 0) {
            measureTo = now;
        }
    }

    /** A stall shows here whatever the load: with many operations under way, most of them never see it. */
    private void paused(long now) {
        longestPause.accumulate(now - succeededNanos.getAndAccumulate(now, Math::max));
    }

    private BenchReport.Verification verify() throws InterruptedException, ExecutionException {
        Map<Bytes, KvEntry> found = new HashMap<>();
        KvListRequest all = KvListRequest.of(Bytes.utf8(prefix));
        Optional<KvListRequest> next = Optional.of(all);
        while (next.isPresent()) {
            KvPage page = page(next.get());
            page.entries().forEach(entry -> found.put(entry.key(), entry));
            next = page.last().map(all::after);
        }
        long writes = 0;
        long wrong = 0;
        String first = "";
        for (int i = 0; i < keys.length; i++) {
            writes += ledgers[i].acknowledgedWrites();
            KvEntry entry = found.get(keys[i]);
            String problem = entry == null ? ledgers[i].judgeMissing()
                : ledgers[i].judge(number(entry.value()), entry.version());
            if (problem != null) {
                wrong++;
                first = first.isEmpty() ? keys[i].utf8() + ": " + problem : first;
            }
        }
        return new BenchReport.Verification(writes, wrong, first);
    }

    /** Reading is safe to repeat, and a cluster that elects a leader just now is no reason to give a verdict up. */
    private KvPage page(KvListRequest request) throws InterruptedException, ExecutionException {
        for (int attempt = 1;; attempt++) {
            try {
                return kv.list(request, Consistency.LINEARIZABLE).get();
            } catch (ExecutionException e) {
                if (attempt == READ_BACK_ATTEMPTS || !(e.getCause() instanceof UnavailableException)) {
                    throw e;
                }
            }
        }
    }

    /** The number a value carries; 0, which none has, if the value is not one of this run's. */
    private long number(Bytes value) {
        if (value.length() != settings.valueBytes()) {
            return 0;
        }
        try {
            long number = new BytesReader(value).i64();
            return value.equals(value(number)) ? number : 0;
        } catch (MalformedBytesException e) {
            return 0;
        }
    }

    private Bytes value(long number) {
        byte[] value = filler.clone();
        ByteBuffer.wrap(value).putLong(0, number);
        return Bytes.wrap(value);
    }

    /** What stays because the cluster is not there does no harm: no other run uses these keys. */
    private boolean delete() throws InterruptedException {
        CompletableFuture<?>[] deletes = new CompletableFuture<?>[keys.length];
        for (int i = 0; i < keys.length; i++) {
            deletes[i] = kv.delete(keys[i]);
        }
        try {
            CompletableFuture.allOf(deletes).get();
            return true;
        } catch (ExecutionException ignored) {
            return false;
        }
    }

    /** What kind of answer a failure is: an {@link OutcomeUnknownException} is {@code OutcomeUnknown}. */
    private static String kind(Throwable failure) {
        String name = failure.getClass().getSimpleName();
        return name.endsWith("Exception") ? name.substring(0, name.length() - "Exception".length()) : name;
    }

    /**
     * One operation at a time. {@link #turns} tells the two ends of an operation apart: whichever of "the call
     * returned" and "the operation ended" comes second begins the next one. So operations that end at once are a loop
     * and not a recursion, and none is ever begun twice.
     */
    private final class Writer {

        private final SplittableRandom random;
        private final int first;
        private final AtomicInteger turns = new AtomicInteger();
        private int key;
        private long number;
        private boolean read;
        private long began;

        Writer(int index) {
            this.first = index;
            this.key = index;
            this.random = new SplittableRandom(SEED + index);
        }

        void begin() {
            boolean again = true;
            while (again) {
                if (System.nanoTime() - measureTo >= 0) {
                    finished.countDown();
                    return;
                }
                turns.set(0);
                operate();
                again = turns.getAndIncrement() == 1;
            }
        }

        private void operate() {
            read = settings.readPercent() > 0 && random.nextInt(100) < settings.readPercent();
            key += settings.outstanding();
            if (key >= keys.length) {
                key = first;
            }
            began = System.nanoTime();
            if (read) {
                plane.query(Kv.get(keys[key]), Consistency.LINEARIZABLE)
                    .whenComplete((result, failure) -> ended(failure));
            } else {
                number = ledgers[key].next();
                plane.submit(Kv.put(keys[key], value(number))).whenComplete((result, failure) -> ended(failure));
            }
        }

        private void ended(Throwable failure) {
            long now = System.nanoTime();
            if (failure == null) {
                if (!read) {
                    ledgers[key].acknowledged(number);
                }
                if (now - measureFrom >= 0) {
                    paused(now);
                }
                if (now - measureFrom >= 0 && now - measureTo < 0) {
                    latencies.record(now - began);
                    ops.increment();
                }
                next();
            } else {
                failed(failure);
            }
        }

        private void failed(Throwable failure) {
            Throwable cause = failure instanceof ControlPlaneException || failure.getCause() == null ? failure
                : failure.getCause();
            errors.computeIfAbsent(kind(cause), first -> new LongAdder()).increment();
            firstError.compareAndSet(null, cause);
            if (!read && (cause instanceof OutcomeUnknownException || !(cause instanceof ControlPlaneException))) {
                ledgers[key].unknown(number);
            }
            CompletableFuture.delayedExecutor(PAUSE_AFTER_ERROR_MILLIS, TimeUnit.MILLISECONDS).execute(this::next);
        }

        private void next() {
            if (turns.getAndIncrement() == 1) {
                begin();
            }
        }
    }
}
