package io.quorate.client;

import io.quorate.api.Bytes;
import io.quorate.api.CommandResult;

/** A command on its way. Fields that are not final belong to the loop. */
final class PendingCommand extends Pending<CommandResult> {

    final Bytes payload;

    /** Whether it is not an application's, but opens a session. */
    final boolean opens;

    /** What makes the session's number hard to guess, if it opens one. */
    long secret;

    /** With what it was first sent; null if it was not sent yet, or has no session. */
    CommandSession session;
    long sequence;

    /** Whether an attempt may have been carried out without an answer. */
    boolean doubtful;

    PendingCommand(Bytes payload) {
        this(payload, false);
    }

    private PendingCommand(Bytes payload, boolean opens) {
        super(payload.length());
        this.payload = payload;
        this.opens = opens;
    }

    /** Opens the session that {@code first} waits for, within its time. */
    static PendingCommand openingFor(PendingCommand first, long secret) {
        PendingCommand opening = new PendingCommand(Bytes.empty(), true);
        opening.secret = secret;
        opening.startNanos = first.startNanos;
        opening.deadlineNanos = first.deadlineNanos;
        return opening;
    }
}
