package io.quorate.registry.node;

import io.quorate.api.Command;
import io.quorate.api.CommandResult;
import io.quorate.api.ControlPlaneException;
import io.quorate.api.LogIndex;
import io.quorate.api.NodeId;
import io.quorate.api.NotLeaderException;
import io.quorate.api.OutcomeUnknownException;
import io.quorate.api.OverloadedException;
import io.quorate.api.UnavailableException;
import io.quorate.registry.protocol.CommandBatch;
import io.quorate.registry.protocol.Failures;
import io.quorate.spi.consensus.CommittedEntry;
import io.quorate.spi.consensus.Consensus;
import io.quorate.spi.consensus.ConsensusStatus;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.RpcResponder;
import io.quorate.spi.time.NodeLoop;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * The way of a command from its submission to the apply thread.
 *
 * <p><b>Mailbox.</b> Any thread hands in; room is taken first and given back at the command's end, so that everything
 * under way is bounded and a full node says so at once.
 *
 * <p><b>Turn.</b> At the end of each turn of the loop everything that has gathered becomes as few entries as it fits
 * into, or one call to the leader. What cannot go anywhere now stays, and is tried again until its deadline.
 *
 * <p><b>Outcome.</b> A proposed entry has a term and an index. What is committed at that index decides: this term's
 * entry is ours and its results are the callers'; another's means that ours never will be, and nothing happened. Losing
 * the leadership decides nothing: the successor may commit the entry. A deadline that passes first leaves the outcome
 * unknown, and says so (lesson: a proposal whose leader lost its place has not failed).
 */
final class Submissions {

    private static final Runnable WAKE_UP = () -> { };

    private final NodeLoop loop;
    private final Consensus consensus;
    private final Forwarder forwarder;
    private final NodeId self;
    private final Consumer<String> counters;
    private final Admission admission;
    private final ConcurrentLinkedQueue<Submission> mailbox = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean woken = new AtomicBoolean();
    private final ArrayDeque<Submission> backlog = new ArrayDeque<>();
    private final LocalSession localSession;
    private final SortedMap<Long, Gathering> proposed = new TreeMap<>();
    private final Alarm deadlines;
    private final Alarm retry;

    private volatile Optional<UnavailableException> left = Optional.empty();
    private volatile Optional<NodeId> successor = Optional.empty();
    private volatile Optional<String> stopped = Optional.empty();
    private boolean waitsToRetry;
    private boolean refusedForOverload;
    private long refusedSinceNanos;
    private String lastHindrance = "no leader is known";
    private long lastCommitted;

    /** @param counters hears of everything that is refused as too much; thread-safe */
    Submissions(NodeLoop loop, NodeId self, Consensus consensus, Forwarder forwarder, Consumer<String> counters) {
        this.loop = loop;
        this.self = self;
        this.consensus = consensus;
        this.forwarder = forwarder;
        this.counters = counters;
        this.admission = new Admission("commands", NodeLimits.MAX_PENDING_COMMANDS,
            NodeLimits.MAX_PENDING_COMMAND_BYTES, counters);
        this.deadlines = new Alarm(loop, this::expire);
        this.localSession = new LocalSession(loop, deadlines::by);
        this.retry = new Alarm(loop, () -> waitsToRetry = false);
    }

    /** A command of this process. Any thread. */
    CompletableFuture<CommandResult> submit(Command command) {
        if (left.isPresent()) {
            return CompletableFuture.failedFuture(left.get());
        }
        int bytes = CommandBatch.bodyBytes(command.payload());
        if (!admission.tryAcquire(1, bytes)) {
            return CompletableFuture.failedFuture(overloaded(admission.describe()));
        }
        LocalSubmission submission = new LocalSubmission(command.payload(),
            loop.clock().nanoTime() + TimeUnit.MILLISECONDS.toNanos(NodeLimits.OPERATION_MILLIS), admission,
            expired -> loop.execute(() -> localSession.expired(expired)));
        enqueue(submission);
        return submission;
    }

