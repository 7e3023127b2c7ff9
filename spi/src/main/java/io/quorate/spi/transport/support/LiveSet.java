package io.quorate.spi.transport.support;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** Everything of a transport that has to be told when it closes, until it is gone by itself. Thread-safe. */
public final class LiveSet {

    private final Set<Live> members = new HashSet<>();
    private final CompletableFuture<Void> empty = new CompletableFuture<>();
    private boolean closing;

    /** An attempt or a connection. Compared by identity. */
    public interface Live {
        /** The transport is closing: end, and say so. From any thread; does not block. */
        void shutDown();
    }

    /** Adds {@code member}; tells it at once if the transport is closing already. */
    public void add(Live member) {
        boolean tooLate;
        synchronized (this) {
            members.add(member);
            tooLate = closing;
        }
        if (tooLate) {
            member.shutDown();
        }
    }

    /** {@code member} has ended. Idempotent. */
    public synchronized void remove(Live member) {
        members.remove(member);
        if (closing && members.isEmpty()) {
            empty.complete(null);
        }
    }

    /** How many have not ended yet. */
    public synchronized int size() {
        return members.size();
    }

    /** Tells all members, and those that still come, to end; the result completes when none is left. */
    public CompletableFuture<Void> shutDown() {
        List<Live> now;
        synchronized (this) {
            closing = true;
            now = List.copyOf(members);
            if (now.isEmpty()) {
                empty.complete(null);
            }
        }
        now.forEach(Live::shutDown);
        return empty;
    }
}
