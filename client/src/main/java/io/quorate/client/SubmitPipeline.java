package io.quorate.client;

import io.quorate.api.Bytes;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.CommandResult;
import io.quorate.api.MalformedBytesException;
import io.quorate.registry.protocol.CommandBatch;
import io.quorate.registry.protocol.Outcome;
import io.quorate.registry.protocol.SubmitResponse;
import io.quorate.spi.wire.RpcType;
import java.util.ArrayList;
import java.util.List;

/** Commands, batched into SUBMIT calls. Loop only. */
final class SubmitPipeline extends Pipeline<PendingCommand> {

    private final ClientCore core;

    SubmitPipeline(ClientCore core) {
        super(core, RpcType.SUBMIT, Routes.Want.LEADER, false, ClientLimits.MAX_CALLS_IN_FLIGHT);
        this.core = core;
    }

    @Override
    Flight<PendingCommand> nextBatch() {
        CommandBatch.Joiner joiner = new CommandBatch.Joiner();
        List<PendingCommand> items = new ArrayList<>(queue.size());
        while (!queue.isEmpty()) {
            if (dropEndedHead()) {
                continue;
            }
            Bytes payload = queue.peek().payload;
            if (!joiner.fits(1, CommandBatch.bodyBytes(payload))) {
                break;
            }
            joiner.add(payload);
            items.add(queue.poll());
        }
        return items.isEmpty() ? null : new Flight<>(items, joiner.toParts());
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
        release(flight.open());
        for (int i = flight.expired; i < outcomes.size(); i++) {
            Outcome outcome = outcomes.get(i);
            PendingCommand command = flight.items.get(i);
            if (outcome.rejected()) {
                command.completeExceptionally(new CommandRejectedException(outcome.message()));
            } else {
                command.complete(new CommandResult(answer.index(), outcome.payload()));
            }
        }
    }
}
