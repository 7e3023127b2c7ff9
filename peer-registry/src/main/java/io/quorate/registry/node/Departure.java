package io.quorate.registry.node;

import io.quorate.api.NodeId;
import io.quorate.spi.consensus.AdministrationResult;
import io.quorate.spi.consensus.Consensus;
import io.quorate.spi.consensus.ConsensusStatus;
import io.quorate.spi.time.NodeLoop;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last second of a node that is stopped in order: it hands the leadership over, if it has it, takes no new
 * commands then, and waits for the results of those that it has taken.
 *
 * <p>A leader that simply goes costs an election, and whoever waits for it a doubt: so each restart of a rolling
 * upgrade would be felt (thesis §3.10: leadership transfer for planned maintenance). It is a courtesy and no duty: what
 * is not done when the time is over is left to the others, as if the node had been killed.
 *
 * <p>Loop only.
 */
final class Departure {

    private static final Logger LOG = LoggerFactory.getLogger(ControlPlaneNode.class);

    private final NodeLoop loop;
    private final NodeId self;
    private final Consensus consensus;
    private final Submissions submissions;
    private final BooleanSupplier outOfService;
    private long untilNanos;
    private boolean begun;

    /** @param outOfService whether there is nothing to leave any more */
    Departure(NodeLoop loop, NodeId self, Consensus consensus, Submissions submissions, BooleanSupplier outOfService) {
        this.loop = loop;
        this.self = self;
        this.consensus = consensus;
        this.submissions = submissions;
        this.outOfService = outOfService;
    }

    /** @param then called once, within {@link NodeLimits#LEAVE_MILLIS} or a little more; at once the second time */
    void begin(Runnable then) {
        if (begun || outOfService.getAsBoolean()) {
            then.run();
            return;
        }
        begun = true;
        untilNanos = loop.clock().nanoTime() + TimeUnit.MILLISECONDS.toNanos(NodeLimits.LEAVE_MILLIS);
        if (consensus.status().role() != ConsensusStatus.Role.LEADER) {
            drain(then);
            return;
        }
        // Commands that come meanwhile wait here, and go to the successor as soon as there is one.
        consensus.transferLeadership(Optional.empty(), NodeLimits.LEAVE_MILLIS, result -> {
            switch (result) {
                case AdministrationResult.Done done -> LOG.info("Node {} has handed the leadership over before it "
                    + "closes: {}", self, done.detail());
                case AdministrationResult.Refused refused -> LOG.info("Node {} leads and closes, and nobody can take "
                    + "over: {}", self, refused.reason());
                case AdministrationResult.NotLeader other -> LOG.info("Node {} leads no more and closes", self);
                case AdministrationResult.Unknown unknown -> LOG.info("Node {} leads and closes, and has not seen "
                    + "anybody take over: {}", self, unknown.reason());
            }
            drain(then);
        });
    }

    private void drain(Runnable then) {
        submissions.leave("node " + self + " is closing",
            consensus.status().leader().filter(leader -> !leader.equals(self)));
        awaitIdle(then);
    }

    private void awaitIdle(Runnable then) {
        if (submissions.isIdle() || outOfService.getAsBoolean() || loop.clock().nanoTime() - untilNanos >= 0) {
            then.run();
        } else {
            // Results end on the apply thread, which does not tell the loop of each.
            loop.schedule(TimeUnit.MILLISECONDS.toNanos(NodeLimits.DRAIN_LOOK_MILLIS), () -> awaitIdle(then));
        }
    }
}
