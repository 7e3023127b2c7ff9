package io.quorate.registry.node;

import io.quorate.api.Bytes;
import io.quorate.api.ClusterId;
import io.quorate.api.Command;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.CommandResult;
import io.quorate.api.Consistency;
import io.quorate.api.ControlPlane;
import io.quorate.api.ControlPlaneException;
import io.quorate.api.LogIndex;
import io.quorate.api.NodeId;
import io.quorate.api.NodeStatus;
import io.quorate.api.PeerChanges;
import io.quorate.api.PeerView;
import io.quorate.api.QueryResult;
import io.quorate.api.StateMachine;
import io.quorate.api.UnavailableException;
import io.quorate.registry.loop.LoopThread;
import io.quorate.registry.protocol.Outcome;
import io.quorate.registry.session.Counters;
import io.quorate.registry.session.SessionSettings;
import io.quorate.spi.consensus.ConsensusException;
import io.quorate.spi.consensus.ConsensusEnvironment;
import io.quorate.spi.consensus.ConsensusProvider;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.identity.Identity;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.node.NodeEnvironment;
import io.quorate.spi.time.NodeLoop;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportContext;
import io.quorate.spi.transport.TransportException;
import io.quorate.spi.transport.TransportProvider;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node of the control plane, assembled from plugins and an application's state machine.
 *
 * <pre>{@code
 * try (ControlPlaneNode node = ControlPlaneNode.builder()
 *         .self(new NodeId("n1")).cluster(new ClusterId("prod")).directory(data).identity(identity)
 *         .transport(tcp, Optional.of(listen), Map.of()).consensus(raft, Map.of())
 *         .stateMachine(machine).bootstrap(membership).build()) {
 *     node.start();
 *     NodeFailure why = node.failure().join();
 * }
 * }</pre>
 *
 * <p><b>Threading.</b> As {@link ControlPlane}. Results are delivered on the apply thread: code that depends on them
 * must not block there. {@link #start} and {@link #close} block and are for the owner.
 *
 * <p><b>Ownership.</b> The node owns its transports, consensus and threads and closes them. The identity is started
 * before and closed after by whoever made it.
 *
 * <p><b>Failure.</b> After something that it cannot safely go on from (a failed fsync, a state machine that throws) the
 * node stops serving, and says so in {@link #status} and {@link #failure}. It never serves again; restart the process.
 */
public final class ControlPlaneNode implements ControlPlane {

    private static final Logger LOG = LoggerFactory.getLogger(ControlPlaneNode.class);

    private final NodeSettings settings;
    private final Optional<LoopThread> ownLoop;
    private final Optional<ApplyThread> ownApplyThread;
    private final NodeLoop loop;
    private final NodeCore core;
    private final Set<CompletableFuture<?>> questions = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean started = new AtomicBoolean();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final AtomicBoolean threadsStarted = new AtomicBoolean();

    private ControlPlaneNode(NodeSettings settings) {
        this.settings = settings;
        this.ownLoop = settings.loop().isPresent() ? Optional.empty()
            : Optional.of(new LoopThread("quorate-loop-" + settings.self(), this::loopBroke));
        this.ownApplyThread = settings.applyThread().isPresent() ? Optional.empty()
            : Optional.of(new ApplyThread("quorate-apply-" + settings.self(), this::applyThreadBroke));
        this.loop = settings.loop().or(() -> ownLoop).orElseThrow();
        this.core = new NodeCore(settings, loop, settings.applyThread().or(() -> ownApplyThread).orElseThrow());
    }

    public static Builder builder() {
        return new Builder();
    }

    /**
     * Opens the durable state, binds the transports, and takes part from then on. Blocks. If it throws, everything is
     * closed again.
     *
     * @throws ConsensusException if the durable state cannot be used
     * @throws TransportException if a transport cannot listen
     * @throws IOException if the data directory cannot be made
     */
    public void start() throws ConsensusException, TransportException, IOException {
        if (!started.compareAndSet(false, true)) {
            throw new IllegalStateException("found node " + settings.self() + " started before, expected one start");
        }
        boolean running = false;
        try {
            if (settings.environment().disk().isEmpty()) {
                makeDirectory(settings.directory());
            }
            core.consensus().start();
            core.consensusStarted();
            startThreads();
            core.sessions().start();
            loop.execute(core::begin);
            running = true;
        } finally {
            if (!running) {
                close();
            }
        }
        String transports = settings.transports().stream()
            .map(transport -> transport.scheme() + " (" + transport.description() + ")")
            .collect(Collectors.joining(", "));
        LOG.info("Node {} of cluster {} started: incarnation {}, version {}, identity {}, consensus {}, "
            + "state machine {}, listening on {}, transports {}", settings.self(), settings.cluster(),
            core.incarnation(), settings.version(), settings.identity().self(), settings.consensus().name(),
            core.stateMachineName(), core.sessions().listening(), transports);
    }

    /** Completes when the node has stopped serving by itself; never by {@link #close}. On a thread of the node. */
    public CompletableFuture<NodeFailure> failure() {
        return core.failure().copy();
    }

    /** Where the transports listen, with the ports that were chosen. */
    public List<Endpoint> listening() {
        return core.sessions().listening();
    }

    public NodeId self() {
        return settings.self();
    }

    NodeCore core() {
        return core;
    }

    @Override
    public CompletableFuture<CommandResult> submit(Command command) {
        return core.submissions().submit(command);
    }

    @Override
    public CompletableFuture<QueryResult> query(Bytes query, Consistency consistency) {
        QueryFuture future = new QueryFuture();
        core.reads().read(consistency, List.of(query), NodeLimits.OPERATION_MILLIS, future);
        return future;
    }

    /** {@inheritDoc} Cancelling the future ends the watch. */
    @Override
    public CompletableFuture<Optional<Bytes>> watch(Bytes request, Duration atMost) {
        PollFuture<Bytes, Optional<Bytes>> future = new PollFuture<>(Optional.empty()) {
            @Override
            Optional<Bytes> told(Bytes news) {
                return Optional.of(news);
            }
        };
        return future.of(core.watches(), core.watches().watch(request, millis(atMost), future));
    }

    @Override
    public CompletableFuture<PeerView> peers() {
        return ask(core::peers);
    }

    /** {@inheritDoc} Cancelling the future ends the watch. */
    @Override
    public CompletableFuture<PeerChanges> peerChanges(long afterNumber, Duration atMost) {
        PollFuture<PeerChanges, PeerChanges> future =
            new PollFuture<>(new PeerChanges(afterNumber, false, List.of(), List.of())) {
                @Override
                PeerChanges told(PeerChanges news) {
                    return news;
                }
            };
        return future.of(core.watches(), core.watches().watchPeers(afterNumber, millis(atMost), future));
    }

    @Override
    public CompletableFuture<NodeStatus> status() {
        return ask(core::status);
    }

    /**
     * The first half of an end in order, which {@link #close} does by itself on a loop of the node's own: hands the
     * leadership over if this node has it, takes no new commands from then on, and waits for the results of those that
     * it has taken. Within {@link NodeLimits#LEAVE_MILLIS} or a little more; what is not done then is left undone.
     *
     * @return completes on the loop, never with a failure; not at all if the loop does not run
     */
    public CompletableFuture<Void> leave() {
        CompletableFuture<Void> left = new CompletableFuture<>();
        loop.execute(() -> core.leave(() -> left.complete(null)));
        return left;
    }

    /**
     * Stops in order: {@link #leave}, no more calls and a goodbye to everyone, an end to what is still under way, the
     * consensus, the apply thread, the transports, the loop. What was acknowledged is durable already; what is still
     * under way ends with {@link io.quorate.api.OutcomeUnknownException} or {@link UnavailableException}.
     *
     * <p>With a loop of the owner's own (a simulation) it happens in a task of that loop, without {@link #leave}.
     */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        String why = "node " + settings.self() + " is closed";
        startThreads();
        if (ownLoop.isEmpty()) {
            if (loop.inLoop()) {
                closeAll(why);
            } else {
                loop.execute(() -> closeAll(why));
            }
            return;
        }
        if (ownLoop.get().inLoop()) {
            closeAll(why);
        } else {
            awaitOnLoop("leave", NodeLimits.LEAVE_MILLIS + NodeLimits.STOP_MILLIS, core::leave);
            awaitOnLoop("stop", NodeLimits.STOP_MILLIS, done -> {
                core.stop(why);
                done.run();
            });
            closeAll(why);
        }
    }

    /** Also before an end without a beginning: whoever waits for a thread then does not wait in vain. */
    private void startThreads() {
        if (threadsStarted.compareAndSet(false, true)) {
            ownApplyThread.ifPresent(ApplyThread::start);
            ownLoop.ifPresent(LoopThread::start);
        }
    }

    private void closeAll(String why) {
        if (ownLoop.isEmpty() || loop.inLoop()) {
            core.stop(why);
        }
        core.consensus().close();
        ownApplyThread.ifPresent(ApplyThread::close);
        core.sessions().close();
        ownLoop.ifPresent(LoopThread::close);
        questions.forEach(question -> question.completeExceptionally(new UnavailableException(why)));
        LOG.info("Node {} is closed", settings.self());
    }

    /** @param task is given what to call when it is done */
    private void awaitOnLoop(String what, long atMostMillis, Consumer<Runnable> task) {
        CountDownLatch done = new CountDownLatch(1);
        loop.execute(() -> {
            try {
                task.accept(done::countDown);
            } catch (RuntimeException | Error e) {
                done.countDown();
                throw e;
            }
        });
        try {
            if (!done.await(atMostMillis, TimeUnit.MILLISECONDS)) {
                LOG.warn("The loop of node {} did not {} within {} ms; the rest is closed all the same",
                    settings.self(), what, atMostMillis);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** A question that the loop answers. */
    private <T> CompletableFuture<T> ask(Supplier<T> question) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        questions.add(answer);
        answer.whenComplete((value, failure) -> questions.remove(answer));
        if (closed.get()) {
            answer.completeExceptionally(new UnavailableException("node " + settings.self() + " is closed"));
        } else {
            loop.execute(() -> answer.complete(question.get()));
        }
        return answer;
    }

    private void loopBroke(Throwable cause) {
        core.fail("a task of the node loop failed: " + cause, cause);
    }

    private void applyThreadBroke(Throwable cause) {
        core.fail("a task of the apply thread failed: " + cause, cause);
    }

    private static long millis(Duration atMost) {
        return atMost.compareTo(Duration.ofMillis(Watches.MAX_WAIT_MILLIS)) >= 0 ? Watches.MAX_WAIT_MILLIS
            : Math.max(0, atMost.toMillis());
    }

    /** Owner-only from the start: keys and data lie in it. */
    private static void makeDirectory(Path directory) throws IOException {
        if (FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
            Files.createDirectories(directory,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } else {
            Files.createDirectories(directory);
        }
    }

    private static final class QueryFuture extends CompletableFuture<QueryResult> implements Read.Reader {
        @Override
        public void answered(LogIndex appliedIndex, List<Outcome> outcomes) {
            Outcome outcome = outcomes.getFirst();
            if (outcome.rejected()) {
                completeExceptionally(new CommandRejectedException(outcome.message()));
            } else {
                complete(new QueryResult(appliedIndex, outcome.payload()));
            }
        }

        @Override
        public void failed(ControlPlaneException why) {
            completeExceptionally(why);
        }
    }

    /** A watch as a future. */
    private abstract static class PollFuture<N, T> extends CompletableFuture<T> implements LongPoll.Reader<N> {

        private final T nothing;

        PollFuture(T nothing) {
            this.nothing = nothing;
        }

        abstract T told(N news);

        /** Who cancels does not wait any more, and his place is free. */
        PollFuture<N, T> of(Watches watches, LongPoll<N> poll) {
            whenComplete((value, failure) -> {
                if (isCancelled()) {
                    watches.callOff(poll);
                }
            });
            return this;
        }

        @Override
        public void news(N news) {
            complete(told(news));
        }

        @Override
        public void nothing() {
            complete(nothing);
        }

        @Override
        public void failed(ControlPlaneException why) {
            completeExceptionally(why);
        }
    }

    /** Collects a node's parts. Not thread-safe. */
    public static final class Builder {

        private NodeId self;
        private ClusterId cluster;
        private Path directory;
        private Identity identity;
        private ConsensusProvider consensus;
        private Map<String, String> consensusSettings = Map.of();
        private ConsensusEnvironment environment = ConsensusEnvironment.REAL;
        private StateMachine stateMachine;
        private Membership bootstrap;
        private final List<Supplier<Transport>> transports = new ArrayList<>();
        private List<Endpoint> advertised = List.of();
        private List<String> prefer = List.of();
        private boolean requirePostQuantum;
        private SessionSettings sessions = SessionSettings.forNode();
        private Counters counters = new Counters();
        private String version = "unknown";
        private Optional<NodeLoop> loop = Optional.empty();
        private Optional<Executor> applyThread = Optional.empty();
        private OptionalLong incarnation = OptionalLong.empty();
        private NodeEnvironment nodeEnvironment = NodeEnvironment.USUAL;

        private Builder() {
        }

        public Builder self(NodeId id) {
            self = id;
            return this;
        }

        public Builder cluster(ClusterId id) {
            cluster = id;
            return this;
        }

        /** Where the consensus keeps its durable state; made, readable by the owner alone, if it is not there. */
        public Builder directory(Path where) {
            directory = where;
            return this;
        }

        /** Started already; must be the identity of this node. */
        public Builder identity(Identity started) {
            identity = started;
            return this;
        }

        /** Adds a transport. Its credentials are the identity's, and it counts with this node's counters. */
        public Builder transport(TransportProvider provider, Optional<Endpoint> listen, Map<String, String> settings) {
            transports.add(() ->
                provider.create(new TransportContext(identity::credentials, listen, counters, requirePostQuantum,
                    settings)));
            return this;
        }

        /** Adds a transport that was created, and not started. */
        public Builder transport(Transport created) {
            transports.add(() -> created);
            return this;
        }

        /** Where others can reach this node, if it is neither what the configuration says nor where it listens. */
        public Builder advertise(List<Endpoint> endpoints) {
            advertised = List.copyOf(endpoints);
            return this;
        }

        /**
         * The schemes of the preferred transports, the best first. In this order another node's endpoints are tried and
         * the connections to it used; what fails is followed by the next at once, and tried again now and then. Without
         * this, the order in which a node's endpoints are listed counts.
         */
        public Builder prefer(List<String> schemes) {
            prefer = List.copyOf(schemes);
            return this;
        }

        /**
         * Whether a connection without the post-quantum key exchange is refused: by every transport that is added with
         * its provider, and once more by the node. By default it is preferred where both sides have it.
         */
        public Builder requirePostQuantum(boolean required) {
            requirePostQuantum = required;
            return this;
        }

        public Builder consensus(ConsensusProvider provider, Map<String, String> settings) {
            consensus = provider;
            consensusSettings = Map.copyOf(settings);
            return this;
        }

        /** The machine as the consensus sees it; by default the real one. For simulations. */
        public Builder environment(ConsensusEnvironment machine) {
            environment = machine;
            return this;
        }

        /** What is different in a simulation; production's if not said. */
        public Builder nodeEnvironment(NodeEnvironment simulated) {
            nodeEnvironment = simulated;
            return this;
        }

        /** A fresh one, to which nothing has been applied. */
        public Builder stateMachine(StateMachine fresh) {
            stateMachine = fresh;
            return this;
        }

        /** The configuration of the cluster's first start. */
        public Builder bootstrap(Membership membership) {
            bootstrap = membership;
            return this;
        }

        public Builder sessionSettings(SessionSettings settings) {
            sessions = settings;
            return this;
        }

        /** Where to count; for transports that are created elsewhere and are to count at the same place. */
        public Builder counters(Counters shared) {
            counters = shared;
            return this;
        }

        /** The build's version, for people. */
        public Builder version(String build) {
            version = build;
            return this;
        }

        /** A loop of the owner's own, which does not run yet and which the node does not close; by default a thread. */
        public Builder loop(NodeLoop own) {
            loop = Optional.of(own);
            return this;
        }

        /** Where to apply: runs tasks one at a time, in order; by default a thread. */
        public Builder applyThread(Executor serial) {
            applyThread = Optional.of(serial);
            return this;
        }

        /** This process's number, greater than those before it; by default from the clock. */
        public Builder incarnation(long number) {
            incarnation = OptionalLong.of(number);
            return this;
        }

        /**
         * Creates the node; starts nothing.
         *
         * @throws IllegalStateException if a part is missing, or the identity is not this node's
         */
        public ControlPlaneNode build() {
            require(self, "self");
            require(cluster, "cluster");
            require(directory, "directory");
            require(identity, "identity");
            require(consensus, "consensus");
            require(stateMachine, "stateMachine");
            require(bootstrap, "bootstrap");
            if (transports.isEmpty()) {
                throw new IllegalStateException("found no transport, expected at least one");
            }
            PeerIdentity proved = identity.self();
            if (proved.kind() != PeerIdentity.Kind.NODE || !proved.name().equals(self.value())) {
                throw new IllegalStateException("found identity " + proved + ", expected one that ends in /node/" + self
                    + "; use the certificate that was issued for this node");
            }
            return new ControlPlaneNode(new NodeSettings(self, cluster, directory, identity,
                transports.stream().map(Supplier::get).toList(), advertised, prefer, requirePostQuantum, consensus,
                consensusSettings, environment, stateMachine, bootstrap, sessions, counters, version, loop, applyThread,
                incarnation, nodeEnvironment));
        }

        private static void require(Object part, String name) {
            if (Objects.isNull(part)) {
                throw new IllegalStateException("found no " + name + ", expected it to be set");
            }
        }
    }
}
