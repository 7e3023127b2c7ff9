package io.quorate.testing.simulation;

import io.quorate.api.ControlPlane;
import io.quorate.api.NodeId;
import io.quorate.api.StateMachine;
import io.quorate.spi.consensus.Consensus;
import io.quorate.spi.consensus.ConsensusContext;
import io.quorate.spi.consensus.ConsensusEnvironment;
import io.quorate.spi.consensus.ConsensusProvider;
import io.quorate.spi.consensus.ConsensusStatus;
import io.quorate.spi.consensus.Feature;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.node.Node;
import io.quorate.spi.node.NodeContext;
import io.quorate.spi.node.NodeEnvironment;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.TransportContext;
import io.quorate.testing.disk.SimulatedDisk;
import io.quorate.testing.identity.TestIdentity;
import io.quorate.testing.time.VirtualLoop;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * One machine of a {@link SimulatedCluster}: a disk that outlives its processes, and at most one process at a time. Use
 * on the thread that runs the cluster.
 */
public final class SimulatedNode {

    /** What its process does. */
    public enum State {
        /** There is none. */
        DOWN,
        UP,
        /** Stopped for a while, as by SIGSTOP. */
        PAUSED
    }

    static final Path DISK_ROOT = Path.of("/disk");
    private static final Path DIRECTORY = DISK_ROOT.resolve("data");
    private static final long CLOSE_NANOS = 20_000_000;

    private final SimulatedCluster cluster;
    private final NodeId id;
    private SimulatedDisk disk = new SimulatedDisk(DISK_ROOT);
    private Process process;
    private Optional<String> refusal = Optional.empty();
    private boolean unpowered;
    private boolean suspectDisk;
    private long diskNanos;
    private double clockRate = 1;
    private long wallJumpMillis;
    private SortedSet<String> features = Feature.ofThisBuild();

    /** One process. */
    private final class Process {
        private final VirtualLoop loop = new VirtualLoop(cluster.world());
        private final SimulatedThread apply = new SimulatedThread(cluster.world(), () -> cluster.uniform(20_000));
        private final SimulatedThread background =
            new SimulatedThread(cluster.world(), () -> diskNanos + cluster.uniform(2 * diskNanos));
        private final List<SimulatedThread> storage = new ArrayList<>();
        private final ObservedMachine machine;
        private final Node node;
        private Consensus consensus;
        private boolean paused;
        private boolean closing;
        private Optional<String> failure = Optional.empty();

        Process(Membership bootstrap, long incarnation) {
            loop.clockRate(clockRate);
            loop.jumpWallClock(wallJumpMillis);
            // Between a write's end and the moment when the loop hears of it more is appended, or dropped.
            loop.late(() -> storage.stream().anyMatch(SimulatedThread::inside), () -> cluster.uniform(diskNanos / 2));
            machine = new ObservedMachine(cluster.newStateMachine(), (command, result, hash) ->
                cluster.checks().applied(id, command, result, hash), cluster.checks()::violated);
            TestIdentity identity = TestIdentity.node(id.value());
            TransportContext transport = new TransportContext(identity::credentials,
                Optional.of(cluster.endpoint(id)), cluster::count, false, Map.of());
            node = cluster.provider().create(new NodeContext(id, SimulatedCluster.CLUSTER, DIRECTORY, identity,
                List.of(cluster.network().transport(id.value(), transport)), new Watched(cluster.consensus()),
                cluster.consensusSettings(), environment(), machine, bootstrap, "simulated", loop, apply,
                incarnation, new NodeEnvironment(cluster.checks().stateOf(id), cluster.sessionPace(), features)));
            cluster.checks().processStarted(id, incarnation);
            node.failure().thenAccept(problem -> {
                failure = Optional.of(problem);
                cluster.stoppedServing(SimulatedNode.this, problem);
            });
        }

        private ConsensusEnvironment environment() {
            return new ConsensusEnvironment(Optional.of(disk), Optional.of(name -> {
                SimulatedThread thread =
                    new SimulatedThread(cluster.world(), () -> diskNanos / 2 + cluster.uniform(diskNanos));
                storage.add(thread);
                return thread;
            }), Optional.of(task -> {
                if (storage.stream().anyMatch(SimulatedThread::inside) || loopStarts()) {
                    task.run(); // What the storage thread asks for it waits for, on this very thread.
                } else {
                    background.execute(task);
                }
            }), event -> cluster.checks().traced(id, event));
        }

