package io.quorate.raft.core;

import io.quorate.api.Bytes;
import io.quorate.api.ClusterId;
import io.quorate.api.NodeId;
import io.quorate.api.Term;
import io.quorate.raft.log.EntryCodec;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.SnapshotMeta;
import io.quorate.raft.log.TermIndex;
import io.quorate.spi.consensus.AdministrationResult;
import io.quorate.spi.consensus.Consensus.ProposalResult;
import io.quorate.spi.consensus.ConsensusStatus;
import io.quorate.spi.consensus.ConsensusTrace;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.MembershipChange;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** One core on a bench: a test hands in every input and sees every effect. The core under test is {@link #SELF}. */
final class OneCore {

    static final NodeId SELF = new NodeId("self");
    static final NodeId A = new NodeId("a");
    static final NodeId B = new NodeId("b");
    static final NodeId C = new NodeId("c");
    static final NodeId D = new NodeId("d");
    static final long MILLI = 1_000_000;
    static final EntryCodec ENTRIES = new EntryCodec(new ClusterId("bench"));

    final RaftSettings settings;
    final List<Effect> seen = new ArrayList<>();
    final List<ConsensusTrace.Event> traced = new ArrayList<>();
    RaftCore core;
    long now;
    private long windowBytes = RaftLimits.MAX_WINDOW_BYTES;
    private SortedSet<String> features = new TreeSet<>();
    private int calls;

    private OneCore(RaftSettings settings) {
        this.settings = settings;
    }

    /** A core of {@link #SELF}, {@link #A} and {@link #B} whose durable log has entries of these terms. */
    static OneCore ofThree(long term, NodeId votedFor, long... logTerms) {
        return of(voters(SELF, A, B), term, votedFor, logTerms);
    }

    static OneCore of(Membership membership, long term, NodeId votedFor, long... logTerms) {
        return of(membership, RaftSettings.defaults(), 0, term, votedFor, logTerms);
    }

    static OneCore of(Membership membership, RaftSettings settings, long store, long term, NodeId votedFor,
        long... logTerms) {
        return of(membership, settings, store, RaftLimits.MAX_WINDOW_BYTES, term, votedFor, logTerms);
    }

    /** A core of a build with these features, and nothing in its log. */
    static OneCore withFeatures(Membership membership, SortedSet<String> features) {
        OneCore bench = new OneCore(RaftSettings.defaults());
        bench.features = features;
        return bench.begin(membership, 0, 0, null);
    }

    static OneCore of(Membership membership, RaftSettings settings, long store, long windowBytes, long term,
        NodeId votedFor, long... logTerms) {
        OneCore bench = new OneCore(settings);
        bench.windowBytes = windowBytes;
        return bench.begin(membership, store, term, votedFor, logTerms);
    }

    private OneCore begin(Membership membership, long store, long term, NodeId votedFor, long... logTerms) {
        TermIndex terms = new TermIndex();
        for (int i = 0; i < logTerms.length; i++) {
            terms.append(i + 1, logTerms[i]);
        }
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(42);
        core = new RaftCore(new RaftCore.Start(SELF, settings, ENTRIES, random,
            new HardState(new Term(term), Optional.ofNullable(votedFor)), terms, membership, List.of(), store,
            traced::add, Optional.empty(), windowBytes, features), 0);
        return this;
    }

    /** A core whose log goes on from {@code snapshot} with durable entries of these terms. */
    static OneCore behind(SnapshotMeta snapshot, long term, long... logTerms) {
        OneCore bench = new OneCore(RaftSettings.parse(Map.of("log-entries-behind-snapshot", "2")));
        TermIndex terms = new TermIndex(snapshot.index() + 1, snapshot.term());
        for (int i = 0; i < logTerms.length; i++) {
            terms.append(snapshot.index() + 1 + i, logTerms[i]);
        }
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(42);
        bench.core = new RaftCore(new RaftCore.Start(SELF, bench.settings, ENTRIES, random,
            new HardState(new Term(term), Optional.empty()), terms, voters(C, D), List.of(), 0,
            bench.traced::add, Optional.of(snapshot), bench.windowBytes, bench.features), 0);
        return bench;
    }

    static Membership voters(NodeId... nodes) {
        return membership(List.of(nodes), List.of());
    }

    static Membership membership(List<NodeId> voters, List<NodeId> learners) {
        return new Membership(new TreeSet<>(voters), new TreeSet<>(learners), new TreeMap<>());
    }

    static LogEntry entry(long index, long term) {
        return entry(index, term, "entry " + index + " of term " + term);
    }

    static LogEntry entry(long index, long term, String payload) {
        return ENTRIES.encode(term, index, EntryType.COMMANDS, List.of(Bytes.utf8(payload)));
    }

    static LogEntry configuration(long index, long term, Membership membership) {
        return ENTRIES.encode(term, index, EntryType.CONFIGURATION, List.of(membership.encode()));
    }

    static Message.Append append(long term, long prevIndex, long prevTerm, long commit, LogEntry... entries) {
        return new Message.Append(term, prevIndex, prevTerm, commit, List.of(entries));
    }

    // Inputs

    /** Hands in, and lets the turn end. @return what it caused */
    List<Effect> step(Input input) {
        List<Effect> caused = stepOnly(input);
        caused.addAll(stepOnly(new Input.TurnEnd()));
        return caused;
    }

    List<Effect> stepOnly(Input input) {
        List<Effect> caused = new ArrayList<>();
        Effects effects = core.step(input, now);
        for (Effect effect = effects.poll(); effect != null; effect = effects.poll()) {
            caused.add(effect);
        }
        seen.addAll(caused);
        return caused;
    }

    /** A call arrives. @return its token */
    String receive(NodeId from, Message.Request request) {
        String token = from + "#" + calls++;
        step(new Input.Received(from, request, token));
        return token;
    }

    /** A call arrives and is answered at once or after everything is durable. */
    Message.Response ask(NodeId from, Message.Request request) {
        String token = receive(from, request);
        persistAll();
        return reply(token);
    }

    /** Everything handed out is durable. */
    void persistAll() {
        long last = persists().stream().mapToLong(Effect.Persist::sequence).max().orElse(0);
        if (last > 0) {
            step(new Input.PersistCompleted(last));
        }
    }

    void answer(Effect.Send send, Message.Response response) {
        step(new Input.Answered(send.to(), send.request(), send.sentNanos(), response));
    }

    void tickAfter(long millis) {
        now += millis * MILLI;
        step(new Input.Tick());
    }

    /** Time goes on to the core's deadline. */
    void tickAtDeadline() {
        now = Math.max(now, core.deadlineNanos());
        step(new Input.Tick());
    }

    ProposalResult propose() {
        ProposalResult result = core.propose(EntryType.COMMANDS, List.of(Bytes.utf8("proposal")));
        stepOnly(new Input.TurnEnd());
        return result;
    }

    /** Becomes leader of the next term, with the votes of {@code voter} and all others silent; nothing is committed. */
    OneCore elected(NodeId voter) {
        tickAtDeadline();
        answer(lastSend(Message.PreVote.class, voter), new Message.VoteResponse(core.term(), true));
        persistAll();
        answer(lastSend(Message.Vote.class, voter), new Message.VoteResponse(core.term(), true));
        return this;
    }

    /** Leads, and everything in its log is durable on itself and {@code follower}, and committed. */
    OneCore leading(NodeId follower) {
        elected(follower);
        persistAll();
        acknowledge(follower);
        return this;
    }

    /** {@code follower} acknowledges appends until none is sent to it any more. */
    void acknowledge(NodeId follower) {
        Effect.Send last = null;
        for (Effect.Send send = lastSend(Message.Append.class, follower); send != last;
            send = lastSend(Message.Append.class, follower)) {
            last = send;
            answer(send, Message.AppendResponse.matched(core.term(), ((Message.Append) send.request()).lastIndex()));
        }
    }

    // Administration

    /** Asks for a change of the membership. */
    void change(String token, MembershipChange change, boolean force) {
        step(new Input.ChangeRequested(token, change, force, 10_000 * MILLI));
    }

    /** What was answered to a change or transfer, or null. */
    AdministrationResult outcome(String token) {
        return seen.stream().filter(Effect.Administered.class::isInstance).map(Effect.Administered.class::cast)
            .filter(done -> done.token().equals(token)).map(Effect.Administered::result)
            .reduce((a, b) -> {
                throw new AssertionError("two answers: " + a + ", " + b);
            }).orElse(null);
    }

    Membership membership() {
        return core.status().membership();
    }

    /** Everything under way is durable here and acknowledged by {@code followers}, until nothing moves any more. */
    void settle(NodeId... followers) {
        long before = -1;
        while (before != seen.size()) {
            before = seen.size();
            persistAll();
            for (NodeId follower : followers) {
                if (lastSend(Message.Append.class, follower) != null) {
                    acknowledge(follower);
                }
            }
        }
    }

    /** A heartbeat interval passes, and {@code followers} answer the heartbeats that leave. */
    void heartbeats(NodeId... followers) {
        int before = seen.size();
        tickAfter(settings.heartbeatNanos() / MILLI);
        answerHeartbeats(before, 0, followers);
    }

    void answerHeartbeats(int from, int promiseMillis, NodeId... followers) {
        for (Effect effect : List.copyOf(seen.subList(from, seen.size()))) {
            if (effect instanceof Effect.Send send && send.request() instanceof Message.Heartbeat beat
                && List.of(followers).contains(send.to())) {
                answer(send, new Message.HeartbeatResponse(core.term(), true, beat.nonce(), false, 0, 50,
                    promiseMillis));
            }
        }
    }

    // Effects

    <T extends Effect> List<T> effects(Class<T> type) {
        return seen.stream().filter(type::isInstance).map(type::cast).toList();
    }

    <T extends Message.Request> List<Effect.Send> sends(Class<T> type) {
        return seen.stream().filter(Effect.Send.class::isInstance).map(Effect.Send.class::cast)
            .filter(send -> type.isInstance(send.request())).toList();
    }

    <T extends Message.Request> Effect.Send lastSend(Class<T> type, NodeId to) {
        return sends(type).stream().filter(send -> send.to().equals(to)).reduce((a, b) -> b).orElse(null);
    }

    Message.Append lastAppend(NodeId to) {
        return (Message.Append) lastSend(Message.Append.class, to).request();
    }

    Message.Heartbeat lastHeartbeat(NodeId to) {
        return (Message.Heartbeat) lastSend(Message.Heartbeat.class, to).request();
    }

    List<Effect.Persist> persists() {
        return seen.stream().filter(Effect.Persist.class::isInstance).map(Effect.Persist.class::cast).toList();
    }

    /** The answer to a call, or null if there is none yet. */
    Message.Response reply(String token) {
        return seen.stream().filter(Effect.Reply.class::isInstance).map(Effect.Reply.class::cast)
            .filter(reply -> reply.token().equals(token)).map(Effect.Reply::response).findFirst().orElse(null);
    }

    List<Effect.ReadReady> reads() {
        return seen.stream().filter(Effect.ReadReady.class::isInstance).map(Effect.ReadReady.class::cast).toList();
    }

    long commitIndex() {
        return core.status().commitIndex().value();
    }

    long lastIndex() {
        return core.status().lastIndex().value();
    }

    ConsensusStatus.Role role() {
        return core.status().role();
    }
}
