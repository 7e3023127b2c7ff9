package io.quorate.raft.core;

import io.quorate.api.Bytes;
import io.quorate.api.ClusterId;
import io.quorate.api.NodeId;
import io.quorate.raft.log.EntryCodec;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.TermIndex;
import io.quorate.spi.consensus.Consensus.ProposalResult;
import io.quorate.spi.consensus.Consensus.ReadIndexResult;
import io.quorate.spi.consensus.ConsensusStatus;
import io.quorate.spi.consensus.ConsensusTrace;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.MembershipChange;
import io.quorate.spi.time.Cancellable;
import io.quorate.testing.time.VirtualWorld;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * One node of a {@link SimulatedCluster}: a core, a disk that may lose what was not synced, and a turn's end now and
 * then.
 */
final class SimulatedNode {

    private static final long MICRO = 1_000;

    /** A read that is under way: what was known to be committed anywhere when it was asked. */
    private record Read(long committedBefore) {
    }

    /** A change or transfer that is under way: it must be answered once. */
    private static final class Administered {
        private boolean answered;
    }

    private final SimulatedCluster cluster;
    private final VirtualWorld world;
    private final NodeId id;
    private final Membership membership;
    private final RaftSettings settings;
    private final ConsensusTrace trace;
    private final EntryCodec codec = new EntryCodec(new ClusterId("simulated"));

    // What survives a crash.
    private final List<LogEntry> disk = new ArrayList<>();
    private HardState hard = HardState.INITIAL;
    private long store;

    // What does not.
    private final ArrayDeque<Effect.Persist> writes = new ArrayDeque<>();
    private RaftCore core;
    private int incarnation;
    private boolean syncing;
    private boolean full;
    private boolean turnPlanned;
    private Cancellable timer;
    private long timerAt;
    private long commitIndex;
    private int administering;
    private Membership decidedUnder;

    SimulatedNode(SimulatedCluster cluster, VirtualWorld world, NodeId id, Membership membership,
        RaftSettings settings, ConsensusTrace trace) {
        this.settings = settings;
        this.store = world.random().nextLong();
        this.cluster = cluster;
        this.world = world;
        this.id = id;
        this.membership = membership;
        this.trace = trace;
        restart();
    }

    NodeId id() {
        return id;
    }

    boolean isUp() {
        return core != null;
    }

    int incarnation() {
        return incarnation;
    }

    RaftCore core() {
        return core;
    }

    long commitIndex() {
        return commitIndex;
    }

    HardState hardOnDisk() {
        return hard;
    }

    /** Whether the entry is durable here. */
    boolean hasOnDisk(long index, long term) {
        return index == 0 || index <= disk.size() && disk.get((int) index - 1).term() == term;
    }

    LogEntry onDisk(long index) {
        return disk.get((int) index - 1);
    }

    long lastOnDisk() {
        return disk.size();
    }

    long store() {
        return store;
    }

    /** Its disk is replaced by an empty one while it is down. */
    void wipe() {
        disk.clear();
        hard = HardState.INITIAL;
        store = world.random().nextLong();
    }

    private long now() {
        return world.clock().nanoTime();
    }

    void restart() {
        TermIndex terms = new TermIndex();
        disk.forEach(entry -> terms.append(entry.index(), entry.term()));
        List<LogEntry> configurations = disk.stream().filter(e -> e.type() == EntryType.CONFIGURATION).toList();
        commitIndex = 0;
        full = false;
        core = new RaftCore(new RaftCore.Start(id, settings, codec, world.random(), hard, terms,
            membership, configurations, store, this::traced, Optional.empty(),
            RaftLimits.MAX_WINDOW_BYTES, new TreeSet<>()), now());
        incarnation++;
        planTimer();
    }

    /**
     * As kill -9, or as a loss of power: of the writes under way any number may be on the disk, the last one in part.
     */
    void crash() {
        core = null;
        administering = 0;
        incarnation++;
        syncing = false;
        turnPlanned = false;
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
        int kept = writes.isEmpty() || full ? 0 : world.random().nextInt(writes.size() + 1);
        for (; kept > 0; kept--) {
            write(writes.poll(), Integer.MAX_VALUE);
        }
        if (!writes.isEmpty() && !full) {
            write(writes.peek(), world.random().nextInt(writes.peek().entries().size() + 1));
        }
        writes.clear();
    }

    /** The configuration in force when it last found that something is committed. */
    Membership decidedUnder() {
        return decidedUnder;
    }

    private void traced(ConsensusTrace.Event event) {
        trace.on(event);
        if (event instanceof ConsensusTrace.Committed) {
            decidedUnder = core.membership();
        }
    }

    void handIn(Input input) {
        if (core == null) {
            return;
        }
        core.step(input, now());
        perform();
        if (core != null && core.turnOpen() && !turnPlanned) {
            turnPlanned = true;
            int mine = incarnation;
            world.schedule(world.random().nextInt(200) * MICRO, () -> {
                if (mine == incarnation) {
                    turnPlanned = false;
                    handIn(new Input.TurnEnd());
                }
            });
        }
        planTimer();
    }

    ProposalResult propose(int size) {
        ProposalResult result = core.propose(EntryType.COMMANDS, List.of(Bytes.wrap(new byte[size])));
        handIn(new Input.Tick());
        return result;
    }

    void read() {
        handIn(new Input.ReadRequested(new Read(cluster.committed()), settings.leadership().leases()));
    }

