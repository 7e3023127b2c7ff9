package io.quorate.raft.core;

import java.util.ArrayDeque;
import java.util.function.Consumer;

/**
 * A leader's reads that wait to be confirmed (thesis §6.4). Reads gather until the turn's end; then they get the commit
 * index of that moment and the number of a round of heartbeats that leaves afterwards. A majority's answers to that
 * round or a later one confirm them all. A number is never used for two rounds, so a late answer confirms nothing
 * that was asked after its question.
 */
final class ReadIndexQueue {

    /**
     * One read.
     *
     * @param remote whether another node asked
     */
    record Read(Object token, boolean remote, long deadlineNanos, long round, long index) {
    }

    private final ArrayDeque<Read> gathering = new ArrayDeque<>();
    private final ArrayDeque<Read> asked = new ArrayDeque<>();

    /** @return false if too many wait */
    boolean add(Object token, boolean remote, long deadlineNanos) {
        if (gathering.size() + asked.size() >= RaftLimits.MAX_PENDING_READS) {
            return false;
        }
        gathering.add(new Read(token, remote, deadlineNanos, 0, 0));
        return true;
    }

    boolean hasGathered() {
        return !gathering.isEmpty();
    }

    /** All that have gathered are answered with {@code index} once {@code round} is confirmed. */
    void ask(long round, long index) {
        for (Read read = gathering.poll(); read != null; read = gathering.poll()) {
            asked.add(new Read(read.token(), read.remote(), read.deadlineNanos(), round, index));
        }
    }

    void confirmed(long round, Consumer<Read> answer) {
        while (!asked.isEmpty() && asked.peek().round() <= round) {
            answer.accept(asked.poll());
        }
    }

    void expire(long now, Consumer<Read> answer) {
        expire(asked, now, answer);
        expire(gathering, now, answer);
    }

    void drain(Consumer<Read> answer) {
        asked.forEach(answer);
        gathering.forEach(answer);
        asked.clear();
        gathering.clear();
    }

    private static void expire(ArrayDeque<Read> reads, long now, Consumer<Read> answer) {
        while (!reads.isEmpty() && now - reads.peek().deadlineNanos() >= 0) {
            answer.accept(reads.poll());
        }
    }
}
