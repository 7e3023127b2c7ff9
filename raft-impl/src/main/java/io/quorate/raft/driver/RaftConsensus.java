package io.quorate.raft.driver;

import io.quorate.api.Bytes;
import io.quorate.api.LogIndex;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.api.Term;
import io.quorate.raft.core.BrokenInvariantException;
import io.quorate.raft.core.Effect;
import io.quorate.raft.core.Effects;
import io.quorate.raft.core.Features;
import io.quorate.raft.core.Input;
import io.quorate.raft.core.Message;
import io.quorate.raft.core.MessageCodec;
import io.quorate.raft.core.RaftCore;
import io.quorate.raft.core.RaftLimits;
import io.quorate.raft.core.RaftSettings;
import io.quorate.raft.log.EntryCodec;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.LogStore;
import io.quorate.raft.log.UnknownEntryTypeException;
import io.quorate.spi.HeapLimits;
import io.quorate.spi.consensus.AdministrationResult;
import io.quorate.spi.consensus.CallFailure;
import io.quorate.spi.consensus.Consensus;
import io.quorate.spi.consensus.ConsensusContext;
import io.quorate.spi.consensus.ConsensusException;
import io.quorate.spi.consensus.ConsensusStatus;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.MembershipChange;
import io.quorate.spi.consensus.Overload;
import io.quorate.spi.consensus.PeerCaller;
import io.quorate.spi.consensus.RpcResponder;
import io.quorate.spi.storage.StorageExecutor;
import io.quorate.spi.time.Cancellable;
import io.quorate.spi.wire.RpcError;
import io.quorate.spi.wire.RpcType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a {@link RaftCore} on the node loop: hands in what happens, performs what it decides. Beside the loop there is
 * the storage thread, which this starts and ends.
 */
public final class RaftConsensus implements Consensus {

    /** Opens the durable state. Blocks. */
    @FunctionalInterface
    public interface StoreOpener {
        LogStore open() throws IOException;
    }

    private static final Logger LOG = LoggerFactory.getLogger(RaftConsensus.class);

    /** In the order of their codes. */
    private static final Set<RpcType> PROCEDURES = Collections.unmodifiableSet(EnumSet.of(
        RpcType.PRE_VOTE, RpcType.REQUEST_VOTE, RpcType.HEARTBEAT, RpcType.APPEND_ENTRIES, RpcType.READ_INDEX,
        RpcType.INSTALL_SNAPSHOT, RpcType.TIMEOUT_NOW));

    private static final long CLOSE_TIMEOUT_MILLIS = 5_000;
    private static final long LONGEST_ADMINISTRATION_MILLIS = 24 * 3_600_000L;
    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final long STORAGE_RETRY_NANOS = 250 * NANOS_PER_MILLI;
    private static final long SETTLE_NANOS = 500 * NANOS_PER_MILLI;

    /** A read of this node's own host. Its identity is its token. */
    private static final class PendingRead {
        private final Consumer<ReadIndexResult> answer;

        PendingRead(Consumer<ReadIndexResult> answer) {
            this.answer = answer;
        }
    }

    /** A change or transfer that this node's own host has asked for. Its identity is its token. */
    private static final class PendingAdministration {
        private final Consumer<AdministrationResult> answer;

        PendingAdministration(Consumer<AdministrationResult> answer) {
            this.answer = answer;
        }
    }

    private final ConsensusContext context;
    private final RaftSettings settings;
    private final StoreOpener opener;
    private final Supplier<StorageExecutor> threads;
    private final EntryCodec entryCodec;
    private final MessageCodec codec;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Set<PendingRead> reads = new LinkedHashSet<>();
    private final Set<PendingAdministration> administrations = new LinkedHashSet<>();

    private LogStore store;
    private StorageExecutor thread;
    private StorageQueue storage;
    private RaftCore core;
    private CommittedFeed feed;
    private Snapshots snapshots;
    private Optional<SnapshotThreads> snapshotThreads = Optional.empty();
    private long originNanos;
    private Cancellable timer;
    private long timerAtNanos;
    private boolean performing;
    private boolean turnRequested;
    private boolean settlePlanned;
    private boolean wroteSinceSettlePlanned;
    private boolean storageFull;
    private boolean storageRetryPlanned;
    private volatile boolean stopped = true;

