package io.quorate.raft.core;

import io.quorate.api.BytesWriter;
import io.quorate.api.ClusterId;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.raft.log.EntryCodec;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.spi.consensus.AdministrationResult;
import io.quorate.spi.consensus.Consensus.ProposalResult;
import io.quorate.spi.consensus.ConsensusStatus;
import io.quorate.spi.consensus.ConsensusTrace;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.transport.Endpoint;
import io.quorate.testing.time.VirtualWorld;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Cores, a network that delays, drops and reorders, disks, and the properties of Raft that are checked at each step.
 * All of it follows from the seed.
 */
final class SimulatedCluster {

    private static final long MICRO = 1_000;
    static final long MILLI = 1_000_000;
    static final long SECOND = 1_000_000_000;

    /** A call on its way; the token of its answer. */
    record Call(SimulatedNode from, int incarnation, SimulatedNode to, Effect.Send send, boolean[] over) {
    }

    private record Link(NodeId from, NodeId to) {
    }

    private final VirtualWorld world;
    private final List<SimulatedNode> nodes = new ArrayList<>();
    private final Map<NodeId, SimulatedNode> byId = new TreeMap<>();
    private final Membership membership;
    private final MessageCodec codec = new MessageCodec(new EntryCodec(new ClusterId("simulated")));
    private final Set<Link> cut = new HashSet<>();
    private final Map<Long, NodeId> leaders = new HashMap<>();
    private final List<LogEntry> committed = new ArrayList<>();
    private int dropPercent;
    private boolean slowNetwork;
    private int elections;
    private int readsAnswered;
    private SimulatedNode founderWiped;
    private int changes;
    private int transfers;
    private boolean overWire;

    SimulatedCluster(long seed, int size) {
        this(seed, size, 0, RaftSettings.defaults());
    }

    /** @param strangers nodes that exist beside and may be added */
    SimulatedCluster(long seed, int size, int strangers, RaftSettings settings) {
        this(seed, size, strangers, settings, node -> ConsensusTrace.NONE);
    }

    /** @param traces who hears each node's steps */
    SimulatedCluster(long seed, int size, int strangers, RaftSettings settings,
        Function<NodeId, ConsensusTrace> traces) {
        world = new VirtualWorld(seed);
        TreeMap<NodeId, List<Endpoint>> endpoints = new TreeMap<>();
        for (int i = 1; i <= size; i++) {
            endpoints.put(new NodeId("n" + i), List.of());
        }
        membership = Membership.ofVoters(endpoints);
        for (int i = 1; i <= size + strangers; i++) {
            NodeId id = new NodeId("n" + i);
            SimulatedNode node = new SimulatedNode(this, world, id, membership, settings, traces.apply(id));
            nodes.add(node);
            byId.put(id, node);
        }
    }

    VirtualWorld world() {
        return world;
    }

    List<SimulatedNode> nodes() {
        return nodes;
    }

    long committed() {
        return committed.size();
    }

    int elections() {
        return elections;
    }

    int changes() {
        return changes;
    }

    int transfers() {
        return transfers;
    }

    int readsAnswered() {
        return readsAnswered;
    }

    void dropPercent(int percent) {
        dropPercent = percent;
    }

    void slowNetwork(boolean slow) {
        slowNetwork = slow;
    }

    /** Messages pass through their encoded form. */
    void overWire() {
        overWire = true;
    }

    void cut(SimulatedNode from, SimulatedNode to) {
        cut.add(new Link(from.id(), to.id()));
    }

    void healLinks() {
        cut.clear();
        nodes.forEach(node -> nodes.forEach(other -> presence(node, other, other.isUp())));
    }

    void crash(SimulatedNode node) {
        if (node.isUp()) {
            node.crash();
            nodes.forEach(other -> presence(other, node, false));
        }
    }

    void restart(SimulatedNode node) {
        if (!node.isUp()) {
            node.restart();
            nodes.forEach(other -> {
                presence(other, node, true);
                presence(node, other, other.isUp());
            });
        }
    }

    /** {@code observer} hears soon whether it has sessions to {@code peer}. */
    void presence(SimulatedNode observer, SimulatedNode peer, boolean present) {
        if (observer != peer) {
            int mine = observer.incarnation();
            world.schedule((100 + world.random().nextLong(5_000)) * MICRO, () -> {
                if (mine == observer.incarnation()) {
                    observer.handIn(new Input.PeerPresence(peer.id(), present));
                }
            });
        }
    }