    /** How many changes and transfers have not been answered. */
    int administering() {
        return administering;
    }

    void change(MembershipChange change) {
        administering++;
        handIn(new Input.ChangeRequested(new Administered(), change, false, 3_000_000_000L));
    }

    void transfer() {
        administering++;
        handIn(new Input.TransferRequested(new Administered(), Optional.empty(), 3_000_000_000L));
    }

    void storageFull(boolean nowFull) {
        if (core == null || full == nowFull) {
            return;
        }
        full = nowFull;
        handIn(new Input.StorageFull(nowFull));
        if (!nowFull) {
            sync();
        }
    }

    private void planTimer() {
        if (core == null || core.deadlineNanos() == Long.MAX_VALUE) {
            return;
        }
        if (timer != null) {
            if (timerAt == core.deadlineNanos()) {
                return;
            }
            timer.cancel();
        }
        timerAt = core.deadlineNanos();
        int mine = incarnation;
        timer = world.schedule(Math.max(0, timerAt - now()), () -> {
            if (mine == incarnation) {
                timer = null;
                handIn(new Input.Tick());
            }
        });
    }

    private void perform() {
        Effects effects = core.effects();
        for (Effect effect = effects.poll(); effect != null; effect = effects.poll()) {
            switch (effect) {
                case Effect.Persist write -> {
                    writes.add(write);
                    sync();
                }
                case Effect.Send send -> cluster.sent(this, send);
                case Effect.Reply reply -> cluster.replied(this, (SimulatedCluster.Call) reply.token(),
                    reply.response());
                case Effect.CommitAdvanced commit -> {
                    long from = commitIndex;
                    commitIndex = commit.index();
                    cluster.committed(this, from, commitIndex);
                }
                case Effect.LoadEntries load -> {
                    int mine = incarnation;
                    world.schedule(world.random().nextInt(3_000) * MICRO, () -> {
                        if (mine == incarnation) {
                            handIn(new Input.EntriesLoaded(load.peer(), load.from(), load(load)));
                        }
                    });
                }
                case Effect.ReleaseLog unexpected -> throw new AssertionError(unexpected);
                case Effect.ResetLog unexpected -> throw new AssertionError(unexpected);
                case Effect.RestoreState unexpected -> throw new AssertionError(unexpected);
                case Effect.LoadChunk unexpected -> throw new AssertionError(unexpected);
                case Effect.EndSnapshot unexpected -> throw new AssertionError(unexpected);
                case Effect.ReceiveChunk unexpected -> throw new AssertionError(unexpected);
                case Effect.CommitSnapshot unexpected -> throw new AssertionError(unexpected);
                case Effect.ReadReady ready -> {
                    if (ready.result() instanceof ReadIndexResult.At at) {
                        cluster.read(this, at.index().value(), ((Read) ready.token()).committedBefore());
                    }
                }
                case Effect.Administered done -> {
                    Administered asked = (Administered) done.token();
                    if (asked.answered) {
                        throw new AssertionError(id + ": a second answer: " + done.result());
                    }
                    asked.answered = true;
                    administering--;
                    cluster.administered(done.result());
                }
                case Effect.StatusChanged changed -> {
                    if (core.status().role() == ConsensusStatus.Role.LEADER) {
                        cluster.leads(this);
                    }
                }
            }
        }
    }

    private List<LogEntry> load(Effect.LoadEntries load) {
        long to = Math.min(load.to(), disk.size());
        return load.from() > to ? List.of() : List.copyOf(disk.subList((int) load.from() - 1, (int) to));
    }

    private void sync() {
        if (syncing) {
            return;
        }
        if (full) {
            // A full disk: entries wait, term and vote are saved.
            writes.stream().filter(w -> w.hardState().isPresent()).reduce((a, b) -> b).ifPresent(newest -> {
                if (hard.mayBecome(newest.hardState().get())) {
                    hard = newest.hardState().get();
                }
                int mine = incarnation;
                world.schedule(0, () -> {
                    if (mine == incarnation) {
                        handIn(new Input.HardStatePersisted(newest.hardVersion()));
                    }
                });
            });
            return;
        }
        int gathered = writes.size();
        if (gathered == 0) {
            return;
        }
        syncing = true;
        int mine = incarnation;
        long slow = world.random().nextInt(20) == 0 ? 50_000 : 2_000;
        world.schedule((100 + world.random().nextLong(slow)) * MICRO, () -> {
            if (mine != incarnation) {
                return;
            }
            syncing = false;
            if (full) {
                return;
            }
            long last = 0;
            for (int i = 0; i < gathered; i++) {
                Effect.Persist write = writes.poll();
                write(write, Integer.MAX_VALUE);
                last = write.sequence();
            }
            sync();
            handIn(new Input.PersistCompleted(last));
        });
    }

    private void write(Effect.Persist write, int mostEntries) {
        write.hardState().ifPresent(state -> {
            if (hard.mayBecome(state)) {
                hard = state;
            }
        });
        if (write.truncateFrom() != 0) {
            while (disk.size() >= write.truncateFrom()) {
                disk.removeLast();
            }
        }
        for (LogEntry entry : write.entries().subList(0, Math.min(mostEntries, write.entries().size()))) {
            if (entry.index() != disk.size() + 1) {
                throw new AssertionError(id + ": found a write of " + entry + " onto a log of " + disk.size());
            }
            disk.add(entry);
        }
    }
}