    /**
     * Creates; opens and starts nothing.
     *
     * @param threads starts the storage thread
     */
    public RaftConsensus(ConsensusContext context, RaftSettings settings, StoreOpener opener,
        Supplier<StorageExecutor> threads) {
        this.context = context;
        this.settings = settings;
        this.opener = opener;
        this.threads = threads;
        this.entryCodec = new EntryCodec(context.cluster());
        this.codec = new MessageCodec(entryCodec);
    }

    @Override
    public void start() throws ConsensusException {
        if (store != null || closed.get()) {
            throw new IllegalStateException("found a consensus that was started or closed, expected a new one");
        }
        long receivedInPart;
        try {
            store = opener.open();
            Optional<String> problem = unknownFeatures();
            if (problem.isPresent()) {
                throw new ConsensusException(context.directory() + ": " + problem.get());
            }
            receivedInPart = store.snapshots().deleteReceived(0);
        } catch (IOException e) {
            release(e);
            throw new ConsensusException(e.getMessage(), e);
        } catch (ConsensusException | RuntimeException e) {
            release(e);
            throw e;
        }
        originNanos = context.loop().clock().nanoTime();
        thread = threads.get();
        storage = new StorageQueue(store, thread, new StorageResults());
        core = new RaftCore(new RaftCore.Start(context.self(), settings, entryCodec, context.loop().random(),
            store.hardState(), store.terms(), store.bootstrap(), store.configurations(), store.storeNumber(),
            context.environment().trace(), store.snapshots().newest(),
            HeapLimits.shareBytes(), context.features()), 0);
        feed = new CommittedFeed(core, context.host(), context.loop(), storage);
        snapshots = new Snapshots(context, settings.snapshots(), core, feed, store.snapshots(), background(),
            new SnapshotOwner());
        stopped = false;
        snapshots.start(receivedInPart);
        context.loop().onTurnEnd(this::turnEnd);
        planTimer();
        LOG.info("Raft starts in term {} with a log of {} entries; voters {}", store.hardState().term(),
            store.lastIndex(), core.status().membership().voters());
    }

    /** Lets go of a directory with which this node does not start, or the next attempt would find it in use. */
    private void release(Exception why) {
        try {
            if (store != null) {
                store.close();
            }
        } catch (IOException e) {
            why.addSuppressed(e);
        }
    }

    /**
     * A node that was started with an earlier build than its last one must not take part: what is behind the entry that
     * switched a feature on may be what it cannot read. Any configuration in the log counts, since it may be committed.
     */
    private Optional<String> unknownFeatures() throws IOException {
        Optional<String> problem = store.snapshots().newest().flatMap(snapshot -> Features.lacking(
            snapshot.membership(), context.features(), "the snapshot of index " + snapshot.index()));
        try {
            for (LogEntry entry : store.configurations()) {
                Membership membership = Membership.decode(entry.payload());
                problem = problem.or(() -> Features.lacking(membership, context.features(),
                    "the configuration at index " + entry.index()));
            }
            return problem;
        } catch (MalformedBytesException e) {
            throw new IOException(context.directory() + ": a configuration in the log cannot be read: "
                + e.getMessage(), e);
        }
    }

    private Executor background() {
        return context.environment().background().orElseGet(() -> {
            SnapshotThreads own = new SnapshotThreads("quorate-snapshot-" + context.self());
            snapshotThreads = Optional.of(own);
            return own;
        });
    }

