package io.quorate.client;

import io.quorate.api.Bytes;
import io.quorate.api.CommandResult;

/** A command on its way. */
final class PendingCommand extends Pending<CommandResult> {

    final Bytes payload;

    PendingCommand(Bytes payload) {
        super(payload.length());
        this.payload = payload;
    }
}
