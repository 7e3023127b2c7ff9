package io.quorate.raft.core;

import io.quorate.api.Bytes;
import io.quorate.api.LogIndex;
import io.quorate.api.NodeId;
import io.quorate.api.Term;
import io.quorate.raft.log.EntryCodec;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.SnapshotMeta;
import io.quorate.raft.log.TermIndex;
import io.quorate.spi.consensus.AdministrationResult;
import io.quorate.spi.consensus.Consensus.ProposalResult;
import io.quorate.spi.consensus.Consensus.ReadIndexResult;
import io.quorate.spi.consensus.ConsensusStatus;
import io.quorate.spi.consensus.ConsensusTrace;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.Overload;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.random.RandomGenerator;

/**
 * One node's Raft, without a thread, a clock, a disk or a network: {@link #step} takes what happened and the time, and
 * gives what is to be done. Given the same inputs and random numbers it does the same.
 *
 * <p>What gathers within a turn of the host's loop is done once at its end, by {@link Input.TurnEnd}: writing, sending
 * appends, asking for read indexes.
 *
 * <p>Times are nanoseconds from an arbitrary origin, never negative, never going back. The roles and the transitions
 * between them are in {@link Role}.
 *
 * <p>Not thread-safe. A {@link BrokenInvariantException} leaves it in an undefined state; it must not be used further.
 */
public final class RaftCore {

    /**
     * What a core begins with.
     *
     * @param self this node
     * @param random the one source of its random decisions
     * @param hardState as recovered
     * @param terms the terms of all recovered entries, all of which are durable; taken over
     * @param bootstrap the configuration of the first start
     * @param configurations the recovered entries of that type
     * @param store the number of this node's data directory; 0: it has none, and nobody can tell that it was replaced
     * @param trace hears every step that safety depends on
     * @param snapshot the newest snapshot, whose last entry the log has, or begins behind
     * @param windowBytes what the entries in memory may cost, see {@link io.quorate.spi.HeapLimits}
     * @param features the labels of the features of this node's build
     */
    public record Start(NodeId self, RaftSettings settings, EntryCodec codec, RandomGenerator random,
        HardState hardState, TermIndex terms, Membership bootstrap, List<LogEntry> configurations, long store,
        ConsensusTrace trace, Optional<SnapshotMeta> snapshot, long windowBytes, SortedSet<String> features) {
    }

    private final NodeId self;
    private final RaftSettings settings;
    private final EntryCodec codec;
    private final Delays delays;
    private final Effects effects = new Effects();
    private final RaftLog log;
    private final MembershipLog memberships;
    private final Compaction compaction;
    private final DurabilityGate gate;
    private final Calls calls = new Calls(this);
    private final ReadForwarder reads = new ReadForwarder(this);
    private final Administration administration = new Administration(this);
    private final Eligibility eligibility;
    private final Placement placement = new Placement(this);
    private final Promise promise;
    private final Features features;
    private final long store;
    private final Trace trace;

    private long term;
    private NodeId votedFor;
    private long hardVersion;
    private long handedOutHardVersion;
    private Role role;
    private int attempts;
    private boolean storageFull;
    private boolean turnOpen;
    private long now;
    private ConsensusStatus reported;

    public RaftCore(Start start, long nowNanos) {
        this.self = start.self();
        this.settings = start.settings();
        this.codec = start.codec();
        this.delays = new Delays(settings, start.random());
        this.term = start.hardState().term().value();
        this.votedFor = start.hardState().votedFor().orElse(null);
        SnapshotMeta snapshot = start.snapshot().orElse(null);
        this.log = new RaftLog(start.terms(), snapshot == null ? 0 : snapshot.index(), start.windowBytes(),
            settings.snapshots().logBytes() / RaftLimits.LOG_VOLUME_STEPS);
        this.memberships = snapshot == null ? new MembershipLog(0, start.bootstrap(), start.configurations())
            : new MembershipLog(snapshot.membershipIndex(), snapshot.membership(), start.configurations());
        this.eligibility = new Eligibility(this, memberships);
        this.compaction = new Compaction(this, memberships, snapshot);
        this.gate = new DurabilityGate(log.durableIndex(), effects::add,
            (to, request) -> send(to, request, settings.electionMinNanos()));
        this.store = start.store();
        this.features = new Features(start.features());
        this.trace = new Trace(start.trace(), log.durableIndex());
        this.promise = new Promise(settings, term > 0, nowNanos);
        this.now = nowNanos;
        Follower follower = new Follower(this, null, nowNanos);
        this.role = follower;
        if (membership().voters().size() == 1 && !membership().isJoint() && membership().votes(self)) {
            follower.campaignWithin(0, nowNanos); // Nobody else could be leading.
        }
        this.reported = status();
        trace.started(term, start.hardState().votedFor(), snapshot, log, membership());
    }