    @Override
    public ProposalResult propose(EntryType type, List<Bytes> payload) {
        if (stopped) {
            return new ProposalResult.NotLeader(Optional.empty());
        }
        if (feed.undelivered() > RaftLimits.MAX_UNDELIVERED_ENTRIES) {
            // Whoever waits for a result holds memory until its entry is applied.
            return new ProposalResult.Overloaded(Overload.UNAPPLIED, RaftLimits.OVERLOADED_RETRY_MILLIS);
        }
        ProposalResult result = core.propose(type, payload);
        if (result instanceof ProposalResult.Accepted) {
            requestTurn();
        }
        return result;
    }

    @Override
    public void readIndex(boolean leaseSuffices, Consumer<ReadIndexResult> answer) {
        if (stopped) {
            answer.accept(new ReadIndexResult.Unavailable("consensus has stopped"));
            return;
        }
        PendingRead read = new PendingRead(answer);
        reads.add(read);
        step(new Input.ReadRequested(read, leaseSuffices));
    }

    @Override
    public void changeMembership(MembershipChange change, boolean force, long timeoutMillis,
        Consumer<AdministrationResult> answer) {
        administer(answer, token -> new Input.ChangeRequested(token, change, force, nanos(timeoutMillis)));
    }

    @Override
    public void transferLeadership(Optional<NodeId> to, long timeoutMillis, Consumer<AdministrationResult> answer) {
        administer(answer, token -> new Input.TransferRequested(token, to, nanos(timeoutMillis)));
    }

    /** What is for ever to a caller must not overflow, or it would be over at once. */
    private static long nanos(long timeoutMillis) {
        return Math.clamp(timeoutMillis, 0, LONGEST_ADMINISTRATION_MILLIS) * NANOS_PER_MILLI;
    }

    private void administer(Consumer<AdministrationResult> answer, Function<Object, Input> request) {
        if (stopped) {
            answer.accept(new AdministrationResult.NotLeader(Optional.empty()));
            return;
        }
        PendingAdministration token = new PendingAdministration(answer);
        administrations.add(token);
        step(request.apply(token));
    }

    @Override
    public Set<RpcType> procedures() {
        return PROCEDURES;
    }

    @Override
    public void serve(NodeId from, RpcType type, Bytes request, RpcResponder responder) {
        if (stopped) {
            responder.fail(RpcError.of(RpcError.Code.UNAVAILABLE, "consensus has stopped"));
            return;
        }
        Message.Request decoded;
        try {
            decoded = codec.decodeRequest(type, request);
        } catch (UnknownEntryTypeException e) {
            responder.fail(RpcError.of(RpcError.Code.UNAVAILABLE, e.getMessage()));
            fail("an append of " + from + ": " + e.getMessage(), e);
            return;
        } catch (MalformedBytesException e) {
            LOG.warn("Refused a {} of {}: {}", type, from, e.getMessage());
            responder.fail(RpcError.of(RpcError.Code.MALFORMED, e.getMessage()));
            return;
        }
        step(new Input.Received(from, decoded, responder));
    }

    @Override
    public void peerPresence(NodeId peer, boolean present) {
        step(new Input.PeerPresence(peer, present));
    }

    @Override
    public void clusterExists() {
        step(new Input.ClusterExists());
    }

    @Override
    public void peerFeatures(NodeId peer, SortedSet<String> features) {
        step(new Input.PeerFeatures(peer, features));
    }

