package io.quorate.registry.node;

import io.quorate.api.AppliedCommand;
import io.quorate.api.Bytes;
import io.quorate.api.BytesWriter;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.StateMachine;
import io.quorate.registry.protocol.CommandBatch;
import io.quorate.registry.protocol.Outcome;
import io.quorate.registry.protocol.ProtocolLimits;
import io.quorate.spi.consensus.CommittedEntry;
import io.quorate.spi.node.StateTrace;
import java.util.ArrayList;
import java.util.List;

/**
 * Feeds the commands of committed entries to the state machine: those of a session once for each sequence, the others
 * once for each time they are committed. Apply thread only.
 *
 * <p>The results of a group are packed into one array, on every replica, whether somebody here waits for them or not:
 * the next leader must have them.
 */
final class CommandRunner {

    private final StateMachine stateMachine;
    private final ClientSessions sessions;
    private final StateTrace trace;
    /** What the last command brought: two fields and not an object for each command, as most replicas drop it. */
    private boolean rejected;
    private Bytes result;

    CommandRunner(StateMachine stateMachine, ClientSessions sessions, StateTrace trace) {
        this.stateMachine = stateMachine;
        this.sessions = sessions;
        this.trace = trace;
    }

    /**
     * Applies an entry of type COMMANDS.
     *
     * @return the outcomes, if they are {@code wanted}
     */
    List<Outcome> apply(CommittedEntry entry, boolean wanted) throws MalformedBytesException {
        CommandBatch batch = CommandBatch.decode(entry.payload());
        List<Outcome> outcomes = wanted ? new ArrayList<>(batch.count()) : null;
        int position = 0;
        for (CommandBatch.Group group : batch.groups()) {
            if (group.session() > CommandBatch.NO_SESSION) {
                applyInSession(entry, position, group, outcomes);
            } else if (group.session() == CommandBatch.OPENS_SESSION) {
                open(entry, position, group, outcomes);
            } else {
                for (int i = 0; i < group.commands().size(); i++) {
                    run(entry, position + i, group.commands().get(i));
                    tell(outcomes);
                }
            }
            position += group.commands().size();
        }
        return wanted ? outcomes : List.of();
    }

    /**
     * Applies an entry of type SESSIONS.
     *
     * @return how many sessions it has ended
     */
    int advance(Bytes payload) throws MalformedBytesException {
        return sessions.advance(payload);
    }

    /**
     * What the opener has drawn makes the number one that nobody else can guess; the place in the log makes it another
     * one for each time that the same opening is committed. Without the place: a session is opened and used, and ends
     * to make room; a repetition of its opening, held up on its way, opens it again with nothing remembered, and
     * repetitions of its commands are applied once more.
     */
    private void open(CommittedEntry entry, int position, CommandBatch.Group group, List<Outcome> outcomes) {
        for (int i = 0; i < group.commands().size(); i++) {
            long place = entry.index().value() * ProtocolLimits.MAX_BATCH_COMMANDS + position + i;
            long id = Math.max(1, CommandBatch.secret(group.commands().get(i)) + place & Long.MAX_VALUE);
            sessions.open(id);
            if (outcomes != null) {
                outcomes.add(Outcome.ok(new BytesWriter(Long.BYTES).i64(id).toBytes()));
            }
        }
    }

    private void applyInSession(CommittedEntry entry, int position, CommandBatch.Group group, List<Outcome> outcomes) {
        ClientSession session = sessions.use(group.session(), group.answeredBelow());
        int size = group.commands().size();
        BytesWriter packed = null;
        int from = 0;
        for (int i = 0; i < size; i++) {
            Outcome known = session == null ? Outcome.SESSION_EXPIRED : session.known(group.first() + i);
            if (known != null) {
                if (session != null) {
                    trace.commandRepeated();
                }
                if (outcomes != null) {
                    outcomes.add(known);
                }
                continue;
            }
            if (packed == null) {
                packed = new BytesWriter(size * 32);
                from = i;
            }
            run(entry, position + i, group.commands().get(i));
            packed.bool(rejected).bytes(result);
            tell(outcomes);
            if (i + 1 == size || session.known(group.first() + i + 1) != null) {
                sessions.keep(session, new ClientSession.Run(group.first() + from, i + 1 - from, packed.toBytes()));
                packed = null;
            }
        }
    }

    private void run(CommittedEntry entry, int position, Bytes command) {
        try {
            rejected = false;
            result = stateMachine.apply(new AppliedCommand(entry.term(), entry.index(), position, command));
        } catch (CommandRejectedException e) {
            rejected = true;
            result = Outcome.refusal(e.getMessage());
        }
        if (result == null) {
            throw new IllegalStateException("the state machine '" + stateMachine.name() + "' returned null at "
                + "position " + position + ", expected a result");
        }
    }

    private void tell(List<Outcome> outcomes) {
        if (outcomes != null) {
            outcomes.add(new Outcome(rejected ? Outcome.Kind.REJECTED : Outcome.Kind.OK, result));
        }
    }
}
