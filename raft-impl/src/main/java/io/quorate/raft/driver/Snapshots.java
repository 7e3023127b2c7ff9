package io.quorate.raft.driver;

import io.quorate.api.Bytes;
import io.quorate.api.LogIndex;
import io.quorate.api.NodeId;
import io.quorate.raft.core.Effect;
import io.quorate.raft.core.Input;
import io.quorate.raft.core.RaftCore;
import io.quorate.raft.core.SnapshotPoint;
import io.quorate.raft.core.SnapshotSettings;
import io.quorate.raft.log.IncomingSnapshot;
import io.quorate.raft.log.SnapshotMeta;
import io.quorate.raft.log.SnapshotRejectedException;
import io.quorate.raft.log.SnapshotStore;
import io.quorate.raft.log.SnapshotWriter;
import io.quorate.spi.consensus.ConsensusContext;
import io.quorate.spi.consensus.FrozenState;
import io.quorate.spi.consensus.StateWriter;
import io.quorate.spi.storage.StorageFullException;
import java.io.Closeable;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes snapshots, and does for the core what touches their files, all of it off the loop and off the storage thread:
 * an fsync of the log never waits for a snapshot. Methods are called on the loop, unless they say otherwise.
 *
 * <p>In memory is at most one piece of a snapshot for each follower, one that arrives, and what the host needs to
 * write.
 *
 * <p><b>Failures.</b> A full disk costs a snapshot, which is tried again later, or makes a leader wait; the node goes
 * on. Any other failure of the disk stops the node, as one of the log does. A host that cannot write its state keeps
 * its log, and is asked again.
 */
final class Snapshots {

    /** What this needs of the driver. */
    interface Owner {

        void step(Input input);

        void fail(String problem, Throwable cause);
    }

    private static final Logger LOG = LoggerFactory.getLogger(RaftConsensus.class);

    private static final long NANOS_PER_MILLI = 1_000_000;

    /** After a snapshot that could not be taken for want of room. */
    private static final long RETRY_NANOS = 10_000 * NANOS_PER_MILLI;

    /** When what was frozen was not durable in the log yet. */
    private static final long SOON_NANOS = 100 * NANOS_PER_MILLI;

    /** A snapshot that is kept for a follower. */
    private record Held(SnapshotMeta meta, Closeable hold) {
    }

    private final ConsensusContext context;
    private final SnapshotSettings settings;
    private final RaftCore core;
    private final CommittedFeed feed;
    private final SnapshotStore store;
    private final Executor background;
    private final Owner owner;
    private final Map<NodeId, Held> held = new TreeMap<>();
    private final ArrayDeque<Runnable> afterReset = new ArrayDeque<>();
    private long newestIndex;
    private long deliveredIndex;
    private long bytes;
    private boolean taking;
    private boolean wanted;
    private int failures;
    private int resets;
    private volatile boolean stopped;

    /** The tasks that touch {@link #incoming}: the first one runs in the background, the others wait for it. */
    private final ArrayDeque<Runnable> receiving = new ArrayDeque<>();
    private IncomingSnapshot incoming;

    /** The lowest entry of what has arrived in part, by this process or an earlier one. */
    private long partIndex;

    Snapshots(ConsensusContext context, SnapshotSettings settings, RaftCore core, CommittedFeed feed,
        SnapshotStore store, Executor background, Owner owner) {
        this.context = context;
        this.settings = settings;
        this.core = core;
        this.feed = feed;
        this.store = store;
        this.background = background;
        this.owner = owner;
        feed.onDelivery(this::delivered);
    }

    /**
     * Begins with the newest snapshot, if there is one: entries follow when the host stands there.
     *
     * @param left the lowest entry of what an earlier process has received in part, or {@link Long#MAX_VALUE}
     */
    void start(long left) {
        partIndex = left;
        store.newest().ifPresent(meta -> {
            feed.restoring(meta.index());
            context.loop().execute(() -> restore(meta));
        });
    }

    /** Ends what is under way as soon as it can be ended, and begins nothing. Any thread. */
    void stop() {
        stopped = true;
    }

    /**
     * Lets go of what is being received; what has arrived stays. After {@link #stop}, once nothing runs in the
     * background any more; any thread.
     */
    void close() throws IOException {
        if (incoming != null) {
            incoming.close();
            incoming = null;
        }
    }

    // Taking

    private void delivered(long index, long batchBytes) {
        deliveredIndex = index;
        bytes += batchBytes;
        takeIfDue();
        if (deliveredIndex >= partIndex) {
            partIndex = Long.MAX_VALUE;
            inTurn(() -> deleteReceived(index));
        }
    }

    private void takeIfDue() {
        boolean due = deliveredIndex - newestIndex >= settings.entries() || bytes >= settings.logBytes()
            || wanted && deliveredIndex > newestIndex;
        // While the log is being replaced, a newer snapshot would stand in the way of the one that replaces it.
        if (!due || taking || resets > 0 || stopped) {
            return;
        }
        taking = true;
        long bytesThen = bytes;
        context.host().freeze(frozen -> context.loop().execute(() -> frozen(frozen, bytesThen)));
    }

