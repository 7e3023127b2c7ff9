package io.quorate.registry.node;

import io.quorate.api.Bytes;
import io.quorate.api.Configuration;
import io.quorate.api.LogIndex;
import io.quorate.api.NodeId;
import io.quorate.api.NodeStatus;
import io.quorate.api.PeerEvent;
import io.quorate.api.PeerStatus;
import io.quorate.api.PeerView;
import io.quorate.api.Standing;
import io.quorate.registry.directory.Reconciler;
import io.quorate.registry.directory.RegistrySnapshot;
import io.quorate.registry.directory.RegistryState;
import io.quorate.registry.directory.Sighting;
import io.quorate.registry.session.AdmissionPolicy;
import io.quorate.registry.session.DialTarget;
import io.quorate.registry.session.Incarnation;
import io.quorate.registry.session.LocalDescription;
import io.quorate.registry.session.NodePresence;
import io.quorate.registry.session.PeerSession;
import io.quorate.registry.session.RefusalEvent;
import io.quorate.registry.session.SessionListener;
import io.quorate.registry.session.Sessions;
import io.quorate.spi.consensus.CommittedEntry;
import io.quorate.spi.consensus.Consensus;
import io.quorate.spi.consensus.ConsensusContext;
import io.quorate.spi.consensus.ConsensusHost;
import io.quorate.spi.consensus.ConsensusStatus;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.FrozenState;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.StateSource;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.time.NodeLoop;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.RefusalReason;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node's inside: wires sessions, consensus, registry and state machine to one another on the loop.
 *
 * <p>Events set a mark; at the end of the turn the level is looked at, once for however many events. So a new
 * incarnation, whose predecessor's end and whose own admission are one turn, is never seen as an absence.
 */
