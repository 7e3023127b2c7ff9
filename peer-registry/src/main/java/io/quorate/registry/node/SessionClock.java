package io.quorate.registry.node;

import io.quorate.spi.consensus.Consensus;
import io.quorate.spi.consensus.ConsensusStatus;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.Feature;
import io.quorate.spi.time.NodeLoop;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A leader's part in the sessions' time: it proposes how much of its leadership has passed since it last did.
 *
 * <p>Two leaderships whose entries are committed do not overlap, so all that they say together is never more than the
 * time that has really passed, and no session ends early. What is lost with a leader makes sessions live a little
 * longer. The time is measured with the monotonic clock; nothing is proposed while there is no session, nor before
 * {@link Feature#SESSION_EXPIRY} is on: until then sessions end only to make room for others. Loop only.
 */
final class SessionClock {

    private final NodeLoop loop;
    private final Consensus consensus;
    private final ClientSessions sessions;
    private final Alarm alarm;
    private boolean leads;
    private long saidUntilNanos;

    SessionClock(NodeLoop loop, Consensus consensus, ClientSessions sessions) {
        this.loop = loop;
        this.consensus = consensus;
        this.sessions = sessions;
        this.alarm = new Alarm(loop, this::tick);
    }

    void statusChanged(ConsensusStatus status) {
        boolean now = status.role() == ConsensusStatus.Role.LEADER && status.ready();
        if (now && !leads) {
            saidUntilNanos = loop.clock().nanoTime();
            next();
        }
        leads = now;
    }

    private void tick() {
        if (!leads) {
            return;
        }
        long nowNanos = loop.clock().nanoTime();
        long elapsedMillis = Math.min(TimeUnit.NANOSECONDS.toMillis(nowNanos - saidUntilNanos),
            sessions.pace().maxTickMillis());
        // By the configuration that is in force in this leader's log: whoever gets the entry has that one before it.
        if (!sessions.any() || !Feature.SESSION_EXPIRY.isOn(consensus.status().membership())) {
            saidUntilNanos = nowNanos;
        } else if (elapsedMillis > 0 && consensus.propose(EntryType.SESSIONS,
                List.of(ClientSessions.elapsed(elapsedMillis))) instanceof Consensus.ProposalResult.Accepted) {
            saidUntilNanos = nowNanos;
        }
        next();
    }

    private void next() {
        alarm.by(loop.clock().nanoTime() + TimeUnit.MILLISECONDS.toNanos(sessions.pace().tickMillis()));
    }
}