    /** The leader of the highest term that is up, or null. */
    SimulatedNode leader() {
        SimulatedNode best = null;
        for (SimulatedNode node : nodes) {
            if (node.isUp() && node.core().status().role() == ConsensusStatus.Role.LEADER
                && (best == null || node.core().status().term().compareTo(best.core().status().term()) > 0)) {
                best = node;
            }
        }
        return best;
    }

    boolean awaitLeader(long atMostNanos) {
        return world.runUntil(() -> {
            SimulatedNode leader = leader();
            return leader != null && leader.core().status().ready();
        }, atMostNanos);
    }

    /**
     * Whether losing this node's disk is one fault among healthy others, whose stores everybody knows. Of the nodes of
     * the first start one may lose it: a majority of them with empty disks is a first start.
     */
    boolean mayWipe(SimulatedNode victim) {
        SimulatedNode leader = leader();
        if (leader == null || leader == victim || leader.administering() > 0
            || membership.votes(victim.id()) && founderWiped != null && founderWiped != victim) {
            return false;
        }
        Membership agreed = leader.core().status().membership();
        return !agreed.isJoint() && agreed.voters().size() >= 3 && agreed.joining().isEmpty()
            && nodes.stream().filter(node -> agreed.contains(node.id())).allMatch(node -> node.isUp()
                && node.core().status().membership().equals(agreed)
                && agreed.voters().stream().allMatch(voter ->
                    agreed.stores().getOrDefault(voter, 0L) == byId.get(voter).store()));
    }

    /** Whether no voter has a new disk that its leader may not have noticed yet. */
    boolean hasEveryStore(SimulatedNode leader) {
        Membership membership = leader.core().status().membership();
        return membership.voters().stream().allMatch(voter -> !membership.stores().containsKey(voter)
            || membership.stores().get(voter) == byId.get(voter).store());
    }

    void wipe(SimulatedNode victim) {
        crash(victim);
        victim.wipe();
        if (membership.votes(victim.id())) {
            founderWiped = victim;
        }
        restart(victim);
    }

    boolean propose(SimulatedNode node, int size) {
        return node.propose(size) instanceof ProposalResult.Accepted;
    }

    // The network

    void sent(SimulatedNode from, Effect.Send send) {
        if (send.request() instanceof Message.Vote vote) {
            check(from.hardOnDisk().term().value() == vote.term()
                && from.hardOnDisk().votedFor().filter(from.id()::equals).isPresent(),
                "%s asks for votes in term %s before its own is durable: %s", from.id(), vote.term(),
                from.hardOnDisk());
        }
        if (send.request() instanceof Message.Vote || send.request() instanceof Message.PreVote) {
            check(from.core().membership().votes(from.id())
                || from.core().membershipIndex() > from.commitIndex(), "%s campaigns, no voter of %s", from.id(),
                from.core().membership());
        }
        SimulatedNode to = byId.get(send.to());
        Call call = new Call(from, from.incarnation(), to, send, new boolean[1]);
        Message.Request request = overWire ? recode(send.request()) : send.request();
        world.schedule(send.timeoutNanos(), () -> end(call, new Input.CallFailed(to.id(), send.request())));
        if (!to.isUp()) {
            world.schedule(50 * MICRO, () -> end(call, new Input.CallFailed(to.id(), send.request())));
        } else if (passes(from, to)) {
            int receiving = to.incarnation();
            world.schedule(delay(), () -> {
                if (to.incarnation() == receiving) {
                    to.handIn(new Input.Received(from.id(), request, call));
                }
            });
        }
    }

    void replied(SimulatedNode node, Call call, Message.Response response) {
        check(node.hardOnDisk().term().value() >= response.term(), "%s answers in term %s, durable is %s", node.id(),
            response.term(), node.hardOnDisk());
        if (response instanceof Message.VoteResponse vote && vote.granted()
            && call.send().request() instanceof Message.Vote) {
            HardState hard = node.hardOnDisk();
            check(hard.term().value() == vote.term() && hard.votedFor().filter(call.from().id()::equals).isPresent(),
                "%s says that it votes for %s in term %s, durable is %s", node.id(), call.from().id(), vote.term(),
                hard);
        }
        if (response instanceof Message.AppendResponse append && append.outcome() == Message.AppendOutcome.MATCHED) {
            Message.Append request = (Message.Append) call.send().request();
            long term = request.entries().isEmpty() ? request.prevTerm() : request.entries().getLast().term();
            check(node.hasOnDisk(append.index(), term), "%s acknowledges entry %s of term %s, its disk ends at %s",
                node.id(),
                append.index(), term, node.lastOnDisk());
        }
        if (passes(node, call.from())) {
            world.schedule(delay(), () -> end(call,
                new Input.Answered(node.id(), call.send().request(), call.send().sentNanos(), response)));
        }
    }