    private void frozen(FrozenState frozen, long bytesThen) {
        Optional<SnapshotPoint> point = stopped || resets > 0 ? Optional.empty()
            : core.snapshotPoint(frozen.appliedIndex().value());
        if (point.isEmpty()) {
            frozen.writer().close();
            notTaken(SOON_NANOS);
        } else {
            background.execute(() -> write(point.get(), frozen.writer(), bytesThen));
        }
    }

    /** Background. */
    private void write(SnapshotPoint point, StateWriter state, long bytesThen) {
        SnapshotMeta meta;
        try (state; SnapshotWriter file = store.begin(point.index(), point.term(), point.membershipIndex(),
            point.membership())) {
            state.write(new Stoppable(file));
            meta = file.commit();
        } catch (StorageFullException e) {
            onLoop(() -> {
                failures++;
                LOG.warn("A snapshot of entry {} found no room ({} in a row); the log is kept and it is tried again in "
                    + "{} s: {}", point.index(), failures, RETRY_NANOS / NANOS_PER_MILLI / 1_000, e.getMessage());
                notTaken(RETRY_NANOS);
            });
            return;
        } catch (IOException e) {
            onLoop(() -> owner.fail("a snapshot could not be written: " + e.getMessage(), e));
            return;
        } catch (RuntimeException | Error e) {
            onLoop(() -> {
                failures++;
                LOG.error("The state at entry {} could not be written as a snapshot ({} in a row); the log is kept and "
                    + "it is tried again in {} s", point.index(), failures, RETRY_NANOS / NANOS_PER_MILLI / 1_000, e);
                notTaken(RETRY_NANOS);
            });
            return;
        }
        // Behind the close: the next snapshot may be due at once, and the host has one frozen state at a time.
        onLoop(() -> taken(meta, bytesThen));
    }

    private void taken(SnapshotMeta meta, long bytesThen) {
        taking = false;
        wanted = false;
        failures = 0;
        newestIndex = Math.max(newestIndex, meta.index());
        bytes = Math.max(0, bytes - bytesThen);
        LOG.info("Took a snapshot of entry {}: {} bytes", meta.index(), meta.bytes());
        owner.step(new Input.SnapshotTaken(meta, store.list().getFirst().index()));
        takeIfDue();
    }

    private void notTaken(long pauseNanos) {
        // The mark stays set: so nothing is frozen before the pause is over.
        context.loop().schedule(pauseNanos, () -> {
            taking = false;
            takeIfDue();
        });
    }

    // Sending

    void load(Effect.LoadChunk load) {
        Held before = held.get(load.peer());
        if (before == null || !before.meta.equals(load.meta())) {
            end(load.peer());
            Optional<Closeable> hold = store.hold(load.meta());
            if (hold.isEmpty()) {
                context.loop().execute(() -> loaded(load, Bytes.empty()));
                return;
            }
            held.put(load.peer(), new Held(load.meta(), hold.get()));
        }
        Held reading = held.get(load.peer());
        background.execute(() -> {
            try {
                Bytes chunk = store.read(load.meta(), load.offset(), load.maxBytes());
                onLoop(() -> loaded(load, chunk));
            } catch (IOException | RuntimeException e) {
                onLoop(() -> {
                    if (held.get(load.peer()) != reading) {
                        return; // It was let go of meanwhile, so it may be deleted: that is no damage.
                    }
                    LOG.error("The snapshot of entry {} cannot be sent to {}; another one is taken: {}",
                        load.meta().index(), load.peer(), e.getMessage(), e);
                    wanted = true;
                    loaded(load, Bytes.empty());
                    takeIfDue();
                });
            }
        });
    }

    private void loaded(Effect.LoadChunk load, Bytes chunk) {
        owner.step(new Input.ChunkLoaded(load.peer(), load.meta(), load.offset(), chunk));
    }

    /** The snapshot that is kept for {@code peer} is not needed any more. */
    void end(NodeId peer) {
        Held over = held.remove(peer);
        if (over != null) {
            release(over.hold);
        }
    }

    private void release(Closeable hold) {
        background.execute(() -> {
            try {
                hold.close(); // What nobody else keeps is deleted by it.
            } catch (IOException e) {
                onLoop(() -> owner.fail("an old snapshot could not be deleted: " + e.getMessage(), e));
            }
        });
    }

    // Receiving

    private void inTurn(Runnable task) {
        receiving.add(task);
        if (receiving.size() == 1) {
            background.execute(() -> runInTurn(task));
        }
    }

    private void runInTurn(Runnable task) {
        task.run();
        onLoop(() -> {
            receiving.poll();
            Runnable next = receiving.peek();
            if (next != null) {
                background.execute(() -> runInTurn(next));
            }
        });
    }

    /** Background. The log has brought what a snapshot was to bring: what has arrived of that would stay for ever. */
    private void deleteReceived(long index) {
        try {
            if (incoming != null && incoming.meta().index() > index) {
                long later = incoming.meta().index(); // With its beginning, what was there before it has gone.
                onLoop(() -> partIndex = Math.min(partIndex, later));
                return;
            }
            if (incoming != null) {
                incoming.abort();
                incoming = null;
            }
            long left = store.deleteReceived(index);
            onLoop(() -> partIndex = Math.min(partIndex, left));
        } catch (IOException | RuntimeException e) {
            onLoop(() -> owner.fail("what has arrived of a snapshot could not be deleted: " + e.getMessage(), e));
        }
    }

