package io.quorate.client;

import static io.quorate.client.ClientLimits.DISCOVERY_CALL_MILLIS;
import static io.quorate.client.ClientLimits.LEADER_CHECK_MILLIS;
import static io.quorate.client.ClientLimits.MAX_DISCOVERY_MILLIS;
import static io.quorate.client.ClientLimits.MIN_DISCOVERY_MILLIS;
import static io.quorate.client.ClientLimits.NANOS_PER_MILLI;

import io.quorate.api.Bytes;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.api.NodeStatus;
import io.quorate.registry.protocol.StatusCodec;
import io.quorate.spi.consensus.CallFailure;
import io.quorate.spi.consensus.PeerCaller.CallHandler;
import io.quorate.spi.wire.RpcType;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Finds the leader: asks every connected node for its status, again and again with growing pauses, until one names a
 * leader that is not older than what is known. Asks only while somebody needs to know. Loop only.
 */
final class Discovery {

    private final ClientCore core;

    /** Who has not answered yet. Looked up and never iterated. */
    private final Set<NodeId> asked = new HashSet<>();
    private boolean doubt;
    private boolean owed;
    private int rounds;
    private long doubtSinceNanos;
    private long lastRoundNanos;
    private long nextRoundNanos = Long.MIN_VALUE;
    private long confirmedNanos;

    Discovery(ClientCore core) {
        this.core = core;
    }

    /** Something suggests that the leader is another one than is known, or none is known: at least one round is due. */
    void need() {
        long now = core.nowNanos();
        if (!doubt) {
            doubt = true;
            doubtSinceNanos = now;
            rounds = 0;
            boolean everAsked = nextRoundNanos != Long.MIN_VALUE;
            nextRoundNanos = everAsked ? Math.max(now, lastRoundNanos + MIN_DISCOVERY_MILLIS * NANOS_PER_MILLI) : now;
        }
        owed = true;
        core.requestPump();
    }

    /** A node has come that can be asked: if anybody waits to know the leader, that is now and not after the pause. */
    void nodeCame() {
        if (doubt || core.leaders().leader().isEmpty()) {
            need();
            nextRoundNanos = core.nowNanos();
        }
    }

    /**
     * What is known of the leader is being used; it must not become too old. A follower that was the leader forwards.
     */
    void used() {
        if (!doubt && core.nowNanos() - confirmedNanos > LEADER_CHECK_MILLIS * NANOS_PER_MILLI) {
            need();
        }
    }

    void pump(long nowNanos) {
        if (!due() || nowNanos < nextRoundNanos || core.routes().isolated()) {
            return;
        }
        owed = false;
        lastRoundNanos = nowNanos;
        long pause = Math.min(MAX_DISCOVERY_MILLIS, MIN_DISCOVERY_MILLIS << Math.min(rounds, 10)) * NANOS_PER_MILLI;
        nextRoundNanos = nowNanos + Routes.jittered(pause, core.random());
        rounds++;
        for (NodeId node : core.routes().connected()) {
            // One that is slow to answer is not asked twice, and does not keep the others from being asked again.
            if (asked.add(node)) {
                ask(node, nowNanos);
            }
        }
    }

    long wakeNanos() {
        return due() && !core.routes().isolated() ? nextRoundNanos : Long.MAX_VALUE;
    }

    private boolean due() {
        return doubt && (owed || core.leaderAwaited());
    }

    private void ask(NodeId node, long askedNanos) {
        core.call(node, RpcType.STATUS, List.of(Bytes.empty()), DISCOVERY_CALL_MILLIS, new CallHandler() {
            @Override
            public void onResponse(Bytes response) {
                asked.remove(node);
                try {
                    learn(StatusCodec.decode(response), askedNanos);
                } catch (MalformedBytesException e) {
                    core.unreadable(node, RpcType.STATUS, e);
                }
            }

            @Override
            public void onFailure(CallFailure failure) {
                // The next round asks again; whoever waits for the leader keeps the rounds going.
                asked.remove(node);
            }
        });
    }

    private void learn(NodeStatus status, long askedNanos) {
        LeaderView.Offer offer = core.learn(status);
        // An answer to a question that was asked before the doubt arose cannot dispel it.
        if (offer != LeaderView.Offer.STALE && askedNanos >= doubtSinceNanos) {
            doubt = false;
            confirmedNanos = core.nowNanos();
        }
    }
}
