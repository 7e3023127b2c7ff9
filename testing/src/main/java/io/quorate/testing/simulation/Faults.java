package io.quorate.testing.simulation;

import io.quorate.api.NodeId;
import io.quorate.spi.consensus.AdministrationResult;
import io.quorate.spi.consensus.ConsensusStatus;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.MembershipChange;
import io.quorate.testing.disk.SimulatedDisk;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/** Does harm to a cluster: which kinds, how often and for how long follows from a seed. */
final class Faults {

    private static final long MILLI = 1_000_000;
    private static final long SECOND = 1_000 * MILLI;
    private static final long LONGEST_NANOS = 6 * SECOND;
    private static final long ADMINISTRATION_MILLIS = 3_000;

    /** Long enough that others elect a leader, most often. */
    private static final long STRANDED_MIN_NANOS = 500 * MILLI;
    private static final long STRANDED_MORE_NANOS = 3 * SECOND;
    private static final long READ_EVERY_NANOS = 60 * MILLI;

    /** How long a leader waits at most for another one to lead, and a bit. */
    private static final long HAND_OVER_NANOS = 1_005 * MILLI;

    private final SimulatedCluster cluster;
    private final RandomGenerator random;
    private final Builds builds;
    private final List<FaultKind> kinds;
    private final long meanIntervalNanos;
    private final int mostDamaged;
    private final double mostDrift;
    private final Callers callers;
    private final Map<FaultKind, Long> done = new EnumMap<>(FaultKind.class);
    private int damaged;
    /** Whose disk was replaced, and what the leader knew its store to be; a second loss would be one too many. */
    private Optional<NodeId> replaced = Optional.empty();
    private Long storeOfReplaced;
    private int machinesAdded;
    private boolean over;

    /** Those who ask, in addition to the clients of the run. */
    interface Callers {

        /** Several ask a node at once for this and that. */
        void burst(SimulatedNode node);

        /** Several read at a node at once. */
        void reads(SimulatedNode node);
    }

    Faults(SimulatedCluster cluster, RandomGenerator random, List<FaultKind> kinds, long meanIntervalNanos,
            double mostDrift, Callers callers) {
        this.cluster = cluster;
        this.random = random;
        this.builds = new Builds(cluster, random);
        this.kinds = List.copyOf(kinds);
        this.meanIntervalNanos = meanIntervalNanos;
        this.mostDrift = mostDrift;
        this.callers = callers;
        this.mostDamaged = (cluster.nodes().size() - 1) / 2;
    }

    /** Before any process is started. */
    void install() {
        if (kinds.contains(FaultKind.VERSION_MIX)) {
            builds.mix();
        }
    }

    void begin() {
        if (!kinds.isEmpty()) {
            later(() -> {
                if (!over) {
                    strike(kinds.get(random.nextInt(kinds.size())));
                    begin();
                }
            }, meanIntervalNanos);
        }
    }

    /** Nothing more goes wrong; what is still of an earlier build is upgraded. */
    void end() {
        over = true;
        builds.earlier().forEach(node -> {
            builds.upgrade(node);
            node.kill();
            struck(FaultKind.VERSION_MIX);
        });
    }

    private void struck(FaultKind kind) {
        done.merge(kind, 1L, Long::sum);
        cluster.count("fault " + kind);
    }

    Map<FaultKind, Long> done() {
        return Collections.unmodifiableMap(done);
    }

    private void later(Runnable task, long meanNanos) {
        long delay = Math.min(LONGEST_NANOS, (long) (-Math.log(1 - random.nextDouble()) * meanNanos));
        cluster.world().schedule(Math.max(1, delay), task);
    }

    private void afterwards(Runnable task) {
        later(() -> {
            if (!over) {
                task.run();
            }
        }, random.nextInt(4) == 0 ? 3 * SECOND : 400 * MILLI);
    }

    private SimulatedNode anyNode() {
        List<SimulatedNode> nodes = cluster.nodes();
        return nodes.get(random.nextInt(nodes.size()));
    }

    private void in(long nanos, Runnable task) {
        cluster.world().schedule(nanos, () -> {
            if (!over) {
                task.run();
            }
        });
    }

    /** Any node, or the leader, which is the more interesting one. */
    private SimulatedNode victim() {
        return random.nextInt(3) == 0 ? cluster.leader().orElseGet(this::anyNode) : anyNode();
    }