    /** The commands of a SUBMIT. Any thread. */
    void submit(CommandBatch batch, long budgetMillis, boolean fromMember, RpcResponder responder) {
        if (left.isPresent()) {
            // Whoever follows the leader need not look for it.
            responder.fail(Failures.toError(successor.isPresent()
                ? new NotLeaderException(left.get().getMessage(), successor.get()) : left.get()));
            return;
        }
        if (!admission.tryAcquire(batch.count(), batch.bodyBytes())) {
            responder.fail(Failures.toError(overloaded(admission.describe())));
            return;
        }
        long millis =
            Math.max(1, Math.min(budgetMillis - NodeLimits.ANSWER_MARGIN_MILLIS, NodeLimits.OPERATION_MILLIS));
        enqueue(new RemoteSubmission(batch, loop.clock().nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis), fromMember,
            admission, responder));
    }

    private void enqueue(Submission submission) {
        mailbox.add(submission);
        if (stopped.isPresent()) {
            // The last turn may be over already; without this line the command would wait for ever. If the loop has
            // taken it all the same, it may have been proposed, and only the loop knows what to tell.
            if (mailbox.remove(submission)) {
                submission.fail(new UnavailableException(stopped.get()));
            }
            return;
        }
        // Only the first of many since the last turn pays for the wake-up.
        if (!woken.get() && woken.compareAndSet(false, true)) {
            loop.execute(WAKE_UP);
        }
    }

    /** At the end of each turn, before the consensus sends what was proposed in it. Loop only. */
    void turnEnd() {
        // Before the mailbox is emptied: who comes in between wakes the loop again, for nothing at worst.
        woken.set(false);
        for (Submission next = mailbox.poll(); next != null; next = mailbox.poll()) {
            if (next instanceof LocalSubmission local) {
                localSession.add(local);
            } else {
                backlog.add(next);
            }
            deadlines.by(next.deadlineNanos());
        }
        if (stopped.isPresent()) {
            localSession.fail(new UnavailableException(stopped.get()));
        }
        localSession.moveTo(backlog);
        if (backlog.isEmpty()) {
            return;
        }
        if (stopped.isPresent()) {
            failBacklog(new UnavailableException(stopped.get()));
        } else if (!waitsToRetry) {
            ConsensusStatus status = consensus.status();
            if (status.role() == ConsensusStatus.Role.LEADER) {
                propose();
            } else {
                passOn(status.leader().filter(leader -> !leader.equals(self)));
            }
        }
    }

    private void propose() {
        while (true) {
            Gathering gathering = gather();
            if (gathering.isEmpty()) {
                return;
            }
            switch (consensus.propose(EntryType.COMMANDS, gathering.takePayload())) {
                case Consensus.ProposalResult.Accepted accepted -> {
                    refusedForOverload = false;
                    register(gathering, accepted);
                }
                case Consensus.ProposalResult.NotLeader refused -> {
                    putBack(gathering.submissions());
                    refuseMembers(refused.leader());
                    retryLater("this node leads and cannot take commands yet", NodeLimits.RETRY_MILLIS);
                    return;
                }
                case Consensus.ProposalResult.Overloaded refused -> {
                    putBack(gathering.submissions());
                    overloaded(refused);
                    return;
                }
            }
        }
    }

    private void register(Gathering gathering, Consensus.ProposalResult.Accepted accepted) {
        long index = accepted.index().value();
        if (index <= lastCommitted) {
            throw new IllegalStateException("found a proposal accepted at index " + index + ", expected one after "
                + lastCommitted + ", which is committed");
        }
        gathering.acceptedIn(accepted.term(), proposed.get(index));
        proposed.put(index, gathering);
    }

    private void overloaded(Consensus.ProposalResult.Overloaded refused) {
        long nowNanos = loop.clock().nanoTime();
        if (!refusedForOverload) {
            refusedForOverload = true;
            refusedSinceNanos = nowNanos;
        }
        if (nowNanos - refusedSinceNanos > TimeUnit.MILLISECONDS.toNanos(NodeLimits.OVERLOAD_PATIENCE_MILLIS)) {
            backlog.forEach(told -> counters.accept(Overloads.answered(refused.cause())));
            failBacklog(new OverloadedException(refused.cause().text(),
                Duration.ofMillis(refused.retryAfterMillis())));
        } else {
            counters.accept(Overloads.deferred(refused.cause()));
            retryLater(refused.cause().text(), Math.clamp(refused.retryAfterMillis(), 1, 10 * NodeLimits.RETRY_MILLIS));
        }
    }

    private void passOn(Optional<NodeId> leader) {
        refuseMembers(leader);
        if (leader.isEmpty()) {
            lastHindrance = "no leader is known";
        } else if (forwarder.hasRoom(leader.get())) {
            Gathering gathering = gather();
            if (!gathering.isEmpty()) {
                forwarder.forward(leader.get(), gathering, this::tryAgain);
            }
        }
    }

    /** What was passed on came back, undone or to be done again: it is tried again, until its deadline. */
    private void tryAgain(List<Submission> submissions, String why) {
        putBack(submissions);
        retryLater(why, NodeLimits.RETRY_MILLIS);
    }

    /** Who leads has changed: what hangs at others and may be repeated goes to the successor. Loop only. */
    void leaderChanged(Optional<NodeId> leader) {
        putBack(forwarder.takeFromOthers(leader));
    }

    private Gathering gather() {
        Gathering gathering = new Gathering();
        while (!backlog.isEmpty()) {
            Submission next = backlog.peek();
            if (next.ended()) {
                backlog.poll();
            } else if (gathering.fits(next)) {
                gathering.add(backlog.poll());
            } else {
                break;
            }
        }
        return gathering;
    }

    private void putBack(List<Submission> submissions) {
        for (int i = submissions.size() - 1; i >= 0; i--) {
            backlog.addFirst(submissions.get(i));
            deadlines.by(submissions.get(i).deadlineNanos());
        }
    }

    private void retryLater(String hindrance, long millis) {
        lastHindrance = hindrance;
        waitsToRetry = true;
        retry.by(loop.clock().nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis));
    }

    /**
     * What a member has passed on is never passed on again: two nodes that take each other for the leader would loop.
     */
    private void refuseMembers(Optional<NodeId> leader) {
        for (Iterator<Submission> each = backlog.iterator(); each.hasNext(); ) {
            Submission submission = each.next();
            if (submission.fromMember()) {
                each.remove();
                submission.fail(new NotLeaderException("this node does not lead", leader.orElse(null)));
            }
        }
    }

    private void failBacklog(ControlPlaneException why) {
        backlog.forEach(submission -> submission.fail(why));
        backlog.clear();
    }

    /**
     * Finds out whose the committed entries are, and tells those whose places others have taken. Loop only.
     *
     * @return for each entry the gathering that it carries, or null; null if none carries any
     */
    Gathering[] take(List<CommittedEntry> entries) {
        if (entries.isEmpty()) {
            return null;
        }
        lastCommitted = entries.getLast().index().value();
        if (proposed.isEmpty()) {
            return null;
        }
        Gathering[] ours = new Gathering[entries.size()];
        for (int i = 0; i < ours.length; i++) {
            CommittedEntry entry = entries.get(i);
            Gathering at = proposed.remove(entry.index().value());
            for (; at != null; at = at.earlier()) {
                if (at.term().equals(entry.term())) {
                    ours[i] = at;
                } else {
                    // Those of a session are simply proposed once more; they carry doubts of their own, if any.
                    tryAgain(at.salvage(false, new UnavailableException("the leadership changed before the command "
                        + "was replicated; nothing happened, and it is safe to try again")),
                        "the leadership changed before the command was replicated");
                }
            }
        }
        return ours;
    }

    /**
     * Entries up to {@code index} will never come one by one: a snapshot stands for them. Whether ours were among them
     * cannot be told any more. Loop only.
     */
    void skippedTo(LogIndex index) {
        lastCommitted = index.value();
        SortedMap<Long, Gathering> skipped = proposed.headMap(index.value() + 1);
        OutcomeUnknownException unknown = new OutcomeUnknownException("this node has caught up by a snapshot in which "
            + "the command may be or not be");
        for (Gathering gathering : skipped.values()) {
            for (Gathering each = gathering; each != null; each = each.earlier()) {
                tryAgain(each.salvage(true, unknown), unknown.getMessage());
            }
        }
        skipped.clear();
    }

    /** Tells those whose time is over, each what is known of its command. */
    private void expire() {
        long nowNanos = loop.clock().nanoTime();
        long next = forwarder.expire(nowNanos);
        for (Gathering gathering : new ArrayList<>(proposed.values())) {
            for (Gathering each = gathering; each != null; each = each.earlier()) {
                next = Alarm.earlier(next, each.expire(nowNanos,
                    "the command was proposed and was not committed in time; it may still be"));
            }
        }
        for (Iterator<Submission> each = backlog.iterator(); each.hasNext(); ) {
            Submission submission = each.next();
            if (submission.deadlineNanos() - nowNanos <= 0) {
                each.remove();
                submission.fail(new UnavailableException("the time is over, and nothing happened: " + lastHindrance));
            } else {
                next = Alarm.earlier(next, submission.deadlineNanos());
            }
        }
        deadlines.by(Alarm.earlier(next, localSession.expire(nowNanos, lastHindrance)));
    }

    /**
     * From now on nothing new is taken; what was taken goes on. {@link #stop} follows. Loop only.
     *
     * @param leader who leads instead, if it is known
     */
    void leave(String why, Optional<NodeId> leader) {
        successor = leader;
        left = Optional.of(new UnavailableException(why + "; nothing happened"));
    }

    /** Whether everything that was taken has ended. */
    boolean isIdle() {
        return admission.isEmpty();
    }

    /** Ends everything under way and refuses what comes. Loop only. */
    void stop(String why) {
        stopped = Optional.of(why);
        OutcomeUnknownException unknown = new OutcomeUnknownException("the command was handed on, and then " + why);
        for (Gathering gathering : proposed.values()) {
            for (Gathering each = gathering; each != null; each = each.earlier()) {
                each.fail(unknown);
            }
        }
        proposed.clear();
        forwarder.failAll(unknown);
        turnEnd();
    }

    private static OverloadedException overloaded(String what) {
        return new OverloadedException(what, Duration.ofMillis(NodeLimits.OVERLOAD_RETRY_MILLIS));
    }
}
