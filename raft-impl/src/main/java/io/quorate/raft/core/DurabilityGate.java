package io.quorate.raft.core;

import io.quorate.api.NodeId;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.function.Consumer;

/**
 * Holds back what must not leave before what it speaks of is durable: answers that carry a term, a vote or an
 * acknowledgement, and a candidate's requests for votes (thesis figure 3.1: persistent state is updated before
 * responding).
 *
 * <p>A new term turns answers that still wait into refusals: an acknowledgement given in an old term must not leave
 * once the log may have been rewritten. Requests of an old candidacy are dropped.
 */
final class DurabilityGate {

    /** What waits: an answer (token, response) or a request (to, request). */
    private static final class Held {
        private long hardVersion;
        private long index;
        private final Object token;
        private Message.Response response;
        private final NodeId to;
        private final Message.Request request;

        Held(long hardVersion, long index, Object token, Message.Response response, NodeId to,
            Message.Request request) {
            this.hardVersion = hardVersion;
            this.index = index;
            this.token = token;
            this.response = response;
            this.to = to;
            this.request = request;
        }
    }

    /** Lets requests go; the gate knows no time. */
    interface Sender {
        void send(NodeId to, Message.Request request);
    }

    private final Consumer<Effect> out;
    private final Sender sender;
    private final ArrayDeque<Held> held = new ArrayDeque<>();
    private long durableHardVersion;
    private long durableIndex;

    DurabilityGate(long durableIndex, Consumer<Effect> out, Sender sender) {
        this.durableIndex = durableIndex;
        this.out = out;
        this.sender = sender;
    }

    /** Answers once the hard state of {@code hardVersion} and the log up to {@code index} are durable. */
    void reply(Object token, Message.Response response, long hardVersion, long index) {
        pass(new Held(hardVersion, index, token, response, null, null));
    }

    /** Calls once the hard state of {@code hardVersion} is durable. */
    void send(NodeId to, Message.Request request, long hardVersion) {
        pass(new Held(hardVersion, 0, null, null, to, request));
    }

    /** A new term has begun, with a hard state of {@code hardVersion}. */
    void termChanged(long term, long hardVersion) {
        for (Iterator<Held> all = held.iterator(); all.hasNext();) {
            Held item = all.next();
            if (item.request != null) {
                all.remove();
            } else {
                item.response = item.response.refused(term);
                item.hardVersion = hardVersion;
                item.index = 0;
            }
        }
    }

    /** A candidacy is over within its term. */
    void dropRequests() {
        held.removeIf(item -> item.request != null);
    }

    boolean isDurable(long hardVersion) {
        return hardVersion <= durableHardVersion;
    }

    /** More is durable. */
    void durable(long hardVersion, long index) {
        durableHardVersion = Math.max(durableHardVersion, hardVersion);
        durableIndex = index;
        if (held.isEmpty()) {
            return;
        }
        for (int waiting = held.size(); waiting > 0; waiting--) {
            pass(held.poll());
        }
    }

    /** Entries from {@code index + 1} on were dropped. */
    void truncated(long index) {
        durableIndex = Math.min(durableIndex, index);
    }

    private void pass(Held item) {
        if (item.hardVersion > durableHardVersion || item.index > durableIndex) {
            held.add(item);
        } else if (item.request != null) {
            sender.send(item.to, item.request);
        } else {
            out.accept(new Effect.Reply(item.token, item.response));
        }
    }
}
