package io.quorate.registry.node;

import io.quorate.api.Bytes;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.ControlPlaneException;
import io.quorate.api.LogIndex;
import io.quorate.api.OutcomeUnknownException;
import io.quorate.api.OverloadedException;
import io.quorate.api.PeerChanges;
import io.quorate.api.PeerEvent;
import io.quorate.api.StateMachine;
import io.quorate.api.UnavailableException;
import io.quorate.registry.directory.RegistryState;
import io.quorate.registry.protocol.Outcome;
import io.quorate.registry.protocol.ProtocolLimits;
import io.quorate.registry.session.Counters;
import io.quorate.spi.consensus.CommittedEntry;
import io.quorate.spi.consensus.FrozenState;
import io.quorate.spi.consensus.StateSource;
import io.quorate.spi.node.StateTrace;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The apply thread's side of the node: feeds committed entries to the state machine and to the registry, in order, each
 * once; answers reads and watches in between.
 *
 * <p><b>Threading.</b> Everything runs on the one apply thread, but {@link #appliedIndex} and {@link #stop}, which any
 * thread may use. Results go to their callers from here, all those of a batch in one pass; responses go to the
 * transport without a hop.
 *
 * <p><b>Errors.</b> A refusal is a result. Anything else that {@link StateMachine#apply} throws, an entry that cannot
 * be read, or a gap in the log is a broken invariant: nothing more is applied, since a replica that skips an entry is
 * no replica, and the node says so (a state machine that fails in silence stalls everyone who waits for it).
 */
final class Applier {

    private static final Logger LOG = LoggerFactory.getLogger(Applier.class);

    /** The node's ears. Called on the apply thread; only enqueue. */
    interface Listener {

        /** Entries other than commands were applied: the registry may have changed, a leader's first entry is in. */
        void applied(List<PeerEvent> events);

        /** A watch was added that ends at {@code deadlineNanos}. */
        void watching(long deadlineNanos);

        /** Nothing more is applied. */
        void broken(String problem, Throwable cause);
    }

    private record WaitingRead(LogIndex index, long sequence, Read read) implements Comparable<WaitingRead> {
        @Override
        public int compareTo(WaitingRead other) {
            int byIndex = index.compareTo(other.index);
            return byIndex != 0 ? byIndex : Long.compare(sequence, other.sequence);
        }
    }

    private final StateMachine stateMachine;
    private final RegistryState registry;
    private final ClientSessions sessions;
    private final StateTrace trace;
    private final CommandRunner commandRunner;
    private final ReplicatedState state;
    private final Counters counters;
    private final Listener listener;
    private final PriorityQueue<WaitingRead> waitingReads = new PriorityQueue<>();
    private final Set<LongPoll<Bytes>> watches = new LinkedHashSet<>();
    private final Set<LongPoll<PeerChanges>> peerWatches = new LinkedHashSet<>();
    private long nextSequence;
    private volatile LogIndex applied = LogIndex.ZERO;
    private volatile Optional<String> stopped = Optional.empty();

    Applier(StateMachine stateMachine, RegistryState registry, ClientSessions sessions, Counters counters,
            Listener listener, StateTrace trace) {
        this.sessions = sessions;
        this.trace = trace;
        this.stateMachine = stateMachine;
        this.registry = registry;
        this.commandRunner = new CommandRunner(stateMachine, sessions, trace);
        this.state = new ReplicatedState(List.of(new RegistrySection(registry), new ClientSessionsSection(sessions),
            new StateMachineSection(stateMachine)));
        this.counters = counters;
        this.listener = listener;
    }

    /** The last entry that was applied, on any thread. What the registry shows is at least as new. */
    LogIndex appliedIndex() {
        return applied;
    }

    /**
     * Applies a batch.
     *
     * @param ours for each entry the commands of this node's callers in it, or null; null if there are none at all
     * @param done tells the consensus that there is room for more
     */
    void apply(List<CommittedEntry> entries, Gathering[] ours, Runnable done) {
        if (stopped.isPresent()) {
            failFrom(0, ours, stopped.get());
            return;
        }
        List<List<Outcome>> outcomes = ours == null ? List.of() : new ArrayList<>(entries.size());
        List<PeerEvent> events = List.of();
        boolean commands = false;
        boolean others = false;
        int at = 0;
        LogIndex last = applied;
        Optional<Throwable> broken = Optional.empty();
        try {
            for (; at < entries.size(); at++) {
                CommittedEntry entry = entries.get(at);
                if (entry.index().value() != last.value() + 1) {
                    throw new IllegalStateException("found index " + entry.index() + ", expected the one after "
                        + last);
                }
                boolean wanted = ours != null && ours[at] != null;
                List<Outcome> results = List.of();
                switch (entry.type()) {
                    case COMMANDS -> {
                        commands = true;
                        results = commandRunner.apply(entry, wanted);
                    }
                    case REGISTRY -> {
                        others = true;
                        List<PeerEvent> changes = registry.apply(entry.payload());
                        trace.registryChanged(changes);
                        events = joined(events, changes);
                    }
                    case SESSIONS -> trace.sessionsExpired(commandRunner.advance(entry.payload()));
                    case NO_OP, CONFIGURATION -> others = true;
                }
                if (ours != null) {
                    outcomes.add(results);
                }
                last = entry.index();
                trace.applied(last.value(), this::hash);
            }
        } catch (Throwable e) {
            // Also an Error: whatever it is, the entry is half applied, and going on would let the replicas diverge.
            broken = Optional.of(e);
        }
        applied = last;
        complete(entries, ours, outcomes, at);
        if (broken.isPresent()) {
            String problem = "index " + entries.get(at).index() + " (" + entries.get(at).type()
                + ") could not be applied: " + broken.get();
            stop(problem);
            failFrom(at, ours, problem);
            listener.broken(problem, broken.get());
            return;
        }
        answerReads();
        if (commands) {
            pollAll(watches);
        }
        if (!events.isEmpty()) {
            pollAll(peerWatches);
        }
        done.run();
        if (others) {
            listener.applied(events);
        }
    }

    private static List<PeerEvent> joined(List<PeerEvent> before, List<PeerEvent> after) {
        if (before.isEmpty()) {
            return after;
        }
        List<PeerEvent> all = new ArrayList<>(before);
        all.addAll(after);
        return all;
    }

    private static void complete(
            List<CommittedEntry> entries, Gathering[] ours, List<List<Outcome>> outcomes, int until) {
        for (int i = 0; ours != null && i < until; i++) {
            if (ours[i] != null) {
                ours[i].succeed(entries.get(i).index(), outcomes.get(i));
            }
        }
    }

    private static void failFrom(int first, Gathering[] ours, String problem) {
        for (int i = first; ours != null && i < ours.length; i++) {
            if (ours[i] != null) {
                ours[i].fail(new OutcomeUnknownException("the command is committed, but this node did not apply it: "
                    + problem));
            }
        }
    }

    /** Freezes everything that entries have made, behind the last one that was applied. */
    void freeze(Consumer<FrozenState> frozen) {
        if (stopped.isPresent()) {
            return;
        }
        FrozenState now;
        try {
            now = new FrozenState(applied, state.freeze());
        } catch (RuntimeException | Error e) {
            breakDown("the state could not be frozen for a snapshot: " + e, e);
            return;
        }
        frozen.accept(now);
    }

    /** Replaces everything by what the entries up to {@code index} have made elsewhere or in an earlier run. */
    void restore(LogIndex index, StateSource source, Runnable done) {
        if (stopped.isPresent()) {
            return;
        }
        try {
            if (index.compareTo(applied) <= 0) {
                throw new IllegalStateException("found a snapshot of index " + index + ", expected one above "
                    + applied);
            }
            try (InputStream in = source.open()) {
                state.restore(in);
            }
        } catch (IOException | RuntimeException | Error e) {
            // The old state is gone and the new one is not there.
            breakDown("the snapshot of index " + index + " could not be restored: " + e, e);
            return;
        }
        applied = index;
        trace.restored(index.value(), registry.snapshot().number());
        answerReads();
        pollAll(watches);
        pollAll(peerWatches);
        done.run();
        listener.applied(List.of());
    }

    /** Of all that entries have made beside the state machine's state; equal on all replicas at equal applied index. */
    private long hash() {
        return (long) registry.hash() << Integer.SIZE | sessions.hash() & 0xFFFF_FFFFL;
    }

    private void breakDown(String problem, Throwable cause) {
        stop(problem);
        listener.broken(problem, cause);
    }

    /** Answers {@code reads} as soon as {@code index} was applied, which may be now. */
    void read(LogIndex index, List<Read> reads) {
        for (Read read : reads) {
            if (stopped.isPresent()) {
                read.fail(new UnavailableException(stopped.get()));
            } else if (index.compareTo(applied) <= 0) {
                answer(read);
            } else {
                waitingReads.add(new WaitingRead(index, nextSequence++, read));
            }
        }
    }

    private void answerReads() {
        while (!waitingReads.isEmpty() && waitingReads.peek().index.compareTo(applied) <= 0) {
            answer(waitingReads.poll().read);
        }
    }

    private void answer(Read read) {
        if (read.ended()) {
            return;
        }
        List<Outcome> outcomes = new ArrayList<>(read.queries().size());
        for (Bytes query : read.queries()) {
            try {
                outcomes.add(Outcome.ok(stateMachine.query(query)));
            } catch (CommandRejectedException e) {
                outcomes.add(Outcome.rejected(e.getMessage()));
            } catch (RuntimeException e) {
                outcomes.add(Outcome.rejected(defect("query", e)));
            }
        }
        read.answer(applied, outcomes);
    }

    /** A read that nobody waits for any more must not be kept until its index comes: it may never come. */
    void forgetEndedReads() {
        waitingReads.removeIf(waiting -> waiting.read.ended());
    }

    /** Begins a watch of the state machine, and asks it at once. */
    void watch(Bytes request, LongPoll<Bytes> poll, boolean mayWait) {
        if (stopped.isPresent()) {
            poll.fail(new UnavailableException(stopped.get()));
            return;
        }
        try {
            StateMachine.Watch watch = stateMachine.watch(request);
            poll.from(() -> {
                try {
                    return watch.poll();
                } catch (RuntimeException e) {
                    throw new CommandRejectedException(defect("watch", e));
                }
            });
            begin(poll, watches, mayWait);
        } catch (CommandRejectedException e) {
            poll.fail(e);
        } catch (RuntimeException e) {
            poll.fail(new CommandRejectedException(defect("watch", e)));
        }
    }

    /** Begins to wait for changes of the peers after {@code number}. */
    void watchPeers(long number, LongPoll<PeerChanges> poll, boolean mayWait) {
        if (stopped.isPresent()) {
            poll.fail(new UnavailableException(stopped.get()));
            return;
        }
        poll.from(() -> registry.changesAfter(number, ProtocolLimits.MAX_EVENTS_PER_ANSWER));
        begin(poll, peerWatches, mayWait);
    }

    private <T> void begin(LongPoll<T> poll, Set<LongPoll<T>> waiting, boolean mayWait) {
        poll.poll();
        if (poll.ended()) {
            return;
        }
        if (!mayWait) {
            poll.endWithout();
        } else if (watches.size() + peerWatches.size() >= NodeLimits.MAX_WATCHERS) {
            counters.accept(Overloads.count("watches"));
            poll.fail(new OverloadedException("found " + NodeLimits.MAX_WATCHERS
                + " callers waiting for news at this node, which is the most that it takes",
                Duration.ofMillis(NodeLimits.OVERLOAD_RETRY_MILLIS)));
        } else {
            waiting.add(poll);
            listener.watching(poll.deadlineNanos());
        }
    }

    private static <T> void pollAll(Set<LongPoll<T>> waiting) {
        for (Iterator<LongPoll<T>> each = waiting.iterator(); each.hasNext(); ) {
            LongPoll<T> poll = each.next();
            poll.poll();
            if (poll.ended()) {
                each.remove();
            }
        }
    }

    /**
     * Ends the watches whose time is over, and forgets those that were called off.
     *
     * @return the earliest deadline of the others
     */
    long expireWatches(long nowNanos) {
        return Alarm.earlier(expire(watches, nowNanos), expire(peerWatches, nowNanos));
    }

    private static <T> long expire(Set<LongPoll<T>> waiting, long nowNanos) {
        long next = Alarm.NEVER;
        for (Iterator<LongPoll<T>> each = waiting.iterator(); each.hasNext(); ) {
            LongPoll<T> poll = each.next();
            if (poll.deadlineNanos() - nowNanos <= 0) {
                poll.endWithout();
            }
            if (poll.ended()) {
                each.remove();
            } else {
                next = Alarm.earlier(next, poll.deadlineNanos());
            }
        }
        return next;
    }

    /** Applies nothing from now on, and refuses reads and watches. Any thread; {@link #endAll} tells those who wait. */
    void stop(String why) {
        if (stopped.isEmpty()) {
            stopped = Optional.of(why);
        }
    }

    /** Tells everybody who waits that this node has stopped. */
    void endAll() {
        ControlPlaneException why = new UnavailableException(stopped.orElse("the node has stopped"));
        waitingReads.forEach(waiting -> waiting.read.fail(why));
        waitingReads.clear();
        watches.forEach(poll -> poll.fail(why));
        watches.clear();
        peerWatches.forEach(poll -> poll.fail(why));
        peerWatches.clear();
    }

    /** A question cannot break the state: a defect in answering it costs its caller the answer, and nobody else. */
    private String defect(String what, RuntimeException e) {
        counters.accept("state-machine.defect." + what);
        LOG.error("The state machine '{}' has a defect: {} failed", stateMachine.name(), what, e);
        return "the state machine '" + stateMachine.name() + "' has a defect: " + what + " failed with " + e;
    }
}
