package io.quorate.registry.node;

import io.quorate.api.Bytes;
import io.quorate.api.NodeId;
import io.quorate.api.PresenceRow;
import io.quorate.registry.directory.DirectoryLimits;
import io.quorate.registry.directory.PresenceMatrix;
import io.quorate.registry.protocol.PresenceReport;
import io.quorate.registry.session.Counters;
import io.quorate.spi.consensus.CallFailure;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.PeerCaller;
import io.quorate.spi.time.Cancellable;
import io.quorate.spi.time.NodeLoop;
import io.quorate.spi.wire.RpcType;
import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.concurrent.TimeUnit;

/**
 * Tells every member whom this node sees, on each change and each second, and keeps what they tell. A lost report is
 * made good by the next one. Loop only.
 */
final class PresenceExchange {

    private final NodeLoop loop;
    private final NodeId self;
    private final long incarnation;
    private final PeerCaller peers;
    private final Counters counters;
    private final PresenceMatrix matrix = new PresenceMatrix();
    private List<NodeId> sees = List.of();
    private SortedSet<NodeId> members = Collections.emptySortedSet();
    private long number;
    private Cancellable timer = () -> { };

    PresenceExchange(NodeLoop loop, NodeId self, long incarnation, PeerCaller peers, Counters counters) {
        this.loop = loop;
        this.self = self;
        this.incarnation = incarnation;
        this.peers = peers;
        this.counters = counters;
    }

    void start() {
        timer = loop.schedule(TimeUnit.MILLISECONDS.toNanos(DirectoryLimits.ROW_REPEAT_MILLIS), () -> {
            send();
            start();
        });
    }

    void stop() {
        timer.cancel();
    }

    /** What this node sees now; tells the others if it has changed. */
    void update(List<NodeId> seesNow, Membership membership) {
        members = membership.members();
        matrix.retain(members);
        if (!seesNow.equals(sees)) {
            sees = seesNow;
            send();
        }
    }

    void accept(NodeId observer, PresenceReport report) {
        if (members.contains(observer)) {
            matrix.accept(observer, report, loop.clock().nanoTime());
        }
    }

    List<PresenceRow> rows() {
        return matrix.rows(self, sees, loop.clock().nanoTime());
    }

    private void send() {
        List<Bytes> report = new PresenceReport(incarnation, ++number, sees).encode();
        for (NodeId member : members) {
            // Whom this node does not see it cannot tell.
            if (sees.contains(member)) {
                peers.call(member, RpcType.PRESENCE, report, NodeLimits.PRESENCE_TIMEOUT_MILLIS, new Told());
            }
        }
    }

    private final class Told implements PeerCaller.CallHandler {
        @Override
        public void onResponse(Bytes response) {
            // Nothing to learn from it.
        }

        @Override
        public void onFailure(CallFailure failure) {
            counters.accept("presence.report-failed");
        }
    }
}