    private void strike(FaultKind kind) {
        SimulatedNode node = victim();
        if (random.nextInt(3) == 0) {
            // What a leader has taken and not yet passed on is what its successor's log lacks.
            cluster.leader().ifPresent(callers::burst);
        }
        boolean happened = switch (kind) {
            case KILL -> whileUp(node, node::kill);
            case STOP -> whileUp(node, node::stop);
            case POWER_LOSS -> whileUp(node, node::powerOff);
            case POWER_LOSS_IN_WRITE -> whileUp(node, () ->
                node.disk().crashAt(node.disk().operations() + 1 + random.nextInt(12)));
            case PAUSE -> pause(node);
            case PARTITION -> partition();
            case ONE_WAY -> pathOf(node, (from, to) -> cluster.hosts().cut(from, to));
            case PARTIAL -> pathOf(node, (from, to) -> {
                cluster.hosts().cut(from, to);
                cluster.hosts().cut(to, from);
            });
            case CUT -> pathOf(node, (from, to) -> cluster.network().cut(from, to));
            case LOSS -> loss();
            case DELAY -> delay();
            case SLOW_PATH -> pathOf(node, (from, to) ->
                cluster.hosts().slow(from, to, random.nextLong(300 * MILLI)));
            case CLOCK_DRIFT -> drift(node);
            case WALL_CLOCK_JUMP -> jump(node);
            case DISK_FULL -> full(node);
            case DISK_SLOW -> slow(node);
            case FAILED_SYNC -> failing(node, disk -> disk.failNextForce());
            case FAILED_WRITE -> failing(node, disk -> disk.failNextWrite());
            case BIT_FLIP -> flip(node);
            case REPLACED_DISK -> replaceDisk(node);
            case MEMBERSHIP -> membership();
            case TRANSFER -> transfer();
            case STRANDED_LEADER -> strand();
            case LEFT_BEHIND -> leaveBehind();
            case LATE_HANDOVER -> handOverLate();
            case VERSION_MIX -> builds.upgradeOne().map(next ->
                whileUp(next, random.nextBoolean() ? next::stop : next::kill)).orElse(false);
        };
        if (happened) {
            struck(kind);
        }
    }

    private boolean whileUp(SimulatedNode node, Runnable what) {
        if (node.state() == SimulatedNode.State.DOWN) {
            return false;
        }
        what.run();
        restartLater(node);
        return true;
    }

    /** The operator, or the service manager: what is not there, or does not serve, is started again. */
    private void restartLater(SimulatedNode node) {
        afterwards(() -> {
            if (node.state() == SimulatedNode.State.UP && !node.serves()) {
                node.kill();
            }
            if (node.refusal().isEmpty()) {
                node.start();
            }
        });
    }

    private boolean pause(SimulatedNode node) {
        if (node.state() != SimulatedNode.State.UP) {
            return false;
        }
        callers.reads(node); // They wait in its process, and it goes on with them as if no time had passed.
        node.pause();
        afterwards(node::resume);
        return true;
    }

    private boolean partition() {
        List<String> hosts = new ArrayList<>();
        cluster.nodes().forEach(each -> hosts.add(each.id().value()));
        if (hosts.size() < 2) {
            return false;
        }
        Optional<SimulatedNode> leader = cluster.leader().filter(each -> random.nextInt(2) == 0);
        List<String> side = leader.map(alone -> List.of(alone.id().value()))
            .orElseGet(() -> hosts.stream().filter(each -> random.nextBoolean()).toList());
        boolean oneWay = random.nextInt(4) == 0;
        cluster.note("net", "only within " + side + " and the rest" + (oneWay ? ", one way" : ""));
        for (String from : hosts) {
            for (String to : hosts) {
                if (side.contains(from) && !side.contains(to)) {
                    cluster.hosts().cut(from, to);
                    if (!oneWay) {
                        cluster.hosts().cut(to, from);
                    }
                }
            }
        }
        mendLater();
        return true;
    }

    private void mendLater() {
        afterwards(() -> {
            cluster.note("net", "is mended");
            cluster.hosts().mend();
        });
    }

    @FunctionalInterface
    private interface PathFault {
        void strike(String from, String to);
    }

    private boolean pathOf(SimulatedNode node, PathFault fault) {
        SimulatedNode other = anyNode();
        if (other == node) {
            return false;
        }
        boolean there = random.nextBoolean();
        String from = (there ? node : other).id().value();
        String to = (there ? other : node).id().value();
        cluster.note("net", "path from " + from + " to " + to);
        fault.strike(from, to);
        mendLater();
        return true;
    }