    private void end(Call call, Input input) {
        if (!call.over()[0]) {
            call.over()[0] = true;
            if (call.from().incarnation() == call.incarnation()) {
                call.from().handIn(input);
            }
        }
    }

    private boolean passes(SimulatedNode from, SimulatedNode to) {
        return !cut.contains(new Link(from.id(), to.id())) && world.random().nextInt(100) >= dropPercent;
    }

    private long delay() {
        if (slowNetwork && world.random().nextInt(10) == 0) {
            return world.random().nextLong(3 * SECOND);
        }
        return (20 + world.random().nextLong(2_000)) * MICRO;
    }

    private Message.Request recode(Message.Request request) {
        BytesWriter all = new BytesWriter();
        codec.encode(request).forEach(all::raw);
        try {
            return codec.decodeRequest(MessageCodec.typeOf(request), all.toBytes());
        } catch (MalformedBytesException e) {
            throw new AssertionError("found an own message that cannot be read: " + request, e);
        }
    }

    // The properties (thesis figure 3.2)

    void leads(SimulatedNode node) {
        long term = node.core().status().term().value();
        NodeId before = leaders.putIfAbsent(term, node.id());
        check(before == null || before.equals(node.id()), "Election Safety: %s and %s both lead term %s", before,
            node.id(),
            term);
        if (before == null) {
            elections++;
            for (LogEntry entry : committed) {
                check(node.core().log().matches(entry.index(), entry.term()),
                    "Leader Completeness: %s leads term %s without the committed %s", node.id(), term, entry);
            }
        }
    }

    void committed(SimulatedNode node, long from, long to) {
        check(to > from, "%s: the commit index goes from %s back to %s", node.id(), from, to);
        for (long index = from + 1; index <= to; index++) {
            long term = node.core().log().termAt(index);
            if (index <= committed.size()) {
                check(committed.get((int) index - 1).term() == term,
                    "State Machine Safety: %s commits term %s at %s, another committed %s", node.id(), term, index,
                    committed.get((int) index - 1));
                continue;
            }
            long at = index;
            Set<NodeId> durable = new TreeSet<>();
            // Or was durable on the disk that a node has lost since: its acknowledgement may have been on its way.
            nodes.stream().filter(other -> other.hasOnDisk(at, term)
                || node.decidedUnder().stores().getOrDefault(other.id(), other.store()) != other.store())
                .forEach(other -> durable.add(other.id()));
            check(Quorum.has(node.decidedUnder(), durable), "%s commits %s of term %s, durable on %s, with %s",
                node.id(), index, term, durable, node.decidedUnder());
            LogEntry entry = node.core().entry(index);
            committed.add(entry != null ? entry : node.onDisk(index));
        }
    }

    void administered(AdministrationResult result) {
        switch (result) {
            case AdministrationResult.Done done when done.detail().endsWith(" leads") -> transfers++;
            case AdministrationResult.Done done -> changes++;
            case AdministrationResult.Refused refused -> { }
            case AdministrationResult.NotLeader elsewhere -> { }
            case AdministrationResult.Unknown open -> { }
        }
    }

    void read(SimulatedNode node, long index, long committedBefore) {
        readsAnswered++;
        check(index >= committedBefore, "%s reads at %s what was asked when %s was committed", node.id(), index,
            committedBefore);
    }

    /** Any two logs that have an entry of the same index and term are the same up to it. */
    void checkLogMatching() {
        for (SimulatedNode a : nodes) {
            for (SimulatedNode b : nodes) {
                boolean same = false;
                for (long i = Math.min(a.lastOnDisk(), b.lastOnDisk()); i > 0; i--) {
                    same |= a.onDisk(i).term() == b.onDisk(i).term();
                    check(!same || a.onDisk(i).equals(b.onDisk(i)), "Log Matching: %s and %s differ at %s", a.id(),
                        b.id(),
                        i);
                }
            }
        }
    }

    private void check(boolean holds, String format, Object... args) {
        if (!holds) {
            throw new AssertionError(String.format(format, args) + " (at " + world.clock().nanoTime() / MILLI + " ms)");
        }
    }
}