final class NodeCore implements ConsensusHost, SessionListener, AdmissionPolicy, Applier.Listener, NodeServer.Services,
        Reconciler.Surroundings {

    private static final Logger LOG = LoggerFactory.getLogger(ControlPlaneNode.class);

    /** How old a change of a peer's status may be to be logged as news. */
    private static final long NEWS_MILLIS = 10_000;

    private final NodeSettings settings;
    private final NodeLoop loop;
    private final Executor applyThread;
    private final String stateMachineName;
    private final long incarnation;
    private final long startedNanos;
    private final CompletableFuture<NodeFailure> failure = new CompletableFuture<>();
    private final RegistryState registry = new RegistryState();
    private final ClientSessions clientSessions;
    private final Applier applier;
    private final Sessions sessions;
    private final Consensus consensus;
    private final KnownFeatures knownFeatures;
    private final SessionClock sessionClock;
    private final Submissions submissions;
    private final Reads reads;
    private final Watches watches;
    private final PresenceExchange presence;
    private final Reconciler reconciler;
    private final Vouching vouching;
    private final Departure departure;

    private final SortedSet<NodeId> toldPresent = new TreeSet<>();
    private List<DialTarget> targets = List.of();
    private boolean lookAgain;
    private boolean begun;
    private boolean hadData;
    /** The latest epoch that another node has told since this one started. */
    private long newestEpoch;
    private boolean toldRemoved;
    private ConsensusStatus status;
    private volatile Optional<String> outOfService = Optional.empty();
    private volatile Optional<String> problem = Optional.empty();

    /** Creates all parts and starts none. */
    NodeCore(NodeSettings settings, NodeLoop loop, Executor applyThread) {
        this.settings = settings;
        this.loop = loop;
        this.applyThread = applyThread;
        this.stateMachineName = settings.stateMachine().name();
        this.incarnation = settings.incarnation().orElseGet(() -> Incarnation.fresh(loop));
        this.startedNanos = loop.clock().nanoTime();
        // Registered before the consensus can register its own: what is proposed in a turn is sent in the same.
        loop.onTurnEnd(this::turnEnd);
        this.clientSessions = new ClientSessions(settings.nodeEnvironment().sessionPace());
        this.applier = new Applier(settings.stateMachine(), registry, clientSessions, settings.counters(), this,
            settings.nodeEnvironment().trace());
        SortedSet<String> features = settings.nodeEnvironment().features();
        this.sessions = new Sessions(new Sessions.Context(loop, settings.identity(), settings.transports(),
            LocalDescription.of(settings.cluster(), settings.identity().self(), incarnation, endpointsBeforeBinding(),
                settings.version(), features),
            this, new NodeServer(this, settings.counters()), this, settings.sessions(), settings.counters(),
            settings.prefer(), settings.requirePostQuantum()));
        this.consensus = settings.consensus().create(new ConsensusContext(settings.self(), settings.cluster(),
            settings.directory(), settings.bootstrap(), loop, sessions, this, settings.consensusSettings(),
            settings.environment(), features));
        this.knownFeatures = new KnownFeatures(settings.self(), features, () -> consensus.status().membership(),
            consensus::peerFeatures);
        this.sessionClock = new SessionClock(loop, consensus, clientSessions);
        this.submissions = new Submissions(loop, settings.self(), consensus,
            new Forwarder(loop, sessions, applyThread), settings.counters());
        this.reads = new Reads(loop, consensus, applier, applyThread, settings.counters());
        this.watches = new Watches(loop, applier, applyThread);
        this.presence = new PresenceExchange(loop, settings.self(), incarnation, sessions, settings.counters());
        this.vouching = new Vouching(loop, settings.self(), settings.bootstrap().endpoints().keySet(), sessions,
            node -> sessions.presence(node).filter(NodePresence::present).isPresent(), settings.counters());
        this.reconciler = new Reconciler(settings.self(), loop, this);
        this.departure = new Departure(loop, settings.self(), consensus, submissions, () -> outOfService.isPresent());
    }

    // ---- Life ----

    /**
     * What the first handshake must know already: transports accept connections before the loop's first task runs.
     * Before the loop runs, or on it.
     */
    void consensusStarted() {
        hadData = consensus.status().lastIndex().value() > 0;
        tellAgreed();
    }

    /** The first task on the loop: consensus has started and transports are bound. */
    void begin() {
        begun = true;
        sessions.advertise(endpointsAfterBinding());
        presence.start();
        statusChanged(consensus.status());
    }

    /** Hands over and ends what it has begun, see {@link Departure}; {@link #stop} follows. Loop only. */
    void leave(Runnable then) {
        if (begun) {
            departure.begin(then);
        } else {
            then.run();
        }
    }

    /** Stops taking part: says goodbye, ends what is under way. Loop only; idempotent. */
    void stop(String why) {
        takeOutOfService(why);
        presence.stop();
        sessions.stop();
    }

    /** Nothing can go on safely: serves nothing but its status from now on. Any thread; the first problem counts. */
    void fail(String what, Throwable cause) {
        loop.execute(() -> {
            if (problem.isPresent()) {
                return;
            }
            problem = Optional.of(what);
            LOG.error("Node {} stops serving: {}. Restart it when the cause is removed.", settings.self(), what, cause);
            takeOutOfService("this node has stopped serving: " + what);
            // Not on the loop, which must go on: others ask for the status, and this may take seconds.
            applyThread.execute(() -> {
                consensus.close();
                failure.complete(new NodeFailure(what, cause));
            });
        });
    }

    private void takeOutOfService(String why) {
        if (outOfService.isPresent()) {
            return;
        }
        outOfService = Optional.of(why);
        applier.stop(why);
        submissions.stop(why);
        reads.stop(why);
        applyThread.execute(applier::endAll);
    }

    // ---- Turn ----

    private void turnEnd() {
        if (!begun) {
            return;
        }
        if (lookAgain) {
            lookAgain = false;
            look();
        }
        reads.turnEnd();
        submissions.turnEnd();
    }

    /** Compares everything with everything: presence with what consensus and the others were told, and the registry. */
    private void look() {
        if (outOfService.isPresent()) {
            return;
        }
        tellAgreed();
        SortedMap<NodeId, NodePresence> seen = sessions.presence();
        List<NodeId> confirmed = new ArrayList<>();
        seen.forEach((node, present) -> {
            boolean memberIsThere = present.present() && status.membership().contains(node);
            if (memberIsThere && toldPresent.add(node)) {
                consensus.peerPresence(node, true);
            } else if (!memberIsThere && toldPresent.remove(node)) {
                consensus.peerPresence(node, false);
            }
            if (memberIsThere && present.confirmed()) {
                confirmed.add(node);
            }
        });
        presence.update(confirmed, status.membership());
        updateTargets(status.membership(), seen);
        reconciler.reconcile();
    }

    private void updateTargets(Membership membership, SortedMap<NodeId, NodePresence> seen) {
        List<DialTarget> wanted = new ArrayList<>();
        RegistrySnapshot records = registry.snapshot();
        SortedSet<NodeId> members = new TreeSet<>(membership.members());
        if (members.isEmpty()) {
            members.addAll(settings.bootstrap().endpoints().keySet());
        }
        for (NodeId member : members) {
            List<Endpoint> endpoints = KnownEndpoints.of(member, settings.bootstrap(), membership,
                Optional.ofNullable(seen.get(member)), records);
            if (!member.equals(settings.self()) && !endpoints.isEmpty()) {
                wanted.add(DialTarget.node(member, endpoints));
            }
        }
        if (!wanted.equals(targets)) {
            targets = wanted;
            sessions.setTargets(wanted);
        }
    }

    // ---- What the sessions tell ----

    @Override
    public void sessionAdmitted(PeerSession session) {
        if (session.node().isPresent() && session.hello().epoch() > 0) {
            newestEpoch = Math.max(newestEpoch, session.hello().epoch());
            consensus.clusterExists();
        }
        knownFeatures.met(session);
        lookAgain = true;
    }

    @Override
    public void refused(RefusalEvent event) {
        if (event.reason() == RefusalReason.FEATURE_MISSING) {
            // Judged after all else: the subject is a verified identity, and names a node.
            knownFeatures.refused(new NodeId(event.subject().substring(event.subject().lastIndexOf('/') + 1)));
        }
        // A node that was removed while it was away has a configuration of before, in which it is a member.
        if (event.reason() == RefusalReason.REFUSED_BY_PEER
                && event.detail().startsWith(RefusalReason.REMOVED_NODE.label()) && !toldRemoved) {
            toldRemoved = true;
            LOG.warn("Node {} was removed from the cluster, says {}. Stop it; to use it again, wipe its data directory "
                + "and add it anew.", settings.self(), event.subject());
        }
    }

    @Override
    public void sessionConfirmed(PeerSession session) {
        toldRemoved &= session.node().isEmpty();
        lookAgain = true;
    }

    @Override
    public void sessionClosed(PeerSession session, CloseReason reason) {
        lookAgain = true;
    }

    /**
     * What this node knows of a removal may be of the past, so it turns nobody away for it while it hears no leader.
     * Scenario: A is removed while B looks on, and added again while B is away; then A leads. Refused, A could never
     * bring B the configuration in which A is a member, and B would wait for a leader that it does not let in. Whoever
     * is let in so is no member here, and listened to only if it is known ({@link Vouching}).
     */
    @Override
    public Optional<RefusalReason> refusal(PeerIdentity identity) {
        if (identity.kind() != PeerIdentity.Kind.NODE || standing(identity) == Standing.MEMBER || !hearsALeader()) {
            return Optional.empty();
        }
        return nodeId(identity).filter(node -> !vouching.isVouchedFor(node))
            .flatMap(node -> registry.snapshot().get(node))
            .filter(entry -> entry.peer().status() == PeerStatus.REMOVED)
            .map(entry -> RefusalReason.REMOVED_NODE);
    }

    @Override
    public Standing standing(PeerIdentity identity) {
        return switch (identity.kind()) {
            // A node that waits to join knows no members but those that its operator names, and whom they vouch for.
            case NODE -> nodeId(identity).filter(node -> membership().contains(node)
                || membership().members().isEmpty() && vouching.accepts(node)).map(member -> Standing.MEMBER)
                .orElse(Standing.JOINING);
            case CLIENT -> Standing.CLIENT;
            case OPERATOR -> Standing.OPERATOR;
        };
    }

    /** A certificate may name a node by what no node can be called; that one is no member, and breaks nothing here. */
    private static Optional<NodeId> nodeId(PeerIdentity identity) {
        try {
            return Optional.of(new NodeId(identity.name()));
        } catch (IllegalArgumentException notANodeId) {
            return Optional.empty();
        }
    }

    private boolean hearsALeader() {
        return status != null && status.leader().isPresent();
    }

    private Membership membership() {
        return status == null ? consensus.status().membership() : status.membership();
    }

    // ---- What the consensus tells ----

    @Override
    public void committed(List<CommittedEntry> entries, Runnable done) {
        Gathering[] ours = submissions.take(entries);
        applyThread.execute(() -> applier.apply(entries, ours, done));
    }

    @Override
    public void freeze(Consumer<FrozenState> frozen) {
        applyThread.execute(() -> applier.freeze(frozen));
    }

    @Override
    public void restore(LogIndex index, StateSource source, Runnable done) {
        submissions.skippedTo(index);
        applyThread.execute(() -> applier.restore(index, source, done));
    }

    @Override
    public void statusChanged(ConsensusStatus now) {
        ConsensusStatus before = status;
        status = now;
        lookAgain = true;
        if (before == null || !before.membership().equals(now.membership())) {
            vouching.membershipChanged(now.membership());
            LOG.info("Node {} has the configuration of voters {}{}, learners {}, epoch {}", settings.self(),
                now.membership().voters(), now.membership().isJoint() ? " (and still " + now.membership().outgoing()
                    + ")" : "", now.membership().learners(), now.membership().epoch());
        }
        sessionClock.statusChanged(now);
        tellAgreed();
        if (before == null || before.role() != now.role() || !before.leader().equals(now.leader())) {
            submissions.leaderChanged(now.leader());
            LOG.info("Node {} is {} in term {}; leader: {}", settings.self(), roleOf(now), now.term(),
                now.leader().map(NodeId::value).orElse("none"));
        }
    }

    /**
     * A node without data may be of any time: it says so, and learns from those who know. So may one that joins and has
     * not come to the entry yet that added it. What is neither committed nor was found on the disk is no data yet:
     * the first leader's first entry can be lost with its power, and whoever had been told of it would wait for it for
     * ever.
     *
     * <p>Nor does a node say yet that it is of an epoch in which it was not there: one that joins after a recovery,
     * with an empty directory, finds the configurations of before in the log that it is given, with its own name in
     * them, and would be refused half-way by whoever gives it.
     */
    private void tellAgreed() {
        ConsensusStatus now = consensus.status();
        boolean hasData = hadData || now.commitIndex().value() > 0 && now.membership().epoch() >= newestEpoch;
        sessions.agreed(hasData && now.membership().contains(settings.self()) ? now.membership().epoch() : 0,
            now.membership().features());
    }

    @Override
    public void failed(String what, Throwable cause) {
        fail(what, cause);
    }

    // ---- What the apply thread tells ----

    @Override
    public void applied(List<PeerEvent> events) {
        loop.execute(() -> {
            for (PeerEvent event : events) {
                log(event);
            }
            lookAgain = true;
        });
    }

    private void log(PeerEvent event) {
        // Metadata that became known is no news to an operator, nor is what a restarted node reads in its own log.
        boolean news = loop.clock().wallMillis() - event.peer().since().toEpochMilli() < NEWS_MILLIS;
        if (news && event.previous() != event.peer().status()) {
            LOG.info("Peer {}: {} -> {} ({}; incarnation {}, change {})", event.peer().id(), event.previous(),
                event.peer().status(), event.peer().reason(), event.peer().incarnation(), event.number());
        }
    }

    @Override
    public void watching(long deadlineNanos) {
        loop.execute(() -> watches.wakeBy(deadlineNanos));
    }

    @Override
    public void broken(String what, Throwable cause) {
        fail(what, cause);
    }

    // ---- What the reconciler asks ----

    @Override
    public ConsensusStatus consensusStatus() {
        return outOfService.isEmpty() ? consensus.status()
            : new ConsensusStatus(ConsensusStatus.Role.STOPPED, status.term(), Optional.empty(), status.commitIndex(),
                status.lastIndex(), false, status.membership());
    }

    @Override
    public Consensus.ProposalResult propose(EntryType type, List<Bytes> payload) {
        return consensus.propose(type, payload);
    }

    @Override
    public SortedMap<NodeId, Sighting> sightings() {
        return Sightings.of(sessions.presence());
    }

    @Override
    public Sighting self() {
        return Sightings.self(sessions.local(), Fingerprints.of(settings.identity().credentials().chain()));
    }

    @Override
    public RegistrySnapshot registry() {
        return registry.snapshot();
    }

    @Override
    public LogIndex appliedIndex() {
        return applier.appliedIndex();
    }

    // ---- What the server and the application ask ----

    @Override
    public Submissions submissions() {
        return submissions;
    }

    @Override
    public Reads reads() {
        return reads;
    }

    @Override
    public Watches watches() {
        return watches;
    }

    @Override
    public PresenceExchange presence() {
        return presence;
    }

    @Override
    public Consensus consensus() {
        return consensus;
    }

    @Override
    public Optional<String> outOfService() {
        return outOfService;
    }

    @Override
    public PeerView peers() {
        RegistrySnapshot now = registry.snapshot();
        return new PeerView(now.number(), now.peers(), presence.rows(), SessionSummaries.of(sessions.sessions()));
    }

    @Override
    public NodeStatus status() {
        ConsensusStatus now = consensusStatus();
        List<NodeId> reachable = new ArrayList<>();
        sessions.presence().forEach((node, seen) -> {
            if (seen.present() && seen.confirmed()) {
                reachable.add(node);
            }
        });
        return new NodeStatus(settings.self(), settings.cluster(), incarnation, settings.version(),
            roleOf(now), now.term(), now.leader(), now.commitIndex(), applier.appliedIndex(), now.lastIndex(),
            List.copyOf(now.membership().voters()), reachable, stateMachineName,
            TimeUnit.NANOSECONDS.toMillis(loop.clock().nanoTime() - startedNanos), settings.counters().snapshot(),
            problem.or(() -> outOfService), Optional.of(configuration(now.membership())));
    }

    @Override
    public Vouching vouching() {
        return vouching;
    }

    CompletableFuture<NodeFailure> failure() {
        return failure;
    }

    ClientSessions clientSessions() {
        return clientSessions;
    }

    Sessions sessions() {
        return sessions;
    }

    String stateMachineName() {
        return stateMachineName;
    }

    long incarnation() {
        return incarnation;
    }

    /** A member's part in the configuration counts as what it can be reached at, until it says otherwise itself. */
    private List<Endpoint> endpointsBeforeBinding() {
        return settings.advertised().isEmpty()
            ? settings.bootstrap().endpoints().getOrDefault(settings.self(), List.of()) : settings.advertised();
    }

    private List<Endpoint> endpointsAfterBinding() {
        List<Endpoint> before = endpointsBeforeBinding();
        return before.isEmpty() ? sessions.listening() : before;
    }

    private Configuration configuration(Membership membership) {
        return new Configuration(membership.epoch(), List.copyOf(membership.learners()),
            List.copyOf(membership.joining()), List.copyOf(membership.outgoing()), List.copyOf(membership.features()),
            knownFeatures.waiting(membership));
    }

    private String roleOf(ConsensusStatus now) {
        if (now.role() == ConsensusStatus.Role.STOPPED || now.membership().contains(settings.self()) && !toldRemoved) {
            return label(now.role());
        }
        return now.membership().members().isEmpty() ? "joining" : "removed";
    }

    private static String label(ConsensusStatus.Role role) {
        return role == ConsensusStatus.Role.PRE_CANDIDATE ? label(ConsensusStatus.Role.CANDIDATE)
            : role.name().toLowerCase(Locale.ROOT);
    }
}
