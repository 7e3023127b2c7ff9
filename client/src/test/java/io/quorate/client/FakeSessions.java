package io.quorate.client;

import io.quorate.api.BytesWriter;
import io.quorate.registry.protocol.CommandBatch;
import io.quorate.registry.protocol.Outcome;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/** What a cluster remembers of its clients' sessions. */
final class FakeSessions {

    private final Map<Long, Map<Long, Outcome>> open = new HashMap<>();
    int opened;

    Outcome outcome(CommandBatch.Group group, int at, Supplier<Outcome> apply) {
        if (group.session() == CommandBatch.NO_SESSION) {
            return apply.get();
        }
        if (group.session() == CommandBatch.OPENS_SESSION) {
            long id = CommandBatch.secret(group.commands().get(at)) + ++opened & Long.MAX_VALUE;
            open.put(id, new HashMap<>());
            return Outcome.ok(new BytesWriter().i64(id).toBytes());
        }
        Map<Long, Outcome> session = open.get(group.session());
        if (session == null) {
            return Outcome.SESSION_EXPIRED;
        }
        if (group.first() + at < group.answeredBelow()) {
            throw new AssertionError("found sequence " + (group.first() + at) + " answered below "
                + group.answeredBelow());
        }
        session.keySet().removeIf(sequence -> sequence < group.answeredBelow());
        return session.computeIfAbsent(group.first() + at, sequence -> apply.get());
    }

    /** How many results are kept. */
    int kept() {
        return open.values().stream().mapToInt(Map::size).sum();
    }

    void expireAll() {
        open.clear();
    }
}