    void receive(Effect.ReceiveChunk piece) {
        partIndex = Math.min(partIndex, piece.meta().index());
        inTurn(() -> {
            boolean full = false;
            try {
                if (incoming == null || !incoming.meta().equals(piece.meta())) {
                    IncomingSnapshot other = incoming;
                    incoming = null;
                    if (other != null) {
                        other.close();
                    }
                    incoming = store.receive(piece.meta());
                }
                // What would leave a gap is not kept: the answer says where to go on.
                if (!piece.chunk().isEmpty() && piece.offset() <= incoming.received()) {
                    incoming.write(piece.offset(), piece.chunk());
                }
            } catch (StorageFullException e) {
                full = true;
            } catch (SnapshotRejectedException e) {
                LOG.warn("A snapshot that is being received is given up: {}", e.getMessage());
                incoming = null;
            } catch (IOException | RuntimeException | Error e) {
                onLoop(() -> owner.fail("a snapshot that is being received could not be kept: " + e.getMessage(), e));
                return;
            }
            Input result = new Input.ChunkReceived(piece.meta(), incoming == null ? 0 : incoming.received(), full);
            onLoop(() -> owner.step(result));
        });
    }

    void commit(SnapshotMeta meta) {
        if (resets > 0) {
            // The store replaces a log by its newest snapshot alone: that must still be the one before this.
            afterReset.add(() -> commit(meta));
            return;
        }
        inTurn(() -> {
            Input.CommitOutcome outcome;
            Optional<IOException> failure = Optional.empty();
            if (incoming == null || !incoming.meta().equals(meta)) {
                // The log has brought its entries in between. If it is needed all the same, it is fetched again.
                onLoop(() -> committed(meta, Input.CommitOutcome.REJECTED));
                return;
            }
            try {
                incoming.commit();
                incoming = null;
                outcome = Input.CommitOutcome.DURABLE;
            } catch (StorageFullException e) {
                outcome = Input.CommitOutcome.FULL;
                failure = forget();
            } catch (SnapshotRejectedException e) {
                LOG.warn("A snapshot that was received is not what was announced, and is fetched again: {}",
                    e.getMessage());
                incoming = null;
                outcome = Input.CommitOutcome.REJECTED;
            } catch (IOException | RuntimeException | Error e) {
                onLoop(() -> owner.fail("a snapshot that was received could not be kept: " + e.getMessage(), e));
                return;
            }
            if (failure.isPresent()) {
                IOException cause = failure.get();
                onLoop(() -> owner.fail("a snapshot that was received could not be kept: " + cause.getMessage(),
                    cause));
                return;
            }
            Input.CommitOutcome became = outcome;
            onLoop(() -> committed(meta, became));
        });
    }

    /**
     * Background. Half of a commit may have happened: it cannot be tried on what is open. What has arrived is on the
     * disk, and whoever goes on with it verifies it first.
     */
    private Optional<IOException> forget() {
        try {
            close();
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(e);
        }
    }

    private void committed(SnapshotMeta meta, Input.CommitOutcome outcome) {
        if (outcome == Input.CommitOutcome.DURABLE) {
            LOG.info("Received a snapshot of entry {}: {} bytes", meta.index(), meta.bytes());
            newestIndex = Math.max(newestIndex, meta.index());
        }
        owner.step(new Input.SnapshotReceived(meta, outcome));
    }

    // What the core has decided

    /** The log is about to be replaced; {@link #logReset} follows. */
    void resetting() {
        resets++;
    }

    void logReset() {
        resets--;
        for (int waiting = afterReset.size(); waiting > 0; waiting--) {
            afterReset.poll().run();
        }
        takeIfDue();
    }

    /** The host's state is replaced; commits go on behind it. */
    void restore(SnapshotMeta meta) {
        if (stopped) {
            return;
        }
        newestIndex = Math.max(newestIndex, meta.index());
        deliveredIndex = meta.index();
        bytes = 0;
        feed.restoring(meta.index());
        Optional<Closeable> hold = store.hold(meta);
        context.host().restore(new LogIndex(meta.index()), () -> store.open(meta), () -> onLoop(() -> {
            hold.ifPresent(this::release);
            feed.restored();
        }));
    }

    private void onLoop(Runnable task) {
        context.loop().execute(() -> {
            if (!stopped) {
                task.run();
            }
        });
    }

    /** Ends the writing of a large state when the node is to stop. */
    private final class Stoppable extends FilterOutputStream {

        Stoppable(OutputStream out) {
            super(out);
        }

        @Override
        public void write(byte[] source, int offset, int length) throws IOException {
            if (stopped) {
                throw new InterruptedIOException("the node stops");
            }
            out.write(source, offset, length);
        }

        @Override
        public void close() {
            // The file is completed or given up by whoever has begun it.
        }
    }
}
