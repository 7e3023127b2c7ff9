package io.quorate.registry.node;

import io.quorate.api.ControlPlaneException;
import io.quorate.api.LogIndex;
import io.quorate.registry.protocol.CommandBatch;
import io.quorate.registry.protocol.Outcome;
import java.util.List;

/** The place of one command in a gathering that has left it for another attempt: nobody waits here any more. */
enum LeftPlace implements Submission {
    ONE;

    @Override
    public int commands() {
        return 1;
    }

    @Override
    public int bodyBytes() {
        return 0;
    }

    @Override
    public long deadlineNanos() {
        return Alarm.NEVER;
    }

    @Override
    public boolean fromMember() {
        return false;
    }

    @Override
    public void joinTo(CommandBatch.Joiner joiner) {
        throw new IllegalStateException("found a place that was left, expected a command to join");
    }

    @Override
    public boolean ended() {
        return true;
    }

    @Override
    public void succeed(LogIndex index, List<Outcome> outcomes, int from) {
        // The next attempt gets the same result.
    }

    @Override
    public void fail(ControlPlaneException why) {
        // The next attempt has its own end.
    }
}