    private boolean loss() {
        cluster.hosts().loss(Math.pow(10, -1 - 2 * random.nextDouble()));
        mendLater();
        return true;
    }

    private boolean delay() {
        cluster.hosts().delay(random.nextDouble() * 0.3, random.nextLong(500 * MILLI));
        mendLater();
        return true;
    }

    private boolean drift(SimulatedNode node) {
        double rate = 1 + (2 * random.nextDouble() - 1) * (random.nextInt(4) == 0 ? mostDrift : 0.01);
        cluster.note(node.id(), "its clock runs at " + rate);
        node.clockRate(rate);
        return true;
    }

    private boolean jump(SimulatedNode node) {
        long millis = random.nextLong(-3_600_000, 3_600_001);
        cluster.note(node.id(), "its wall clock jumps by " + millis + " ms");
        node.jumpWallClock(millis);
        return true;
    }

    private boolean full(SimulatedNode node) {
        SimulatedDisk disk = node.disk();
        if (node.state() == SimulatedNode.State.DOWN) {
            return false; // A node that has no room to start in says so, and that is all.
        }
        cluster.note(node.id(), "its disk is full");
        boolean copiesOnWrite = random.nextInt(4) == 0;
        disk.capacity(disk.usedBytes() + random.nextInt(500)).overwritesNeedRoom(copiesOnWrite);
        if (copiesOnWrite) {
            node.suspectDisk(true); // What was half written cannot even be taken back: the node stops, and says so.
        }
        later(() -> {
            cluster.note(node.id(), "its disk has room");
            node.disk().capacity(Long.MAX_VALUE).overwritesNeedRoom(false);
        }, 2 * SECOND);
        return true;
    }

    private boolean slow(SimulatedNode node) {
        long nanos = (long) (MILLI * Math.pow(10, 2.5 * random.nextDouble()));
        cluster.note(node.id(), "its disk takes " + nanos / MILLI + " ms");
        node.diskLatency(nanos);
        afterwards(node::usualDiskLatency);
        return true;
    }

    private boolean failing(SimulatedNode node, Consumer<SimulatedDisk> how) {
        if (!node.serves()) {
            return false;
        }
        cluster.note(node.id(), "its disk will fail");
        node.suspectDisk(true);
        how.accept(node.disk());
        restartLater(node);
        return true;
    }

    /**
     * Somewhere in the first half of what a file holds, and in a segment of the log not in what the very last fsync has
     * made durable: that cannot be told from a write that was torn, and is the one damage that a node cannot notice.
     */
    private boolean flip(SimulatedNode node) {
        if (node.state() != SimulatedNode.State.DOWN || damaged >= mostDamaged) {
            return false;
        }
        SimulatedDisk disk = node.disk();
        List<Path> files = disk.files().stream().filter(file -> used(disk.content(file)) > 64
            && !file.getFileName().toString().endsWith(".tmp")).toList();
        if (files.isEmpty()) {
            return false;
        }
        Path file = files.get(random.nextInt(files.size()));
        int at = random.nextInt(used(disk.content(file)) / 2);
        if (file.getFileName().toString().endsWith(".seg") && !disk.isOlderThanLastSync(file, at)) {
            return false;
        }
        damaged++;
        cluster.checks().damaged(node.id());
        node.suspectDisk(true);
        cluster.note(node.id(), "bits flip in " + file.getFileName() + " at " + at);
        disk.flipBit(file, at, random.nextInt(8));
        return true;
    }

    /** Where it is the only loss: a majority that has lost its disks is lost, and nothing could be demanded. */
    private boolean replaceDisk(SimulatedNode node) {
        Optional<SimulatedNode> leader = cluster.leader();
        if (leader.isEmpty() || leader.get() == node || damaged > 0 || mostDamaged == 0) {
            return false;
        }
        ConsensusStatus status = leader.get().status().orElseThrow();
        Membership now = status.membership();
        // What it has acknowledged and is not committed would be counted later, and be nowhere.
        if (!status.commitIndex().equals(status.lastIndex()) || now.isJoint() || now.voters().size() < 3
            || !now.voters().contains(node.id()) || !now.stores().keySet().containsAll(now.voters())
            || !now.members().stream().map(cluster::node).allMatch(each -> each == node || each.serves())) {
            return false;
        }
        damaged = mostDamaged;
        replaced = Optional.of(node.id());
        storeOfReplaced = now.stores().get(node.id());
        if (node.state() != SimulatedNode.State.DOWN) {
            node.kill();
        }
        node.wipe();
        if (random.nextBoolean()) {
            cluster.known(node.id(), Membership.ofNobody(now.endpoints()));
        }
        restartLater(node);
        return true;
    }