    /**
     * Takes what happened.
     *
     * @return the one queue of what is to be done; it may still hold effects of earlier steps
     */
    public Effects step(Input input, long nowNanos) {
        now = nowNanos;
        switch (input) {
            case Input.Received call -> calls.received(call, now);
            case Input.Answered answer -> calls.answered(answer, now);
            case Input.CallFailed failure -> calls.failed(failure, now);
            case Input.PersistCompleted write -> persisted(write.sequence());
            case Input.HardStatePersisted hard -> durable(hard.version());
            case Input.StorageFull full -> storageFull = full.full();
            case Input.EntriesLoaded loaded -> {
                if (role instanceof Leader leader) {
                    leader.loaded(loaded.peer(), loaded.from(), loaded.entries(), now);
                }
            }
            case Input.SnapshotTaken taken -> compaction.taken(taken, now);
            case Input.ChunkLoaded loaded -> calls.chunkLoaded(loaded, now);
            case Input.ChunkReceived received -> calls.incoming().received(received);
            case Input.SnapshotReceived received -> calls.incoming().committed(received);
            case Input.ReadRequested read -> {
                if (role instanceof Leader leader) {
                    leader.read(read.token(), false, read.leaseSuffices(), now);
                } else {
                    reads.add(read.token(), read.leaseSuffices());
                }
            }
            case Input.PeerPresence presence -> presence(presence.peer(), presence.present());
            case Input.PeerFeatures told -> features.told(told.peer(), told.features(), membership());
            case Input.ClusterExists exists -> eligibility.clusterExists(now);
            case Input.ChangeRequested request -> administration.change(request, now);
            case Input.TransferRequested request -> administration.transfer(request, now);
            case Input.Tick tick -> {
                role.tick(now);
                administration.tick(now);
            }
            case Input.TurnEnd end -> turnEnd();
        }
        turnOpen = !(input instanceof Input.TurnEnd);
        reportStatus();
        return effects;
    }

    /** The queue that {@link #step} returns. */
    public Effects effects() {
        return effects;
    }

    /** Whether something has happened since the last {@link Input.TurnEnd}. */
    public boolean turnOpen() {
        return turnOpen;
    }

    /** When to hand in {@link Input.Tick}, unless something else is handed in before; {@link Long#MAX_VALUE}: never. */
    public long deadlineNanos() {
        return Math.min(role.deadlineNanos(), administration.deadlineNanos());
    }

    /**
     * Proposes an entry; it is written and sent at the end of the turn.
     *
     * @throws IllegalArgumentException if the type is not the host's to propose, or the payload is larger than
     *     {@link EntryCodec#MAX_PAYLOAD_BYTES}
     */
    public ProposalResult propose(EntryType type, List<Bytes> payload) {
        if (type != EntryType.COMMANDS && type != EntryType.REGISTRY && type != EntryType.SESSIONS) {
            throw new IllegalArgumentException("found a proposal of type " + type
                + ", expected COMMANDS, REGISTRY or SESSIONS");
        }
        if (!(role instanceof Leader leader)) {
            return new ProposalResult.NotLeader(Optional.ofNullable(leader()));
        }
        if (leader.isHandingOver()) {
            // The target would never have everything, and what it lacks would be lost with this leadership.
            return new ProposalResult.Overloaded(Overload.HANDING_OVER, RaftLimits.TRANSFER_RETRY_MILLIS);
        }
        if (storageFull) {
            return new ProposalResult.Overloaded(Overload.DISK_FULL, RaftLimits.STORAGE_FULL_RETRY_MILLIS);
        }
        if (log.isUncommittedFull()) {
            return new ProposalResult.Overloaded(Overload.UNCOMMITTED, RaftLimits.OVERLOADED_RETRY_MILLIS);
        }
        if (log.isUndurableFull()) {
            // The followers alone can commit while this node's own disk hangs; without this line everything that is
            // proposed meanwhile would gather in memory.
            return new ProposalResult.Overloaded(Overload.DISK_SLOW, RaftLimits.OVERLOADED_RETRY_MILLIS);
        }
        LogEntry entry = appendOwn(type, payload);
        turnOpen = true;
        return new ProposalResult.Accepted(new Term(term), new LogIndex(entry.index()));
    }

    public ConsensusStatus status() {
        boolean ready = role instanceof Leader leader ? leader.isReady() : leader() != null;
        return new ConsensusStatus(role.kind(), new Term(term), Optional.ofNullable(leader()),
            new LogIndex(log.commitIndex()), new LogIndex(log.lastIndex()), ready, membership());
    }

    /** The entry, or null if it is no longer in memory; it is then durable and can be read from the log's store. */
    public LogEntry entry(long index) {
        return log.entry(index);
    }

