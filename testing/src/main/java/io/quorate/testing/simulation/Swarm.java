package io.quorate.testing.simulation;

import io.quorate.api.Command;
import io.quorate.api.ControlPlane;
import io.quorate.api.NodeId;
import io.quorate.api.Peer;
import io.quorate.api.PeerChanges;
import io.quorate.api.PeerEvent;
import io.quorate.api.PeerStatus;
import io.quorate.api.PeerView;
import io.quorate.spi.consensus.Feature;
import io.quorate.spi.consensus.Membership;
import io.quorate.testing.memory.MemoryNetwork;
import io.quorate.testing.simulation.Workload.Exchange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.Collectors;

/**
 * Runs in which everything that can go wrong does, as the seed will have it: how many nodes, which kinds of faults and
 * how often (a random part of them in each run, after Groce et al., "Swarm testing", 2012: a fault that is always there
 * hides what others would show), how many clients. First a phase of faults in which nothing unsafe may happen; then all
 * is mended, and within {@link #CALM} the cluster must serve again, agree, and know who is there.
 *
 * <p>Immutable; a run is on the thread that asks for it.
 */
public final class Swarm {

    /** How long a mended cluster may take until everything is as it should be. */
    public static final Duration CALM = Duration.ofSeconds(10);

    private static final long SECOND = 1_000_000_000L;
    private static final int MOST_CLIENTS = 6;
    private static final Duration LOOK = Duration.ofMillis(50);

    /** By how much of its speed a clock may be off, and how much where leases are trusted. */
    private static final double CLOCK_DRIFT = 0.25;
    private static final double LEASE_CLOCK_DRIFT = 0.08;
    private static final String LEASE_DRIFT_PERCENT = "20";

    /** The settings of one run. */
    @FunctionalInterface
    private interface Settings {
        Map<String, String> get(RandomGenerator random);
    }

    private final Set<FaultKind> allowed;
    private final Supplier<Workload> workloads;
    private final Settings settings;
    private final String command;
    private final Optional<RemoteClients> remotes;

    private Swarm(Set<FaultKind> allowed, Supplier<Workload> workloads, Settings settings, String command,
            Optional<RemoteClients> remotes) {
        this.allowed = allowed;
        this.workloads = workloads;
        this.settings = settings;
        this.command = command;
        this.remotes = remotes;
    }

    /** Small files, so that they end often and a start costs little; snapshots after a few entries, or never. */
    private static Map<String, String> raftSettings(RandomGenerator random) {
        Map<String, String> values = new TreeMap<>();
        values.put("first-segment-bytes", "8192");
        values.put("max-segment-bytes", "32768");
        if (random.nextInt(3) > 0) {
            values.put("snapshot-entries", String.valueOf(5 + random.nextInt(60)));
            values.put("log-entries-behind-snapshot", String.valueOf(random.nextInt(20)));
            values.put("snapshots-kept", String.valueOf(1 + random.nextInt(2)));
        }
        if (random.nextInt(3) == 0) {
            // Elections come as early as they may, and a leader notices as late as it may that it leads no more.
            values.put("election-timeout-max-millis", "1100");
            values.put("heartbeat-millis", "300");
        }
        if (random.nextInt(3) == 0) {
            values.put("leases", "true");
            values.put("lease-drift-percent", LEASE_DRIFT_PERCENT);
        }
        return values;
    }

    /** All kinds of faults, on a few registers. */
    public static Swarm ofRegisters() {
        return new Swarm(EnumSet.allOf(FaultKind.class), () -> new RegisterWorkload(3, 0.4, 60), Swarm::raftSettings,
            "Swarm.ofRegisters().run(%d)", Optional.empty());
    }

    /**
     * All kinds of faults, on an application of one's own.
     *
     * @param fresh makes the workload of one run
     */
    public static Swarm of(Supplier<Workload> fresh) {
        return new Swarm(EnumSet.allOf(FaultKind.class), fresh, Swarm::raftSettings, "seed %d",
            Optional.empty());
    }

    /** With these kinds of faults alone. */
    public Swarm only(Set<FaultKind> kinds) {
        return new Swarm(kinds.isEmpty() ? EnumSet.noneOf(FaultKind.class) : EnumSet.copyOf(kinds), workloads,
            settings, command, remotes);
    }

    /** Some of the clients of some runs are no nodes' applications, but such as these. */
    public Swarm remoteClients(RemoteClients clients) {
        return new Swarm(allowed, workloads, settings, command, Optional.of(clients));
    }