    private static int used(byte[] content) {
        int end = content.length;
        while (end > 0 && content[end - 1] == 0) {
            end--;
        }
        return end;
    }

    /**
     * What a leader takes while nobody hears it ends in its log alone, and others commit something else at those
     * places: so the logs differ at their ends, with the longer one of the lower term. And whoever asks it meanwhile
     * must not be answered from a past that others have changed.
     */
    private boolean strand() {
        Optional<SimulatedNode> found = cluster.leader();
        if (found.isEmpty() || cluster.nodes().size() < 3) {
            return false;
        }
        SimulatedNode alone = found.get();
        List<String> side = new ArrayList<>(List.of(alone.id().value()));
        if (cluster.nodes().size() >= 5 && random.nextInt(3) == 0) {
            side.add(anyNode().id().value());
        }
        cluster.note(alone.id(), "is stranded within " + side);
        boolean noticed = random.nextBoolean();
        for (SimulatedNode other : cluster.nodes()) {
            String there = other.id().value();
            if (!side.contains(there)) {
                for (String here : side) {
                    cluster.hosts().cut(here, there);
                    cluster.hosts().cut(there, here);
                    if (noticed) {
                        cluster.network().cut(here, there); // The others hear at once that it is gone.
                    }
                }
            }
        }
        if (random.nextInt(3) == 0) {
            membership();
        }
        callers.burst(alone);
        readsFor(alone, 1_500 * MILLI);
        in(STRANDED_MIN_NANOS + random.nextLong(STRANDED_MORE_NANOS), () -> endStranded(alone));
        return true;
    }

    /** The log that was stranded comes back, in company or against whoever leads now. */
    private void endStranded(SimulatedNode alone) {
        Optional<SimulatedNode> next = cluster.leader().filter(leader -> leader != alone);
        switch (random.nextInt(4)) {
            case 0 -> whileUp(alone, alone::kill);
            case 1 -> whileUp(alone, alone::powerOff);
            case 2 -> next.ifPresent(leader -> whileUp(leader, leader::kill));
            default -> { }
        }
        cluster.note("net", "is mended");
        cluster.hosts().mend();
    }

    private void readsFor(SimulatedNode node, long nanos) {
        for (long at = 0; at < nanos; at += READ_EVERY_NANOS) {
            in(at + random.nextLong(READ_EVERY_NANOS), () -> {
                if (node.serves()) {
                    callers.reads(node);
                }
            });
        }
    }

    /** Whoever was left behind wants to lead as soon as it hears that nobody does. */
    private boolean leaveBehind() {
        Optional<SimulatedNode> found = cluster.leader();
        SimulatedNode behind = anyNode();
        if (found.isEmpty() || found.get() == behind || cluster.nodes().size() < 3) {
            return false;
        }
        SimulatedNode leader = found.get();
        cluster.note(behind.id(), "is left behind by " + leader.id());
        cluster.hosts().cut(leader.id().value(), behind.id().value());
        cluster.hosts().cut(behind.id().value(), leader.id().value());
        for (int i = 0; i < 3; i++) {
            in(1 + random.nextLong(300 * MILLI), () -> {
                if (leader.serves()) {
                    callers.burst(leader);
                }
            });
        }
        in(300 * MILLI + random.nextLong(SECOND / 2), () -> {
            whileUp(leader, random.nextBoolean() ? leader::kill : leader::powerOff);
            cluster.hosts().mend();
        });
        return true;
    }

