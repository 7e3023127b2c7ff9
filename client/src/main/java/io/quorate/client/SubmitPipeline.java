package io.quorate.client;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.CommandResult;
import io.quorate.api.ControlPlaneException;
import io.quorate.api.LogIndex;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.OutcomeUnknownException;
import io.quorate.registry.protocol.CommandBatch;
import io.quorate.registry.protocol.Outcome;
import io.quorate.registry.protocol.SubmitResponse;
import io.quorate.spi.consensus.CallFailure;
import io.quorate.spi.wire.RpcError;
import io.quorate.spi.wire.RpcType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Commands, batched into SUBMIT calls. Loop only.
 *
 * <p>With sessions (thesis §6.3) a command gets a sequence when it is first sent, and keeps it. So it may be sent as
 * often as it takes: the cluster applies it once, and answers each repetition with the one result. The session is
 * opened with the first command and kept by using it; one that was idle for too long is opened anew, without harm,
 * since nothing of it was in doubt.
 */
final class SubmitPipeline extends Pipeline<PendingCommand> {

    private final ClientCore core;
    private boolean withSessions;
    private CommandSession session;
    /** The last attempt to open a session. */
    private PendingCommand opening;

    SubmitPipeline(ClientCore core, boolean withSessions) {
        super(core, RpcType.SUBMIT, Routes.Want.LEADER, false, ClientLimits.MAX_CALLS_IN_FLIGHT);
        this.core = core;
        this.withSessions = withSessions;
    }

    @Override
    boolean mayBatch() {
        PendingCommand head = queue.peek();
        if (!withSessions || head.opens || head.session != null || head.isDone()) {
            return true;
        }
        return session == null ? !isOpening() : session.hasRoom();
    }

    private boolean isOpening() {
        return opening != null && !opening.isDone();
    }

    @Override
    Flight<PendingCommand> nextBatch() {
        CommandBatch.Joiner joiner = new CommandBatch.Joiner();
        List<PendingCommand> items = new ArrayList<>(queue.size());
        while (!queue.isEmpty()) {
            if (dropEndedHead()) {
                continue;
            }
            PendingCommand head = queue.peek();
            boolean fresh = withSessions && head.session == null;
            if (head.opens || fresh && session == null) {
                // Alone: whether it was carried out is of no concern, and so it may always be tried again.
                return items.isEmpty() && (head.opens || !isOpening()) ? opening(head) : flight(items, joiner);
            }
            if (!joiner.fits(1, CommandBatch.bodyBytes(head.payload)) || fresh && !session.hasRoom()
                    || !items.isEmpty() && (items.get(0).session != null) != (fresh || head.session != null)) {
                // A batch is tried again as a whole: what must not be repeated does not travel with what may be.
                break;
            }
            if (fresh) {
                session.assign(head);
            }
            if (head.session == null) {
                joiner.add(head.payload);
            } else {
                // An application may end its future at any time, also now.
                joiner.add(head.session.id, head.sequence, Math.min(head.session.answeredBelow(), head.sequence),
                    head.payload);
            }
            items.add(queue.poll());
        }
        return flight(items, joiner);
    }

    private Flight<PendingCommand> opening(PendingCommand head) {
        if (head.opens) {
            queue.poll();
        } else {
            opening = PendingCommand.openingFor(head, CommandBatch.newSecret(core.random()));
            core.capacity().take();
        }
        PendingCommand opens = head.opens ? head : opening;
        return flight(List.of(opens), new CommandBatch.Joiner().addOpening(opens.secret));
    }

    private static Flight<PendingCommand> flight(List<PendingCommand> items, CommandBatch.Joiner joiner) {
        return items.isEmpty() ? null : new Flight<>(items, joiner.toParts());
    }

    @Override
    boolean repeatable(Flight<PendingCommand> flight) {
        PendingCommand first = flight.items.get(0); // As the first, so all.
        return first.opens || first.session != null;
    }

    @Override
    void requeue(List<PendingCommand> operations) {
        super.requeue(operations);
        if (isOpening() && queue.remove(opening)) {
            // Before everything that waits for it, whatever the order of their deadlines.
            opening.deadlineNanos = queue.isEmpty() ? opening.deadlineNanos
                : Math.min(opening.deadlineNanos, queue.peek().deadlineNanos);
            queue.addFirst(opening);
        }
    }