    /** The first entry that is in memory. */
    public long firstInMemory() {
        return log.firstInMemory();
    }

    /** What belongs to a snapshot of the state that has applied {@code index}; empty if none can be taken there. */
    public Optional<SnapshotPoint> snapshotPoint(long index) {
        return compaction.point(index);
    }

    // Inputs

    private void persisted(long sequence) {
        log.completed(sequence);
        durable(log.completedHardVersion());
        if (role instanceof Leader leader) {
            leader.advanceCommit(now);
        }
    }

    private void durable(long version) {
        trace.durable(version, log.durableIndex());
        gate.durable(version, log.durableIndex());
        if (role instanceof Candidate candidate) {
            candidate.ownVoteDurable(now);
        }
    }

    private void presence(NodeId peer, boolean present) {
        switch (role) {
            case Follower follower -> {
                if (peer.equals(follower.leader())) {
                    follower.leaderPresence(present, now);
                }
            }
            case Candidate candidate -> {
                if (present) {
                    candidate.peerAppeared(now);
                }
            }
            case Leader leader -> {
                if (present) {
                    leader.peerAppeared(peer);
                }
            }
        }
    }

    private void turnEnd() {
        boolean hardWaits = handedOutHardVersion != hardVersion;
        if (hardWaits || log.hasUnsaved()) {
            handedOutHardVersion = hardVersion;
            Optional<HardState> hard = hardWaits
                ? Optional.of(new HardState(new Term(term), Optional.ofNullable(votedFor))) : Optional.empty();
            hard.ifPresent(state -> trace.hardStateWritten(hardVersion, state));
            emit(log.takeUnsaved(hard, hardVersion));
        }
        reads.turnEnd();
        if (role instanceof Leader leader) {
            leader.turnEnd(now);
        }
    }

    private void reportStatus() {
        Role current = role;
        boolean ready = current instanceof Leader leader ? leader.isReady() : current.leader() != null;
        if (reported.role() != current.kind() || reported.term().value() != term || reported.ready() != ready
            || !reported.leader().equals(Optional.ofNullable(current.leader()))
            || reported.membership() != membership()) {
            reported = status();
            emit(new Effect.StatusChanged());
        }
    }

    // Transitions

    /** A higher term has been seen: this node is its follower, of nobody yet. */
    void adoptTerm(long newTerm, long now) {
        changeTerm(newTerm, null);
        switch (role) {
            case Leader leader -> become(new Follower(this, null, now));
            case Follower follower -> {
                if (follower.leader() != null) {
                    become(new Follower(this, null, now));
                }
            }
            case Candidate candidate -> {
                // Whoever it learnt the term from may have the worse log: it must not sit out a whole election timeout.
                Follower follower = new Follower(this, null, now);
                follower.campaignWithin(delays.retryNanos(candidate.attempt()), now);
                become(follower);
            }
        }
    }

    /** {@code leader} speaks for {@code itsTerm}, which is not below this node's. */
    Follower follow(NodeId leader, long itsTerm, long now) {
        boolean newTerm = itsTerm > term;
        if (newTerm) {
            changeTerm(itsTerm, null);
        } else if (role.leader() != null && !role.leader().equals(leader)) {
            throw new BrokenInvariantException("found " + leader + " leading term " + term + ", expected "
                + role.leader()
                + ": there must be at most one leader in a term");
        }
        attempts = 0;
        administration.otherLeads(leader);
        placement.otherLeads();
        if (!newTerm && role instanceof Follower follower && leader.equals(follower.leader())) {
            follower.heard(now);
            return follower;
        }
        Follower follower = new Follower(this, leader, now);
        become(follower);
        return follower;
    }

    /** Leads no more, without knowing of a newer term. */
    void stepDown(long now) {
        become(new Follower(this, null, now));
    }

    /** Asks whether it could win an election. */
    void becomePreCandidate(long now) {
        if (!eligibility.mayCampaign()) {
            become(new Follower(this, null, now));
            return;
        }
        Candidate candidate = new Candidate(this,
            new Message.PreVote(term + 1, log.lastIndex(), log.lastTerm()), 0, attempts++, now);
        trace.campaigned(term + 1, true);
        become(candidate);
        candidate.begin(now);
    }

    /**
     * Begins a new term and votes for itself in it (thesis §3.4).
     *
     * @param handedOver whether the leader wants it so
     */
    void becomeCandidate(boolean handedOver, long now) {
        changeTerm(term + 1, self);
        trace.campaigned(term, false);
        Candidate candidate = new Candidate(this,
            new Message.Vote(term, log.lastIndex(), log.lastTerm(), handedOver), hardVersion, attempts, now);
        become(candidate);
        candidate.begin(now);
    }