    /**
     * The order to lead waits on its way until its sender leads on and has committed more; or it comes at once, and its
     * sender, who does not hear what comes of it, is asked for reads.
     */
    private boolean handOverLate() {
        Optional<SimulatedNode> found = cluster.leader();
        SimulatedNode target = anyNode();
        if (found.isEmpty() || found.get() == target) {
            return false;
        }
        SimulatedNode leader = found.get();
        cluster.note(leader.id(), "is to hand over to " + target.id() + ", and the path fails");
        leader.onLoop(() -> leader.consensus().transferLeadership(Optional.of(target.id()), ADMINISTRATION_MILLIS,
            result -> told(leader, result)));
        boolean late = random.nextBoolean();
        in(late ? 1 : random.nextLong(30 * MILLI), () -> {
            for (SimulatedNode other : cluster.nodes()) {
                if (late ? other == target : other != leader) {
                    cluster.hosts().cut(leader.id().value(), other.id().value());
                    if (!late) {
                        cluster.hosts().cut(other.id().value(), leader.id().value());
                    }
                }
            }
            readsFor(leader, SECOND);
        });
        // By now it takes commands again; the target waits not much longer until it doubts that there is a leader.
        in(HAND_OVER_NANOS, () -> {
            if (leader.serves()) {
                callers.burst(leader);
            }
        });
        in(HAND_OVER_NANOS + 30 * MILLI + random.nextLong(400 * MILLI), cluster.hosts()::mend);
        return true;
    }

    private boolean transfer() {
        Optional<SimulatedNode> leader = cluster.leader();
        if (leader.isEmpty()) {
            return false;
        }
        Optional<NodeId> to = random.nextBoolean() ? Optional.empty() : Optional.of(anyNode().id());
        cluster.note(leader.get().id(), "is to hand its leadership over to " + to);
        leader.get().onLoop(() -> leader.get().consensus().transferLeadership(to, ADMINISTRATION_MILLIS,
            result -> told(leader.get(), result)));
        return true;
    }

    private boolean membership() {
        Optional<SimulatedNode> leader = cluster.leader();
        if (leader.isEmpty()) {
            return false;
        }
        Membership now = leader.get().status().orElseThrow().membership();
        Long store = replaced.map(now.stores()::get).orElse(null);
        if (replaced.isPresent() && (now.isJoint() || !replaced.filter(now.voters()::contains).isPresent()
            || store == null || store.equals(storeOfReplaced))) {
            return false;
        }
        Optional<MembershipChange> change = change(now);
        change.ifPresent(wanted -> {
            cluster.note(leader.get().id(), "is asked to " + wanted);
            leader.get().onLoop(() -> leader.get().consensus().changeMembership(wanted, random.nextInt(8) == 0,
                ADMINISTRATION_MILLIS, result -> told(leader.get(), result)));
        });
        return change.isPresent();
    }

    private Optional<MembershipChange> change(Membership now) {
        SimulatedNode node = anyNode();
        List<NodeId> voters = List.copyOf(now.voters());
        List<NodeId> learners = List.copyOf(now.learners());
        return switch (random.nextInt(5)) {
            case 0 -> {
                if (cluster.nodes().size() < 7 && machinesAdded < 3) {
                    machinesAdded++;
                    node = cluster.addMachine("n" + (cluster.nodes().size() + 1), known(now));
                    node.start();
                } else if (!now.contains(node.id())) {
                    joinAnew(node, now);
                }
                yield now.contains(node.id()) ? Optional.empty() : Optional.of(new MembershipChange.Add(node.id(),
                    List.of(node.endpoint()), random.nextBoolean()));
            }
            case 1 -> now.contains(node.id()) && now.voters().size() > 1
                ? Optional.of(new MembershipChange.Remove(node.id())) : Optional.empty();
            case 2 -> learners.isEmpty() ? Optional.empty()
                : Optional.of(new MembershipChange.Promote(learners.get(random.nextInt(learners.size()))));
            case 3 -> voters.size() < 2 ? Optional.empty()
                : Optional.of(new MembershipChange.Demote(voters.get(random.nextInt(voters.size()))));
            default -> now.contains(node.id()) ? Optional.of(new MembershipChange.SetEndpoints(node.id(),
                List.of(node.endpoint()))) : Optional.empty();
        };
    }

    /** As the documentation tells operators to: a node that was removed comes back with an empty directory. */
    private void joinAnew(SimulatedNode node, Membership now) {
        if (node.state() != SimulatedNode.State.DOWN) {
            node.kill();
        }
        node.wipe();
        cluster.known(node.id(), known(now));
        node.start();
    }

    /** What a node is told that joins: whom to ask, and every other time also who is a member as its operator knows. */
    private Membership known(Membership now) {
        return machinesAdded % 2 == 1 ? Membership.ofNobody(now.endpoints()) : now;
    }

    private void told(SimulatedNode leader, AdministrationResult result) {
        cluster.note(leader.id(), "answers " + result);
        cluster.count("administration " + result.getClass().getSimpleName());
    }
}