    /** With settings of the consensus. */
    public Swarm settings(Map<String, String> values) {
        Map<String, String> copy = Map.copyOf(values);
        return new Swarm(allowed, workloads, random -> copy, command, remotes);
    }

    /** What a failure says about how to see it again; {@code %d} stands for the seed. */
    public Swarm reproduction(String line) {
        return new Swarm(allowed, workloads, settings, line, remotes);
    }

    /**
     * What a run was like.
     *
     * @param seed its seed
     * @param simulated how much virtual time it took
     * @param events how many events
     * @param hash the same only for the same run
     * @param faults how often which fault
     * @param paths how often which code path was taken
     * @param counts how often what
     */
    public record Report(long seed, Duration simulated, long events, long hash, Map<FaultKind, Long> faults,
        Map<CodePath, Long> paths, SortedMap<String, Long> counts) {
    }

    /**
     * Runs a seed.
     *
     * @throws SimulationFailure if something was wrong
     */
    public Report run(long seed) {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed * 31 + 17);
        return new Run(seed, random, workloads.get()).run();
    }

    private final class Run {

        private final long seed;
        private final RandomGenerator random;
        private final Workload workload;
        private final SimulatedCluster cluster;
        private final List<Exchange> history = new ArrayList<>();
        private final List<SimulatedClient> clients = new ArrayList<>();
        private final long[] numbers = new long[1];
        private final Faults faults;
        private final long chaosNanos;
        private final Map<String, String> consensusSettings;
        private String missing = "";
        /** Who led when every member was asked to write. */
        private Optional<SimulatedNode> probed = Optional.empty();

        Run(long seed, RandomGenerator random, Workload workload) {
            this.seed = seed;
            this.random = random;
            this.workload = workload;
            int[] sizes = {1, 2, 3, 3, 3, 3, 4, 5, 5, 5};
            long[] delaysMillis = {1, 1, 5, 40};
            // A slow disk leaves time for something to happen between a write and its end.
            long[] disksMicros = {100, 100, 2_000, 20_000};
            consensusSettings = settings.get(random);
            // Of its own, so that what was added later leaves the runs of older seeds as they were where it can.
            RandomGenerator more = RandomGeneratorFactory.of("L64X128MixRandom").create(seed * 31 + 18);
            boolean shortSessions = more.nextInt(3) == 0;
            Duration sessionTimeout = shortSessions ? Duration.ofMillis(500 + more.nextInt(5_000))
                : Duration.ofMinutes(10);
            cluster = SimulatedCluster.builder().seed(seed).nodes(sizes[random.nextInt(sizes.length)])
                .mode(random.nextBoolean() ? MemoryNetwork.Mode.EXCLUSIVE_LEASE : MemoryNetwork.Mode.STREAM_PER_CALL)
                .delay(Duration.ofNanos(50_000), Duration.ofMillis(delaysMillis[random.nextInt(4)]))
                .disk(Duration.ofNanos(disksMicros[random.nextInt(disksMicros.length)] * 1_000))
                .sessions(sessionTimeout, sessionTimeout.dividedBy(shortSessions ? 4 : 60))
                .stateMachine(workload::stateMachine).consensus(Optional.empty(), consensusSettings)
                .reproduction("SIMULATION FAILED, see it again with: " + String.format(command, seed)).build();
            double part = random.nextDouble();
            if (consensusSettings.containsKey("leases")) {
                cluster.note("all", "leases are on");
            }
            List<FaultKind> kinds = new ArrayList<>(allowed.stream()
                .filter(kind -> kind != FaultKind.REPLACED_DISK && random.nextDouble() < part).toList());
            if (allowed.contains(FaultKind.REPLACED_DISK) && more.nextInt(3) == 0) {
                kinds.add(FaultKind.REPLACED_DISK);
            }
            if (allowed.contains(FaultKind.MEMBERSHIP) && more.nextInt(4) == 0) {
                // Many changes, so that their rare turns happen: a leader that leaves, one that finds half a change.
                kinds.addAll(List.of(FaultKind.MEMBERSHIP, FaultKind.MEMBERSHIP, FaultKind.MEMBERSHIP));
            }
            long[] intervals = {SECOND / 5, SECOND / 2, SECOND, 3 * SECOND};
            faults = new Faults(cluster, random, kinds, intervals[random.nextInt(intervals.length)],
                consensusSettings.containsKey("leases") ? LEASE_CLOCK_DRIFT : CLOCK_DRIFT, new Faults.Callers() {
                    @Override
                    public void burst(SimulatedNode node) {
                        askAtOnce(node, 1 + random.nextInt(MOST_CLIENTS), false);
                    }

                    @Override
                    public void reads(SimulatedNode node) {
                        askAtOnce(node, 1 + random.nextInt(2), true);
                    }
                });
            chaosNanos = SECOND * (4 + random.nextInt(14));
            int count = 1 + random.nextInt(MOST_CLIENTS);
            // Where little is written, a node that was cut off has all of it and may think that it could lead.
            int calmer = more.nextInt(5) == 0 ? 20 : 1;
            for (int i = 0; i < count; i++) {
                String name = "c" + i;
                Optional<ControlPlane> remote = remotes.filter(each -> more.nextInt(3) == 0)
                    .map(each -> cluster.remote(name, each));
                clients.add(new SimulatedClient(name, cluster, workload, random,
                    calmer * chaosNanos / (20 + random.nextInt(100)), numbers, history, remote));
            }
            cluster.note("all", cluster.nodes().size() + " nodes, " + count + " clients, faults " + kinds);
        }

        /** Several clients ask the same node at once. */
        private void askAtOnce(SimulatedNode node, int count, boolean reads) {
            for (int i = count; i > 0; i--) {
                SimulatedClient client = new SimulatedClient("burst", cluster, workload, random, SECOND, numbers,
                    history, Optional.empty());
                clients.add(client);
                client.once(node, reads);
            }
        }

        Report run() {
            try {
                faults.install();
                cluster.nodes().forEach(SimulatedNode::start);
                clients.forEach(SimulatedClient::begin);
                faults.begin();
                cluster.runFor(Duration.ofNanos(chaosNanos));
                faults.end();
                cluster.heal();
                demandProgress();
                workload.check(history);
            } catch (SimulationFailure e) {
                throw e;
            } catch (RuntimeException | Error e) {
                throw cluster.failure(e);
            }
            return new Report(seed, cluster.now(), cluster.events(), cluster.traceHash(), faults.done(),
                cluster.paths(), cluster.counts());
        }

        /** Nodes that must serve: members whose disk is good enough that they have started. */
        private List<SimulatedNode> expected() {
            return cluster.nodes().stream().filter(SimulatedNode::serves).toList();
        }

        private void demandProgress() {
            Duration end = cluster.now().plus(CALM);
            long[] number = {1L << 40};
            List<CompletableFuture<?>> probes = new ArrayList<>();
            while (!calm(probes, number)) {
                if (cluster.now().compareTo(end) > 0) {
                    if (isQuorumLost()) {
                        cluster.count("quorum lost with damaged disks");
                        return;
                    }
                    throw new Violation("a mended cluster is well within " + CALM, missing);
                }
                for (SimulatedNode node : cluster.nodes()) {
                    if (node.failure().isPresent() && node.suspectDisk()) {
                        node.kill(); // An earlier fault of its disk has only now come to light.
                    }
                    if (node.state() == SimulatedNode.State.DOWN && node.refusal().isEmpty()) {
                        node.start(); // It was about to stop when the cluster was mended.
                    }
                }
                cluster.runFor(LOOK);
            }
            clients.forEach(SimulatedClient::finish);
            if (!cluster.runUntil(() -> clients.stream().noneMatch(SimulatedClient::waits), CALM)) {
                throw new Violation("every operation ends", "a client waits still");
            }
            if (!cluster.runUntil(this::allApplied, CALM)) {
                throw new Violation("all nodes apply everything", missing);
            }
            checkPeers();
        }

        /** Whether some configuration needs nodes that refuse to start, since their disks were damaged. */
        private boolean isQuorumLost() {
            Set<NodeId> refusing = cluster.nodes().stream().filter(node -> node.refusal().isPresent())
                .map(SimulatedNode::id).collect(Collectors.toCollection(TreeSet::new));
            return cluster.leader().isEmpty() && !refusing.isEmpty() && expected().stream()
                .map(node -> node.status().orElseThrow().membership())
                .anyMatch(membership -> !ClusterView.isQuorum(membership, id -> !refusing.contains(id)));
        }

        private boolean calm(List<CompletableFuture<?>> probes, long[] number) {
            Optional<SimulatedNode> leader = cluster.leader();
            if (leader.isEmpty()) {
                missing = "no leader";
                return false;
            }
            Membership membership = leader.get().status().orElseThrow().membership();
            if (!probed.equals(leader)) {
                probed = leader; // Who just went on may believe that it leads, and that others are members still.
                probes.clear();
            }
            if (membership.isJoint()) {
                missing = "a change of the membership that was begun is not finished: " + membership;
                return false;
            }
            List<SimulatedNode> members = expected().stream().filter(node -> membership.contains(node.id())).toList();
            if (probes.isEmpty()) {
                for (SimulatedNode node : members) {
                    Workload.Request request = command(number);
                    probes.add(node.controlPlane().submit(new Command(request.payload())));
                    // Whatever is answered, and if nothing is: it may take effect.
                    long asked = cluster.now().toNanos();
                    history.add(new Exchange("probe", node.id(), request, Optional.empty(), asked, asked));
                }
            }
            if (!probes.stream().allMatch(CompletableFuture::isDone)) {
                missing = "not all nodes have answered a write";
                return false;
            }
            if (probes.stream().anyMatch(CompletableFuture::isCompletedExceptionally)) {
                missing = "a write failed: " + probes;
                probes.clear();
                return false;
            }
            if (members.size() == membership.members().size()
                    && !membership.features().equals(Feature.ofThisBuild())) {
                missing = "all members are of this build, and on is only " + membership.features();
                return false;
            }
            for (SimulatedNode node : members) {
                PeerView view = cluster.await(node.controlPlane().peers());
                Optional<String> wrong = wrongAbout(view, membership);
                if (wrong.isPresent()) {
                    missing = "the registry at " + node.id() + " says " + wrong.get();
                    return false;
                }
            }
            return true;
        }

        private Workload.Request command(long[] number) {
            Workload.Request request = workload.next(random, number[0]++);
            for (int tries = 1; request.consistency().isPresent(); tries++) {
                if (tries == SimulatedClient.MOST_TRIES) {
                    throw new IllegalStateException("found a workload that asks " + tries
                        + " times in a row and commands nothing, expected commands, too: whether a cluster is well is "
                        + "tried with them");
                }
                request = workload.next(random, number[0]++);
            }
            return request;
        }

        private Optional<String> wrongAbout(PeerView view, Membership membership) {
            for (NodeId id : membership.members()) {
                Optional<Peer> peer = view.peers().stream().filter(each -> each.id().equals(id)).findFirst();
                boolean serves = cluster.node(id).serves();
                PeerStatus status = peer.map(Peer::status).orElse(PeerStatus.UNKNOWN);
                if (serves != (status == PeerStatus.ONLINE)) {
                    return Optional.of(id + " is " + status + (serves ? ", and it serves" : ", and it is down"));
                }
            }
            return Optional.empty();
        }

        private boolean allApplied() {
            Optional<SimulatedNode> leader = cluster.leader();
            if (leader.isEmpty()) {
                missing = "no leader";
                return false;
            }
            Membership membership = leader.get().status().orElseThrow().membership();
            for (SimulatedNode node : expected()) {
                if (membership.contains(node.id()) && node.appliedHash() != leader.get().appliedHash()) {
                    missing = node.id() + " has not applied what the leader " + leader.get().id() + " has";
                    return false;
                }
            }
            return true;
        }

        /** What the registry tells has no gaps, each change begins where the last one ended, and all tell the same. */
        private void checkPeers() {
            TreeMap<Long, PeerEvent> agreed = new TreeMap<>();
            for (SimulatedNode node : expected()) {
                PeerChanges changes = cluster.await(node.controlPlane().peerChanges(0, Duration.ZERO));
                TreeMap<NodeId, PeerStatus> last = new TreeMap<>();
                long number = 0;
                for (PeerEvent event : changes.events()) {
                    PeerStatus before = last.put(event.peer().id(), event.peer().status());
                    if (number != 0 && event.number() != number + 1
                        || before != null && before != event.previous()) {
                        throw new Violation("the registry tells every change once", node.id() + " tells " + event
                            + " after number " + number + " and status " + before);
                    }
                    number = event.number();
                    PeerEvent other = agreed.putIfAbsent(event.number(), event);
                    if (other != null && !other.equals(event)) {
                        throw new Violation("all registries tell the same", node.id() + " tells " + event
                            + ", another node tells " + other);
                    }
                }
            }
        }
    }
}