    @Override
    public ConsensusStatus status() {
        if (core == null) {
            return new ConsensusStatus(ConsensusStatus.Role.STOPPED, Term.ZERO, Optional.empty(),
                LogIndex.ZERO, LogIndex.ZERO, false, context.bootstrap());
        }
        ConsensusStatus status = core.status();
        return stopped ? new ConsensusStatus(ConsensusStatus.Role.STOPPED, status.term(), Optional.empty(),
            status.commitIndex(), status.lastIndex(), false, status.membership()) : status;
    }

    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        stopped = true;
        if (thread == null) {
            return;
        }
        snapshots.stop();
        // Before the store is closed, and with it the lock: somebody else may have the directory then.
        boolean quiet = snapshotThreads.map(threads -> threads.close(CLOSE_TIMEOUT_MILLIS / 2)).orElse(true);
        context.loop().execute(this::abandon);
        thread.execute(() -> {
            try {
                if (quiet) {
                    snapshots.close();
                }
                store.close();
            } catch (IOException e) {
                LOG.warn("Closing the log: {}", e.getMessage());
            }
        });
        if (!thread.close(CLOSE_TIMEOUT_MILLIS)) {
            LOG.warn("The disk did not finish within {} ms; what was acknowledged is durable nevertheless",
                CLOSE_TIMEOUT_MILLIS);
        }
    }

    // The loop

    private long now() {
        return context.loop().clock().nanoTime() - originNanos;
    }

    private void step(Input input) {
        if (stopped) {
            return;
        }
        try {
            core.step(input, now());
        } catch (BrokenInvariantException e) {
            fail("an invariant of Raft is broken: " + e.getMessage(), e);
            return;
        } catch (RuntimeException e) {
            fail("a defect in consensus: " + e, e);
            return;
        }
        if (core.turnOpen()) {
            requestTurn();
        }
        perform();
    }

    /** A hook of the host that runs after ours in this turn may be what called: then another turn must follow. */
    private void requestTurn() {
        if (!turnRequested) {
            turnRequested = true;
            context.loop().execute(() -> turnRequested = false);
        }
    }

    private void turnEnd() {
        if (stopped) {
            return;
        }
        if (core.turnOpen()) {
            step(new Input.TurnEnd());
        }
        planTimer();
    }

    private void planTimer() {
        long deadline = core.deadlineNanos();
        if (stopped || deadline == Long.MAX_VALUE || timer != null && timerAtNanos <= deadline) {
            return; // A timer that fires early costs nothing: it finds nothing to do, and the next one is planned.
        }
        if (timer != null) {
            timer.cancel();
        }
        timerAtNanos = deadline;
        timer = context.loop().schedule(Math.max(0, deadline - now()), () -> {
            timer = null;
            step(new Input.Tick());
        });
    }

    private void perform() {
        if (performing) {
            return; // The host called back from an effect: the loop below goes on with what it caused.
        }
        performing = true;
        try {
            Effects effects = core.effects();
            for (Effect effect = effects.poll(); effect != null && !stopped; effect = effects.poll()) {
                perform(effect);
            }
        } finally {
            performing = false;
        }
    }

    private void perform(Effect effect) {
        switch (effect) {
            case Effect.Persist write -> {
                wroteSinceSettlePlanned = true;
                storage.write(write);
            }
            case Effect.Send send -> call(send);
            case Effect.Reply reply -> ((RpcResponder) reply.token()).respond(List.of(codec.encode(reply.response())));
            case Effect.CommitAdvanced commit -> feed.commitTo(commit.index());
            case Effect.LoadEntries load -> storage.read(load.from(), load.to(), load.maxBytes(), entries ->
                context.loop().execute(() -> step(new Input.EntriesLoaded(load.peer(), load.from(), entries))));
            case Effect.ReleaseLog release -> storage.release(release);
            case Effect.ResetLog reset -> {
                snapshots.resetting();
                storage.reset(reset);
            }
            case Effect.RestoreState restore -> snapshots.restore(restore.meta());
            case Effect.LoadChunk load -> snapshots.load(load);
            case Effect.EndSnapshot end -> snapshots.end(end.peer());
            case Effect.ReceiveChunk piece -> snapshots.receive(piece);
            case Effect.CommitSnapshot whole -> snapshots.commit(whole.meta());
            case Effect.ReadReady ready -> {
                PendingRead read = (PendingRead) ready.token();
                reads.remove(read);
                read.answer.accept(ready.result());
            }
            case Effect.Administered administered -> {
                PendingAdministration asked = (PendingAdministration) administered.token();
                administrations.remove(asked);
                asked.answer.accept(administered.result());
            }
            case Effect.StatusChanged changed -> {
                ConsensusStatus status = core.status();
                LOG.debug("Raft: {} in term {}, leader {}, last index {}, commit index {}", status.role(),
                    status.term(), status.leader().map(NodeId::value).orElse("unknown"), status.lastIndex(),
                    status.commitIndex());
                context.host().statusChanged(status);
            }
        }
    }

    private void call(Effect.Send send) {
        Message.Request request = send.request();
        RpcType type = MessageCodec.typeOf(request);
        long timeoutMillis = Math.max(1, send.timeoutNanos() / NANOS_PER_MILLI);
        context.peers().call(send.to(), type, codec.encode(request), timeoutMillis, new PeerCaller.CallHandler() {
            @Override
            public void onResponse(Bytes response) {
                Message.Response decoded;
                try {
                    decoded = codec.decodeResponse(type, response);
                } catch (MalformedBytesException e) {
                    LOG.warn("Ignored the response of {} to a {}: {}", send.to(), type, e.getMessage());
                    step(new Input.CallFailed(send.to(), request));
                    return;
                }
                step(new Input.Answered(send.to(), request, send.sentNanos(), decoded));
            }

            @Override
            public void onFailure(CallFailure failure) {
                LOG.debug("{} to {}: {}", type, send.to(), failure);
                step(new Input.CallFailed(send.to(), request));
            }
        });
    }

    private void fail(String problem, Throwable cause) {
        if (stopped) {
            return;
        }
        stopped = true;
        LOG.error("Consensus has stopped: {}", problem, cause);
        abandon();
        context.host().failed(problem, cause);
    }

    /** Nothing that waits here will be decided any more. */
    private void abandon() {
        feed.stop();
        snapshots.stop();
        List<PendingRead> unanswered = new ArrayList<>(reads);
        reads.clear();
        unanswered.forEach(read -> read.answer.accept(new ReadIndexResult.Unavailable("consensus has stopped")));
        List<PendingAdministration> undecided = new ArrayList<>(administrations);
        administrations.clear();
        undecided.forEach(asked -> asked.answer.accept(new AdministrationResult.Unknown("consensus has stopped")));
    }

    private void planSettle() {
        if (settlePlanned) {
            return;
        }
        settlePlanned = true;
        wroteSinceSettlePlanned = false;
        context.loop().schedule(SETTLE_NANOS, () -> {
            settlePlanned = false;
            if (stopped) {
                return;
            }
            if (wroteSinceSettlePlanned) {
                planSettle();
            } else {
                storage.settle();
            }
        });
    }

    private void full(boolean full, String detail) {
        if (stopped) {
            return;
        }
        if (storageFull != full) {
            storageFull = full;
            if (full) {
                LOG.warn("The disk of the log is full: proposals and appends are refused until there is room. {}",
                    detail);
            } else {
                LOG.info("The disk of the log has room again");
            }
            step(new Input.StorageFull(full));
        }
        if (full && !storageRetryPlanned) {
            storageRetryPlanned = true;
            context.loop().schedule(STORAGE_RETRY_NANOS, () -> {
                storageRetryPlanned = false;
                storage.retry();
            });
        }
    }

    /** What the snapshots need. */
    private final class SnapshotOwner implements Snapshots.Owner {
        @Override
        public void step(Input input) {
            RaftConsensus.this.step(input);
        }

        @Override
        public void fail(String problem, Throwable cause) {
            RaftConsensus.this.fail(problem, cause);
        }
    }

    /** Brings the storage thread's results to the loop, one task for each sync. */
    private final class StorageResults implements StorageQueue.Listener {
        @Override
        public void durable(long sequence) {
            context.loop().execute(() -> {
                step(new Input.PersistCompleted(sequence));
                planSettle();
            });
        }

        @Override
        public void hardStateDurable(long version) {
            context.loop().execute(() -> step(new Input.HardStatePersisted(version)));
        }

        @Override
        public void logReset() {
            context.loop().execute(() -> snapshots.logReset());
        }

        @Override
        public void full(boolean full, String detail) {
            context.loop().execute(() -> RaftConsensus.this.full(full, detail));
        }

        @Override
        public void failed(String problem, Throwable cause) {
            context.loop().execute(() -> fail(problem, cause));
        }
    }
}
