package io.quorate.testing.simulation;

import io.quorate.api.Bytes;
import io.quorate.api.ClusterId;
import io.quorate.api.Command;
import io.quorate.api.CommandResult;
import io.quorate.api.Consistency;
import io.quorate.api.ControlPlane;
import io.quorate.api.NodeId;
import io.quorate.api.QueryResult;
import io.quorate.api.StateMachine;
import io.quorate.spi.consensus.AdministrationResult;
import io.quorate.spi.consensus.ConsensusProvider;
import io.quorate.spi.consensus.ConsensusStatus;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.MembershipChange;
import io.quorate.spi.node.NodeProvider;
import io.quorate.spi.node.SessionPace;
import io.quorate.spi.plugin.PluginException;
import io.quorate.spi.plugin.Plugins;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.wire.Frame;
import io.quorate.testing.identity.TestIdentity;
import io.quorate.testing.memory.MemoryNetwork;
import io.quorate.testing.memory.MemoryTransportProvider;
import io.quorate.testing.time.VirtualLoop;
import io.quorate.testing.time.VirtualWorld;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * A whole cluster in one thread: the nodes that production runs, on virtual time, an in-memory network and disks that
 * forget what was not synced. For tests of state machines, and of Quorate itself.
 *
 * <p>Everything follows from the seed: the same seed, calls and code give the same run, event for event. Time jumps
 * from one event to the next; nothing waits. After every event the invariants of consensus are checked; a run that
 * breaks one ends with a {@link SimulationFailure} that says how to see it again.
 *
 * <p>It needs a consensus and the nodes themselves on the module path (or class path): {@code io.quorate.raft} and
 * {@code io.quorate.registry}.
 *
 * <p><b>Threading.</b> Not thread-safe: one thread makes it and uses it. Futures complete within {@link #step} and what
 * calls it.
 */
public final class SimulatedCluster {

    /** The longest that {@link #await} waits. */
    public static final Duration LONGEST_WAIT = Duration.ofSeconds(60);

    private static final long ADMINISTRATION_MILLIS = 10_000;
    private static final int PORT = 1;

    /** The name of each simulated cluster. */
    static final ClusterId CLUSTER = new ClusterId("simulated");
    private static final long WORLD_SEED_SALT = 0x51AE;
    private static final String RANDOM = "L64X128MixRandom";

    private final long seed;
    private final VirtualWorld world;
    private final RandomGenerator faultRandom;
    private final Timeline timeline;
    private final Checks checks;
    private final MemoryNetwork network;
    private final Hosts hosts;
    private final Supplier<StateMachine> machines;
    private final NodeProvider provider;
    private final ConsensusProvider consensus;
    private final Map<String, String> consensusSettings;
    private final String reproduction;
    private final long usualDiskNanos;
    private final SessionPace sessionPace;
    private final TreeMap<NodeId, SimulatedNode> nodes = new TreeMap<>();
    /** The same, for what is looked at after every event. */
    private SimulatedNode[] machinesInOrder = new SimulatedNode[0];
    private final TreeMap<NodeId, Membership> bootstraps = new TreeMap<>();
    private final List<Runnable> endings = new ArrayList<>();
    private long nextIncarnation = 1_000;
    private long events;

    private SimulatedCluster(Builder builder) {
        seed = builder.seed;
        world = new VirtualWorld(seed ^ WORLD_SEED_SALT);
        faultRandom = RandomGeneratorFactory.of(RANDOM).create(seed);
        timeline = new Timeline(world);
        checks = new Checks(timeline, id -> node(id).disk());
        network = new MemoryNetwork(world, builder.mode, builder.minDelay.toNanos(), builder.maxDelay.toNanos());
        hosts = new Hosts(network, world.random(), timeline, new Hosts.Tap() {
            @Override
            public void sent(String from, String to, Frame frame) {
                checks.sent(from, to, frame);
            }

            @Override
            public void ended(String from, String to) {
                checks.connectionEnded(from, to);
            }
        });
        network.traffic(hosts);
        machines = builder.machines;
        consensusSettings = builder.settings;
        Optional.ofNullable(consensusSettings.get("election-timeout-min-millis")).map(Long::valueOf)
            .ifPresent(millis -> checks.cluster().shortestElectionNanos(TimeUnit.MILLISECONDS.toNanos(millis)));
        usualDiskNanos = builder.disk.toNanos();
        sessionPace = builder.sessionPace;
        reproduction = builder.reproduction.orElse("SimulatedCluster seed " + seed);
        try {
            Plugins plugins = Plugins.load();
            provider = plugins.node(Optional.empty());
            consensus = plugins.consensus(builder.consensus);
        } catch (PluginException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
        List<NodeId> ids = new ArrayList<>();
        for (int i = 1; i <= builder.nodes; i++) {
            ids.add(new NodeId("n" + i));
        }
        TreeMap<NodeId, List<Endpoint>> endpoints = new TreeMap<>();
        ids.forEach(id -> endpoints.put(id, List.of(endpoint(id))));
        Membership first = Membership.ofVoters(endpoints);
        ids.forEach(id -> add(id, first));
    }

    /** Begins to describe a cluster. */
    public static Builder builder() {
        return new Builder();
    }

    /** Describes a cluster. Not thread-safe. */
    public static final class Builder {

        private long seed = 1;
        private int nodes = 3;
        private MemoryNetwork.Mode mode = MemoryNetwork.Mode.EXCLUSIVE_LEASE;
        private Duration minDelay = Duration.ofNanos(100_000);
        private Duration maxDelay = Duration.ofMillis(1);
        private Duration disk = Duration.ofNanos(100_000);
        private SessionPace sessionPace = SessionPace.USUAL;
        private Supplier<StateMachine> machines;
        private Optional<String> consensus = Optional.empty();
        private Optional<String> reproduction = Optional.empty();
        private Map<String, String> settings = Map.of();

        private Builder() {
        }

        /** Where all chance comes from; 1 by default. */
        public Builder seed(long number) {
            seed = number;
            return this;
        }

        /** How many voters there are at first, {@code n1} and so on; 3 by default. */
        public Builder nodes(int count) {
            nodes = count;
            return this;
        }

        /** How calls share connections: as over TCP (the default) or as over QUIC. */
        public Builder mode(MemoryNetwork.Mode how) {
            mode = how;
            return this;
        }

        /** How long a frame travels; 0.1 to 1 ms by default. */
        public Builder delay(Duration least, Duration most) {
            minDelay = least;
            maxDelay = most;
            return this;
        }

        /** How long an operation of a disk takes, about; 0.1 ms by default. */
        public Builder disk(Duration about) {
            disk = about;
            return this;
        }

        /**
         * How long a client's session lives that is not used, and how often leaders tell how much time has passed; by
         * default as in production, ten minutes and ten seconds.
         */
        public Builder sessions(Duration timeout, Duration tick) {
            sessionPace = new SessionPace(timeout.toMillis(), tick.toMillis());
            return this;
        }

        /** Makes a fresh state machine for each process. */
        public Builder stateMachine(Supplier<StateMachine> fresh) {
            machines = fresh;
            return this;
        }

        /** Which consensus, and its settings; by default the only one there is, with small files for its log. */
        public Builder consensus(Optional<String> name, Map<String, String> values) {
            consensus = name;
            settings = Map.copyOf(values);
            return this;
        }

        /** What a failure says about how to see it again, instead of the seed alone. */
        public Builder reproduction(String line) {
            reproduction = Optional.of(line);
            return this;
        }

        /** Makes the cluster; no process runs yet. */
        public SimulatedCluster build() {
            if (machines == null) {
                throw new IllegalStateException("found no state machine, expected one; call stateMachine(..)");
            }
            if (nodes < 1) {
                throw new IllegalStateException("found " + nodes + " nodes, expected 1 or more");
            }
            return new SimulatedCluster(this);
        }

        /** Makes the cluster and starts all nodes. */
        public SimulatedCluster start() {
            SimulatedCluster cluster = build();
            cluster.nodes().forEach(SimulatedNode::start);
            return cluster;
        }
    }

    // ---- looking -------------------------------------------------------------------------------------------------

    public long seed() {
        return seed;
    }

    /** All machines, in order of id. */
    public List<SimulatedNode> nodes() {
        return List.copyOf(nodes.values());
    }

    /** The machine of that name, such as {@code n1}. */
    public SimulatedNode node(String id) {
        return node(new NodeId(id));
    }

    /** The machine of that name. */
    public SimulatedNode node(NodeId id) {
        SimulatedNode node = nodes.get(id);
        if (node == null) {
            throw new IllegalArgumentException("found no node " + id + ", expected one of " + nodes.keySet());
        }
        return node;
    }

    /** The node that leads the highest term and may serve, if one does. */
    public Optional<SimulatedNode> leader() {
        SimulatedNode best = null;
        long term = -1;
        for (SimulatedNode node : nodes.values()) {
            Optional<ConsensusStatus> status = node.serves() ? node.status() : Optional.empty();
            if (status.isPresent() && status.get().role() == ConsensusStatus.Role.LEADER && status.get().ready()
                && status.get().term().value() > term) {
                best = node;
                term = status.get().term().value();
            }
        }
        return Optional.ofNullable(best);
    }

    /** Virtual time since the beginning. */
    public Duration now() {
        return Duration.ofNanos(world.clock().nanoTime());
    }

    /** How many events there were. */
    public long events() {
        return events;
    }

    /** A number that is the same for two runs only if they were the same. */
    public long traceHash() {
        return timeline.hash();
    }

    /** How often what has happened: steps of consensus, faults, counters of transports. */
    public SortedMap<String, Long> counts() {
        return timeline.counts();
    }

    /** How often which code path was taken. */
    public Map<CodePath, Long> paths() {
        return checks.paths().taken();
    }

    /** The last of what has happened, in words. */
    public String timeline() {
        return timeline.text();
    }

    // ---- time ----------------------------------------------------------------------------------------------------

    /**
     * Runs the next event.
     *
     * @return whether there was one
     * @throws SimulationFailure if an invariant is broken, or something threw that must not
     */
    public boolean step() {
        boolean some;
        try {
            some = world.step();
            events++;
            for (SimulatedNode machine : machinesInOrder) {
                machine.powerLost();
            }
            checks.throwIfViolated();
        } catch (SimulationFailure e) {
            throw e;
        } catch (RuntimeException | Error e) {
            throw failure(e);
        }
        return some;
    }

    /** Runs so much virtual time. */
    public void runFor(Duration time) {
        boolean[] over = new boolean[1];
        world.schedule(time.toNanos(), () -> over[0] = true);
        while (!over[0]) {
            step();
        }
    }

    /** Runs until the condition holds; whether it did in that much virtual time. It is looked at after every event. */
    public boolean runUntil(BooleanSupplier condition, Duration atMost) {
        boolean[] over = new boolean[1];
        world.schedule(atMost.toNanos(), () -> over[0] = true);
        while (!over[0] && !condition.getAsBoolean()) {
            step();
        }
        return condition.getAsBoolean();
    }

    /** Runs until the future is done, and returns its value or throws as {@link CompletableFuture#join}. */
    public <T> T await(CompletableFuture<T> future) {
        if (!runUntil(future::isDone, LONGEST_WAIT)) {
            throw failure(new AssertionError("not done within " + LONGEST_WAIT + " of virtual time"));
        }
        return future.join();
    }

    /** Runs until some node leads and may serve. */
    public SimulatedNode awaitLeader() {
        if (!runUntil(() -> leader().isPresent(), LONGEST_WAIT)) {
            throw failure(new AssertionError("no leader within " + LONGEST_WAIT + " of virtual time"));
        }
        return leader().orElseThrow();
    }

    // ---- doing ---------------------------------------------------------------------------------------------------

    /** Submits a command at a node. */
    public CompletableFuture<CommandResult> submit(String node, Bytes command) {
        return node(node).controlPlane().submit(new Command(command));
    }

    /** Asks a node. */
    public CompletableFuture<QueryResult> query(String node, Bytes query, Consistency consistency) {
        return node(node).controlPlane().query(query, consistency);
    }

    /** Asks a node, which must lead, to change the membership; the answer comes within ten seconds of virtual time. */
    public CompletableFuture<AdministrationResult> changeMembership(String node, MembershipChange change) {
        CompletableFuture<AdministrationResult> answer = new CompletableFuture<>();
        SimulatedNode leader = node(node);
        leader.onLoop(() -> leader.consensus().changeMembership(change, false, ADMINISTRATION_MILLIS,
            answer::complete));
        return answer;
    }

    /** Asks a node, which must lead, to hand its leadership over; the answer comes within ten seconds. */
    public CompletableFuture<AdministrationResult> transferLeadership(String node, NodeId to) {
        CompletableFuture<AdministrationResult> answer = new CompletableFuture<>();
        SimulatedNode leader = node(node);
        leader.onLoop(() -> leader.consensus().transferLeadership(Optional.of(to), ADMINISTRATION_MILLIS,
            answer::complete));
        return answer;
    }

    /** Nothing that {@code from} sends reaches {@code to} from now on; it waits. */
    public void block(String from, String to) {
        note("net", from + " does not reach " + to);
        hosts.cut(from, to);
    }

    /** Neither reaches the other from now on. */
    public void partition(String a, String b) {
        block(a, b);
        block(b, a);
    }

    /** Nobody reaches it from now on, and it reaches nobody. */
    public void isolate(String host) {
        for (NodeId other : nodes.keySet()) {
            if (!other.value().equals(host)) {
                partition(host, other.value());
            }
        }
    }

    /** Mends all paths. */
    public void mendNetwork() {
        note("net", "everybody reaches everybody");
        hosts.mend();
    }

    /**
     * Makes a good world of it: paths mended, clocks even, disks fast and roomy, every process up whose disk is good.
     */
    public void heal() {
        note("all", "heals");
        hosts.mend();
        for (SimulatedNode node : nodes.values()) {
            node.clockRate(1);
            node.usualDiskLatency();
            node.disk().noMoreFaults();
            node.resume();
            if (node.state() != SimulatedNode.State.DOWN && !node.serves()) {
                node.kill();
            }
            node.start();
        }
    }

    /**
     * A further machine, which is no member yet. Not started.
     *
     * @param known the configuration as its operator knows it: whom it asks, and whom it lets in
     */
    public SimulatedNode addMachine(String id, Membership known) {
        NodeId added = new NodeId(id);
        if (nodes.containsKey(added)) {
            throw new IllegalArgumentException("found node " + id + " already, expected a new one");
        }
        add(added, known);
        return nodes.get(added);
    }

    /** What a machine with an empty disk is told about the cluster. */
    void known(NodeId id, Membership membership) {
        bootstraps.put(id, membership);
    }

    private void add(NodeId id, Membership first) {
        bootstraps.put(id, first);
        nodes.put(id, new SimulatedNode(this, id));
        machinesInOrder = nodes.values().toArray(SimulatedNode[]::new);
        hosts.add(id.value());
    }

    /** Connects an application on a machine of its own, which is never down. Its name must be no node's. */
    public ControlPlane remote(String name, RemoteClients clients) {
        hosts.add(name);
        return clients.start(new RemoteClients.Place(CLUSTER, TestIdentity.client(name),
            new MemoryTransportProvider(network, name),
            nodes.keySet().stream().map(this::endpoint).toList(), new VirtualLoop(world)));
    }

    /** Runs when a process ends. */
    void onProcessEnd(Runnable ending) {
        endings.add(ending);
    }

    /** A failure of this run, with the line that reproduces it and what happened last. */
    SimulationFailure failure(Throwable cause) {
        return new SimulationFailure(reproduction + "\n" + cause + "\nat " + now() + " of virtual time, after "
            + events + " events. What happened last:\n" + timeline.text(), cause);
    }

    // ---- for the nodes -------------------------------------------------------------------------------------------

    VirtualWorld world() {
        return world;
    }

    MemoryNetwork network() {
        return network;
    }

    Hosts hosts() {
        return hosts;
    }

    Checks checks() {
        return checks;
    }

    NodeProvider provider() {
        return provider;
    }

    ConsensusProvider consensus() {
        return consensus;
    }

    Map<String, String> consensusSettings() {
        return consensusSettings;
    }

    StateMachine newStateMachine() {
        return machines.get();
    }

    Membership bootstrap(NodeId id) {
        return bootstraps.get(id);
    }

    Endpoint endpoint(NodeId id) {
        return new Endpoint(MemoryNetwork.SCHEME, id.value(), PORT);
    }

    long nextIncarnation() {
        return nextIncarnation++;
    }

    SessionPace sessionPace() {
        return sessionPace;
    }

    long usualDiskNanos() {
        return usualDiskNanos;
    }

    RandomGenerator faultRandom() {
        return faultRandom;
    }

    long uniform(long most) {
        return most <= 0 ? 0 : world.random().nextLong(most + 1);
    }

    void note(NodeId who, String what) {
        note(who.value(), what);
    }

    void note(String who, String what) {
        timeline.add(who, what);
    }

    void count(String what) {
        timeline.count(what);
    }

    void processEnded(NodeId id) {
        List.copyOf(endings).forEach(Runnable::run);
    }

    /** A node serves no more, by its own decision. Where its disk is good, nothing gave it a reason to. */
    void stoppedServing(SimulatedNode node, String problem) {
        note(node.id(), "serves no more: " + problem);
        checks.paths().took(CodePath.STOPPED_BY_DISK);
        if (!node.suspectDisk() && !node.disk().dead()) {
            checks.violated(new Violation("nodes on good disks serve", node.id() + " has stopped: " + problem));
        }
    }

    void refusedToStart(SimulatedNode node, Exception why) {
        checks.paths().took(CodePath.REFUSED_BY_DAMAGE);
        if (!node.suspectDisk()) {
            checks.violated(new Violation("nodes on good disks start", node.id() + " does not: " + why));
        }
    }

    /** The nodes' ids. */
    SortedSet<NodeId> ids() {
        return Collections.unmodifiableSortedSet(nodes.navigableKeySet());
    }
}