    void becomeLeader(long now) {
        attempts = 0;
        trace.becameLeader(term, log);
        Leader leader = new Leader(this, now);
        become(leader);
        leader.begin(appendNoOp(), now);
    }

    private void become(Role next) {
        Role before = role;
        gate.dropRequests();
        role = next;
        if (before instanceof Leader leader) {
            leader.end();
            administration.leadershipEnded();
            trace.steppedDown(leader.term());
        } else if (next instanceof Leader) {
            administration.leadershipBegan();
            placement.leadershipBegan(now);
        }
    }

    private void changeTerm(long newTerm, NodeId vote) {
        if (newTerm <= term) {
            throw new BrokenInvariantException("found term " + newTerm + " to follow term " + term
                + ", expected a higher one");
        }
        term = newTerm;
        votedFor = vote;
        hardVersion++;
        trace.termAdopted(term);
        if (vote != null) {
            trace.voted(term, vote);
        }
        gate.termChanged(term, hardVersion);
    }

    void voteFor(NodeId candidate) {
        votedFor = candidate;
        hardVersion++;
        trace.voted(term, candidate);
    }

    // What the roles share

    NodeId self() {
        return self;
    }

    RaftSettings settings() {
        return settings;
    }

    RaftLog log() {
        return log;
    }

    DurabilityGate gate() {
        return gate;
    }

    Role role() {
        return role;
    }

    boolean isCurrent(Role candidate) {
        return role == candidate;
    }

    NodeId leader() {
        return role.leader();
    }

    long term() {
        return term;
    }

    NodeId votedFor() {
        return votedFor;
    }

    /** Counts the changes of term and vote. */
    long hardVersion() {
        return hardVersion;
    }

    Membership membership() {
        return memberships.current();
    }

    ReadForwarder reads() {
        return reads;
    }

    Administration administration() {
        return administration;
    }

    Placement placement() {
        return placement;
    }

    Promise promise() {
        return promise;
    }

    Trace trace() {
        return trace;
    }

    Features features() {
        return features;
    }

    /** The number of this node's data directory; 0: none. */
    long store() {
        return store;
    }

    long membershipIndex() {
        return memberships.currentIndex();
    }

    Compaction compaction() {
        return compaction;
    }

    boolean isStorageFull() {
        return storageFull;
    }

    /** Whether this node may campaign, and vote. */
    Eligibility eligibility() {
        return eligibility;
    }

    Delays delays() {
        return delays;
    }

    /** Appends a configuration of this leader's making; it is in force at once and sent at the turn's end. */
    long appendConfiguration(Membership membership) {
        return appendOwn(EntryType.CONFIGURATION, List.of(membership.encode())).index();
    }

    /** Appends an entry of this leader's that says nothing. */
    long appendNoOp() {
        return appendOwn(EntryType.NO_OP, List.of()).index();
    }

    private LogEntry appendOwn(EntryType type, List<Bytes> payload) {
        LogEntry entry = codec.encode(term, log.lastIndex() + 1, type, payload);
        append(entry);
        return entry;
    }

    void append(LogEntry entry) {
        log.append(entry);
        trace.appended(entry);
        if (memberships.appended(entry)) {
            features.check(membership(), "the configuration at index " + entry.index());
            trace.membershipInForce(memberships.currentIndex(), membership());
            if (role instanceof Leader leader) {
                leader.membershipChanged(now);
            }
        }
    }

    void truncateFrom(long index) {
        log.truncateFrom(index);
        trace.truncated(index);
        if (memberships.truncatedFrom(index)) {
            trace.membershipInForce(memberships.currentIndex(), membership());
        }
        gate.truncated(index - 1);
    }

    void commitTo(long index) {
        if (log.commitTo(index)) {
            trace.committed(index);
            emit(new Effect.CommitAdvanced(index));
        }
    }

    void emit(Effect effect) {
        effects.add(effect);
    }

    void send(NodeId to, Message.Request request, long timeoutNanos) {
        emit(new Effect.Send(to, request, now, timeoutNanos));
    }

    void readAt(Object token, boolean remote, long index) {
        if (remote) {
            emit(new Effect.Reply(token, new Message.ReadIndexResponse(term, Message.ReadOutcome.AT, index)));
        } else {
            readReady(token, new ReadIndexResult.At(new LogIndex(index)));
        }
    }

    void unavailable(Object token, boolean remote, String reason) {
        if (remote) {
            gate.reply(token, new Message.ReadIndexResponse(term, Message.ReadOutcome.UNAVAILABLE, 0), hardVersion, 0);
        } else {
            readReady(token, new ReadIndexResult.Unavailable(reason));
        }
    }

    void administered(Object token, AdministrationResult result) {
        emit(new Effect.Administered(token, result));
    }

    void readReady(Object token, ReadIndexResult result) {
        emit(new Effect.ReadReady(token, result));
    }
}