        private boolean loopStarts() {
            return consensus == null || consensus.status().role() == ConsensusStatus.Role.STOPPED;
        }

        private void each(Consumer<SimulatedThread> what) {
            what.accept(apply);
            what.accept(background);
            storage.forEach(what);
        }

        /** Hands on the consensus that the node makes, so that it can be looked at and administered. */
        private final class Watched implements ConsensusProvider {
            private final ConsensusProvider provider;

            Watched(ConsensusProvider provider) {
                this.provider = provider;
            }

            @Override
            public String name() {
                return provider.name();
            }

            @Override
            public int spiVersion() {
                return provider.spiVersion();
            }

            @Override
            public Consensus create(ConsensusContext context) {
                consensus = provider.create(context);
                return consensus;
            }
        }
    }

    SimulatedNode(SimulatedCluster cluster, NodeId id) {
        this.cluster = cluster;
        this.id = id;
        this.diskNanos = cluster.usualDiskNanos();
    }

    public NodeId id() {
        return id;
    }

    public State state() {
        return process == null ? State.DOWN : process.paused ? State.PAUSED : State.UP;
    }

    /** Whether its process is there, runs and serves. */
    public boolean serves() {
        return state() == State.UP && !process.closing && process.failure.isEmpty();
    }

    /** Why its process has stopped serving by itself, if it has. */
    public Optional<String> failure() {
        return process == null ? Optional.empty() : process.failure;
    }

    /** Why it did not start the last time, if it did not. */
    public Optional<String> refusal() {
        return refusal;
    }

    /**
     * What an application on this machine uses. Calls of a process that is killed never return.
     *
     * @throws IllegalStateException if there is no process
     */
    public ControlPlane controlPlane() {
        return process().node.controlPlane();
    }

    /**
     * The state machine of its process, to look at.
     *
     * @throws IllegalStateException if there is no process
     */
    public StateMachine stateMachine() {
        return process().machine.machine();
    }

    /** Where its consensus stands; empty if there is no process. */
    public Optional<ConsensusStatus> status() {
        return process == null ? Optional.empty() : Optional.of(process.consensus.status());
    }

    /** A hash of everything that was applied. */
    long appliedHash() {
        return process().machine.hash();
    }

    Consensus consensus() {
        return process().consensus;
    }

    /** Runs a task on the node's loop, as a part of the node would. */
    void onLoop(Runnable task) {
        process().loop.execute(task);
    }

    private Process process() {
        if (process == null) {
            throw new IllegalStateException("found no process of " + id + ", expected one; start it");
        }
        return process;
    }

    /** The disk; faults set here strike the present process. */
    public SimulatedDisk disk() {
        return disk;
    }

    /** Whether the disk was made to fail or was damaged, so that the node may stop or refuse to start. */
    boolean suspectDisk() {
        return suspectDisk;
    }

    /** From now on this node may stop serving or refuse to start: its disk is not a good one. */
    public void suspectDisk(boolean suspect) {
        suspectDisk = suspect;
    }

    // ---- life ----------------------------------------------------------------------------------------------------

    /**
     * Starts a process, if there is none. If the node refuses to start, that is no error here: see {@link #refusal}.
     */
    public void start() {
        if (process != null) {
            return;
        }
        if (unpowered) {
            unpowered = false;
            cluster.hosts().unreachable(id.value(), false);
        }
        cluster.note(id, "starts");
        refusal = Optional.empty();
        Process next = new Process(cluster.bootstrap(id), cluster.nextIncarnation());
        process = next;
        try {
            next.node.start();
        } catch (Exception e) {
            stopThreads();
            cluster.network().kill(id.value());
            process = null;
            if (disk.dead()) {
                powerLost();
                return;
            }
            disk = disk.afterKill();
            refusal = Optional.of(String.valueOf(e.getMessage()));
            cluster.note(id, "does not start: " + e.getMessage());
            cluster.refusedToStart(this, e);
        }
        if (disk.dead()) {
            powerLost();
        }
    }

