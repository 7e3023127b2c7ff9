package io.quorate.client;

import io.quorate.registry.protocol.ProtocolLimits;
import java.util.ArrayDeque;

/**
 * One replicated session of this client, as the client sees it: which sequence is next, and which it still waits for.
 * Loop only.
 */
final class CommandSession {

    final long id;
    private final ArrayDeque<PendingCommand> unanswered = new ArrayDeque<>();
    private long nextSequence = 1;
    private long unansweredBytes;

    CommandSession(long id) {
        this.id = id;
    }

    /** Whether one more command can be sent without endangering the results of those that are not answered. */
    boolean hasRoom() {
        return nextSequence - answeredBelow() < ProtocolLimits.MAX_UNANSWERED_SEQUENCES
            && unansweredBytes < ProtocolLimits.MAX_UNANSWERED_BYTES;
    }

    /** Gives {@code command} its sequence, with which alone it is sent from now on. */
    void assign(PendingCommand command) {
        command.session = this;
        command.sequence = nextSequence++;
        unanswered.add(command);
        unansweredBytes += command.bytes;
    }

    /** Nobody waits for a sequence below this one. */
    long answeredBelow() {
        while (!unanswered.isEmpty() && unanswered.peek().isDone()) {
            unansweredBytes -= unanswered.poll().bytes;
        }
        return unanswered.isEmpty() ? nextSequence : unanswered.peek().sequence;
    }
}