    @Override
    void doubt(List<PendingCommand> operations) {
        operations.forEach(command -> command.doubtful = true);
    }

    @Override
    ControlPlaneException ending(PendingCommand command, ControlPlaneException nothingHappened) {
        return command.doubtful ? new OutcomeUnknownException("it was sent and not answered, and may have been "
            + "applied; " + nothingHappened.getMessage()) : nothingHappened;
    }

    @Override
    void giveUp(List<PendingCommand> operations, CallFailure failure, ControlPlaneException why) {
        boolean opens = !operations.isEmpty() && operations.get(0).opens;
        // A verdict on this attempt says nothing about an earlier one that had no answer. Scenario: a command reaches
        // the leader through a node that is then removed, is tried again there, and is refused.
        operations.forEach(command -> fail(List.of(command),
            why instanceof OutcomeUnknownException ? why : ending(command, why)));
        if (opens && failure.error().map(RpcError::code).equals(Optional.of(RpcError.Code.MALFORMED))) {
            // A cluster of a build that knows no sessions: as it was before there were any.
            withSessions = false;
        } else if (opens) {
            List<PendingCommand> waiting = new ArrayList<>(queue);
            waiting.removeIf(command -> command.session != null);
            queue.removeAll(waiting);
            fail(waiting, why);
        }
    }

    @Override
    void deliver(Flight<PendingCommand> flight, Bytes response) throws MalformedBytesException {
        SubmitResponse answer = SubmitResponse.decode(response);
        List<Outcome> outcomes = answer.outcomes();
        if (outcomes.size() != flight.items.size()) {
            throw new MalformedBytesException("found " + outcomes.size() + " outcomes of " + flight.items.size()
                + " commands, expected one for each");
        }
        core.applied(answer.index());
        if (flight.items.get(0).opens) {
            opened(flight, outcomes.get(0));
            return;
        }
        List<PendingCommand> again = takeThoseOfAnEndedSession(flight, outcomes);
        List<PendingCommand> ended = flight.open();
        if (!again.isEmpty()) {
            ended = new ArrayList<>(ended);
            ended.removeIf(command -> command.session == null);
        }
        release(ended);
        requeue(again);
        for (int i = flight.expired; i < outcomes.size(); i++) {
            Outcome outcome = outcomes.get(i);
            PendingCommand command = flight.items.get(i);
            switch (outcome.kind()) {
                case OK -> command.complete(new CommandResult(answer.index(), outcome.payload()));
                case REJECTED -> command.completeExceptionally(new CommandRejectedException(outcome.message()));
                case RESULT_GONE -> command.completeExceptionally(new OutcomeUnknownException("an earlier attempt may "
                    + "have been applied, and its result is not kept any more"));
                case SESSION_EXPIRED -> {
                    if (command.doubtful) {
                        command.completeExceptionally(new OutcomeUnknownException("the session expired before the "
                            + "command was answered; an earlier attempt may have been applied"));
                    }
                }
            }
        }
    }

    private void opened(Flight<PendingCommand> flight, Outcome outcome) throws MalformedBytesException {
        BytesReader in = new BytesReader(outcome.payload());
        long id = in.i64();
        in.end();
        if (outcome.kind() != Outcome.Kind.OK || id <= CommandBatch.NO_SESSION) {
            throw new MalformedBytesException("found a session opened as " + outcome.kind()
                + (id > CommandBatch.NO_SESSION ? "" : " without a number") + ", expected a positive number");
        }
        release(flight.open());
        session = new CommandSession(id);
        flight.items.get(0).complete(new CommandResult(LogIndex.ZERO, Bytes.empty()));
    }

    /** Those that were sent once and met an ended session did not happen: they get another session. */
    private List<PendingCommand> takeThoseOfAnEndedSession(Flight<PendingCommand> flight, List<Outcome> outcomes) {
        List<PendingCommand> again = new ArrayList<>(0);
        for (int i = flight.expired; i < outcomes.size(); i++) {
            PendingCommand command = flight.items.get(i);
            if (outcomes.get(i).kind() != Outcome.Kind.SESSION_EXPIRED) {
                continue;
            }
            if (command.session == session) {
                session = null;
            }
            if (!command.doubtful && !command.isDone()) {
                command.session = null;
                again.add(command);
            }
        }
        return again;
    }
}
