package io.quorate.registry.node;

import io.quorate.api.Bytes;
import io.quorate.api.ClusterId;
import io.quorate.api.NodeId;
import io.quorate.registry.session.AdmissionPolicy;
import io.quorate.registry.session.CallServer;
import io.quorate.registry.session.Counters;
import io.quorate.registry.session.DialTarget;
import io.quorate.registry.session.LocalDescription;
import io.quorate.registry.session.SessionListener;
import io.quorate.registry.session.SessionSettings;
import io.quorate.registry.session.Sessions;
import io.quorate.spi.consensus.CallFailure;
import io.quorate.spi.consensus.PeerCaller;
import io.quorate.spi.transport.TransportContext;
import io.quorate.spi.transport.TransportException;
import io.quorate.spi.wire.RpcType;
import io.quorate.testing.identity.TestIdentity;
import io.quorate.testing.time.VirtualLoop;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Somebody outside the cluster (or a node that is no member) who calls its nodes. */
final class SimCaller {

    /** How a call ended: a response or a failure. */
    record Answer(Bytes response, CallFailure failure) {
        String code() {
            return failure == null ? "OK" : failure.error().map(error -> error.code().name())
                .orElse(failure.kind().name());
        }
    }

    private final SimCluster cluster;
    private final VirtualLoop loop;
    final Sessions sessions;

    SimCaller(SimCluster cluster, TestIdentity identity) {
        this.cluster = cluster;
        this.loop = new VirtualLoop(cluster.world);
        Counters counters = new Counters();
        sessions = new Sessions(new Sessions.Context(loop, identity,
            List.of(cluster.network.transport("outside-" + identity.self().name(),
                new TransportContext(identity::credentials, Optional.empty(), counters, false, Map.of()))),
            LocalDescription.of(new ClusterId("sim"), identity.self(), 1, List.of(), "test"),
            AdmissionPolicy.forClient(), CallServer.none(), new SessionListener() { }, SessionSettings.forClient(),
            counters));
        try {
            sessions.start();
        } catch (TransportException e) {
            throw new IllegalStateException(e);
        }
        loop.execute(() -> sessions.setTargets(cluster.hosts.keySet().stream()
            .map(id -> DialTarget.node(id, List.of(SimCluster.endpoint(id)))).toList()));
        cluster.run(1_000);
    }

    CompletableFuture<Answer> call(String node, RpcType type, List<Bytes> request, long timeoutMillis) {
        CompletableFuture<Answer> answer = new CompletableFuture<>();
        loop.execute(() -> sessions.call(new NodeId(node), type, request, timeoutMillis, new PeerCaller.CallHandler() {
            @Override
            public void onResponse(Bytes response) {
                answer.complete(new Answer(response, null));
            }

            @Override
            public void onFailure(CallFailure failure) {
                answer.complete(new Answer(null, failure));
            }
        }));
        return answer;
    }

    Answer await(String node, RpcType type, List<Bytes> request) {
        return cluster.await(call(node, type, request, 5_000));
    }

    void stop() {
        loop.execute(sessions::stop);
    }
}