    /** Stops the process in order, if there is one; it is gone some moments later. */
    public void stop() {
        if (process == null || process.closing) {
            return;
        }
        resume();
        cluster.note(id, "stops");
        Process last = process;
        last.closing = true;
        last.node.leave().whenComplete((done, failure) -> {
            if (process != last) {
                return; // Killed meanwhile.
            }
            last.node.close();
            cluster.world().schedule(CLOSE_NANOS, () -> {
                if (process == last) {
                    end();
                    cluster.network().kill(id.value());
                    disk = disk.afterKill();
                }
            });
        });
    }

    /** Kills the process, as SIGKILL does: what the kernel has, it keeps; the others' connections end at once. */
    public void kill() {
        if (process == null) {
            return;
        }
        cluster.note(id, "is killed");
        end();
        cluster.network().kill(id.value());
        disk = disk.afterKill();
    }

    /**
     * Cuts the power: what was not synced is lost, or not, in any part; nobody is told. Back with {@link #start}.
     */
    public void powerOff() {
        cluster.note(id, "loses its power");
        end();
        unpowered = true;
        cluster.hosts().unreachable(id.value(), true);
        cluster.network().powerOff(id.value());
        disk = disk.afterPowerLoss(new Random(cluster.faultRandom().nextLong()));
    }

    /** The disk has cut the power within an operation; see {@link SimulatedDisk#crashAt}. */
    void powerLost() {
        if (disk.dead()) {
            powerOff();
        }
    }

    /** Stops the process for a while, as SIGSTOP does: time goes on, nothing runs, nothing is received. */
    public void pause() {
        if (state() == State.UP) {
            cluster.note(id, "is paused");
            process.paused = true;
            process.loop.pause();
            process.each(SimulatedThread::pause);
            cluster.hosts().unreachable(id.value(), true);
        }
    }

    /** Lets a paused process go on. */
    public void resume() {
        if (state() == State.PAUSED) {
            cluster.note(id, "goes on");
            process.paused = false;
            cluster.hosts().unreachable(id.value(), false);
            process.loop.resume();
            process.each(SimulatedThread::resume);
        }
    }

    /** Gives the machine an empty disk; only while there is no process. */
    public void wipe() {
        if (process != null) {
            throw new IllegalStateException("found a process of " + id + ", expected none; stop it");
        }
        cluster.note(id, "gets an empty disk");
        disk = new SimulatedDisk(DISK_ROOT);
        suspectDisk = false;
        refusal = Optional.empty();
        cluster.checks().wiped(id);
    }

    /**
     * The processes that are started from now on are of a build that has these {@link Feature}s alone; an earlier build
     * is one with fewer than this one.
     */
    public void features(SortedSet<String> labels) {
        features = new TreeSet<>(labels);
    }

    /** Whether the processes that are started from now on are of an earlier build than this one. */
    public boolean isEarlierBuild() {
        return !features.equals(Feature.ofThisBuild());
    }

    /** From now on its clocks run so many times as fast, in this process and the next ones. */
    public void clockRate(double rate) {
        clockRate = rate;
        if (process != null) {
            process.loop.clockRate(rate);
        }
    }

    /** Sets its wall clock forth, or back if negative. */
    public void jumpWallClock(long millis) {
        wallJumpMillis += millis;
        if (process != null) {
            process.loop.jumpWallClock(millis);
        }
    }

    /** From now on an operation of the disk takes about so long. */
    public void diskLatency(long nanos) {
        diskNanos = Math.max(1_000, nanos);
    }

    /** The disk is as fast as it usually is. */
    public void usualDiskLatency() {
        diskNanos = cluster.usualDiskNanos();
    }

    /** Where it listens. */
    public Endpoint endpoint() {
        return cluster.endpoint(id);
    }

    private void end() {
        if (process != null) {
            if (process.paused) {
                cluster.hosts().unreachable(id.value(), false);
            }
            stopThreads();
            process = null;
            cluster.checks().ended(id);
            cluster.processEnded(id);
        }
    }

    private void stopThreads() {
        process.loop.kill();
        process.each(SimulatedThread::kill);
    }
}
