package io.quorate.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.AccessDeniedException;
import io.quorate.api.Bytes;
import io.quorate.api.Command;
import io.quorate.api.CommandResult;
import io.quorate.api.OutcomeUnknownException;
import io.quorate.api.UnavailableException;
import io.quorate.registry.protocol.CommandBatch;
import io.quorate.registry.protocol.Outcome;
import io.quorate.registry.protocol.SubmitResponse;
import io.quorate.spi.wire.RpcError;
import io.quorate.spi.wire.RpcType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** With a session a command is tried until its deadline, and applied once. */
class SessionTest {

    private static final Duration SOON = Duration.ofSeconds(3);
    private static final Duration LIMIT = Duration.ofMillis(10_002);

    private final FakeCluster cluster = new FakeCluster(41, "n1", "n2", "n3");
    private final FakeServer leader = cluster.server("n1");
    private final QuorateClient client = started();

    private QuorateClient started() {
        QuorateClient started = cluster.start(cluster.clientBuilder().sessions(true));
        cluster.run(Duration.ofMillis(100));
        return started;
    }

    @Test
    void theFirstCommandOpensTheSessionAndTheNextUseIt() throws Exception {
        for (int i = 0; i < 20; i++) {
            assertEquals("r:c" + i, cluster.await(submit("c" + i), SOON).payload().utf8());
        }
        assertEquals(1, cluster.sessions.opened);
        assertEquals(1, cluster.sessions.kept(), "each command says that those before it are answered");
        assertEquals(0, client.pendingOperations());
    }

    @Test
    void aLostAnswerIsAskedForAgainAndTheCommandAppliedOnce() throws Exception {
        cluster.await(submit("a"), SOON);
        leader.next(RpcType.SUBMIT, (request, call) -> {
            leader.applyInSilence().give(request, call);
            cluster.network.cut("app", "n1");
        });
        assertEquals("r:b", cluster.await(submit("b"), SOON).payload().utf8());
        leader.next(RpcType.SUBMIT, (request, call) -> {
            leader.applyInSilence().give(request, call);
            call.fail(RpcError.of(RpcError.Code.OUTCOME_UNKNOWN, "lost the leadership"));
        });
        assertEquals("r:c", cluster.await(submit("c"), SOON).payload().utf8());
        assertEquals(List.of("a", "b", "c"), cluster.applied);
        assertEquals(0, client.pendingOperations());
    }

    @Test
    void anOpeningWhoseAnswerIsLostIsSimplyTriedAgain() throws Exception {
        leader.next(RpcType.SUBMIT, (request, call) -> {
            leader.applyInSilence().give(request, call);
            cluster.network.cut("app", "n1");
        });
        assertEquals("r:a", cluster.await(submit("a"), SOON).payload().utf8());
        assertEquals(2, cluster.sessions.opened);
        assertEquals(List.of("a"), cluster.applied);
    }

    @Test
    void aLeaderThatFellSilentIsLeftForItsSuccessor() throws Exception {
        cluster.await(submit("a"), SOON);
        leader.always(RpcType.SUBMIT, leader.applyInSilence());
        CompletableFuture<CommandResult> result = submit("b");
        cluster.run(Duration.ofMillis(500));
        cluster.elect("n2");
        assertEquals("r:b", cluster.await(result, Duration.ofMillis(1_000)).payload().utf8());
        assertEquals(List.of("a", "b"), cluster.applied);
    }

    @Test
    void onlyAtItsDeadlineIsAnOutcomeUnknown() throws Exception {
        cluster.await(submit("a"), SOON);
        cluster.servers.values().forEach(server -> server.always(RpcType.SUBMIT,
            FakeServer.error(RpcError.Code.OUTCOME_UNKNOWN)));
        CompletableFuture<CommandResult> result = submit("b");
        cluster.run(Duration.ofSeconds(9));
        assertFalse(result.isDone());
        assertInstanceOf(OutcomeUnknownException.class, cluster.awaitFailure(result, LIMIT));
        cluster.servers.values().forEach(server -> server.always(RpcType.SUBMIT, null));
        assertEquals("r:c", cluster.await(submit("c"), SOON).payload().utf8());
        assertEquals(List.of("a", "c"), cluster.applied);
        assertEquals(0, client.pendingOperations());
    }

    @Test
    void whatSurelyDidNotHappenIsNotCalledUnknown() {
        cluster.servers.values().forEach(server -> server.always(RpcType.SUBMIT,
            FakeServer.error(RpcError.Code.UNAVAILABLE)));
        assertInstanceOf(UnavailableException.class, cluster.awaitFailure(submit("a"), LIMIT));
        assertEquals(0, client.pendingOperations());
    }

    /** Its first attempt reached a node that has been removed since, and was applied. */
    @Test
    void aRefusalOfTheSecondAttemptSaysNothingOfTheFirst() throws Exception {
        cluster.await(submit("a"), SOON);
        leader.next(RpcType.SUBMIT, (request, call) -> {
            leader.applyInSilence().give(request, call);
            call.fail(RpcError.of(RpcError.Code.OUTCOME_UNKNOWN, "lost the leadership"));
        });
        cluster.servers.values().forEach(server -> server.always(RpcType.SUBMIT,
            FakeServer.error(RpcError.Code.DENIED)));
        assertInstanceOf(OutcomeUnknownException.class, cluster.awaitFailure(submit("b"), LIMIT));
        assertEquals(List.of("a", "b"), cluster.applied);
        assertEquals(0, client.pendingOperations());
    }

    @Test
    void whoMayNotSubmitIsToldSoAtOnce() {
        leader.always(RpcType.SUBMIT, FakeServer.error(RpcError.Code.DENIED));
        List<CompletableFuture<CommandResult>> all = List.of(submit("a"), submit("b"));
        for (CompletableFuture<CommandResult> each : all) {
            assertInstanceOf(AccessDeniedException.class, cluster.awaitFailure(each, SOON));
        }
        assertEquals(1, leader.arrived(RpcType.SUBMIT).size());
        assertEquals(0, client.pendingOperations());
    }

    @Test
    void anExpiredSessionIsOpenedAnewForWhatWasNotInDoubt() throws Exception {
        cluster.await(submit("a"), SOON);
        cluster.sessions.expireAll();
        List<CompletableFuture<CommandResult>> results = List.of(submit("b"), submit("c"));
        for (CompletableFuture<CommandResult> result : results) {
            cluster.await(result, SOON);
        }
        assertEquals(2, cluster.sessions.opened);
        assertEquals(List.of("a", "b", "c"), cluster.applied);
        assertEquals(0, client.pendingOperations());
    }

    @Test
    void anExpiredSessionLeavesWhatWasInDoubtUnknown() throws Exception {
        cluster.await(submit("a"), SOON);
        leader.next(RpcType.SUBMIT, (request, call) -> {
            leader.applyInSilence().give(request, call);
            cluster.sessions.expireAll();
            cluster.network.cut("app", "n1");
        });
        assertInstanceOf(OutcomeUnknownException.class, cluster.awaitFailure(submit("b"), SOON));
        assertEquals("r:c", cluster.await(submit("c"), SOON).payload().utf8());
        assertEquals(List.of("a", "b", "c"), cluster.applied);
        assertEquals(0, client.pendingOperations());
    }

    @Test
    void aClusterThatKnowsNoSessionsIsServedWithoutOne() throws Exception {
        leader.next(RpcType.SUBMIT, FakeServer.error(RpcError.Code.MALFORMED));
        assertEquals("r:a", cluster.await(submit("a"), SOON).payload().utf8());
        assertEquals(0, cluster.sessions.opened);
        assertEquals(CommandBatch.NO_SESSION,
            FakeServer.groups(leader.arrived(RpcType.SUBMIT).getLast().request()).getFirst().session());
    }

    @Test
    void whatMayBeRepeatedAndWhatMayNotDoNotTravelTogether() throws Exception {
        cluster.await(submit("a"), SOON);
        // "b" has a session; before its attempt fails, the session ends for "c", and there is no other one for it.
        leader.next(RpcType.SUBMIT, (request, call) -> cluster.world.schedule(30_000_000, () ->
            call.fail(RpcError.of(RpcError.Code.OUTCOME_UNKNOWN, "lost the leadership"))));
        CompletableFuture<CommandResult> first = submit("b");
        cluster.run(Duration.ofMillis(5));
        leader.next(RpcType.SUBMIT, (request, call) ->
            call.respond(new SubmitResponse(cluster.nextIndex(), List.of(Outcome.SESSION_EXPIRED)).encode()));
        leader.next(RpcType.SUBMIT, FakeServer.error(RpcError.Code.MALFORMED));
        leader.next(RpcType.SUBMIT, FakeServer.error(RpcError.Code.OVERLOADED));
        CompletableFuture<CommandResult> second = submit("c");
        assertEquals("r:b", cluster.await(first, SOON).payload().utf8());
        assertEquals("r:c", cluster.await(second, SOON).payload().utf8());
        for (FakeServer.Arrived submit : leader.arrived(RpcType.SUBMIT)) {
            assertEquals(1, FakeServer.groups(submit.request()).stream()
                .map(group -> group.session() == CommandBatch.NO_SESSION).distinct().count());
        }
        assertEquals(List.of(false, true), leader.arrived(RpcType.SUBMIT).reversed().subList(0, 2).reversed().stream()
            .map(submit -> FakeServer.groups(submit.request()).getFirst().session() == CommandBatch.NO_SESSION)
            .toList(), "both waited for the same moment");
    }

    @Test
    void throughEveryTroubleEachCommandIsAppliedOnce() throws Exception {
        for (long seed = 0; seed < 20; seed++) {
            exactlyOnce(seed);
        }
    }

    private static void exactlyOnce(long seed) throws Exception {
        FakeCluster cluster = new FakeCluster(seed, "n1", "n2", "n3");
        // Every lost answer costs an attempt's time, and some commands lose several.
        List<QuorateClient> clients = Stream.of(1, 2).map(i -> cluster.start(cluster.clientBuilder().sessions(true)
            .operationTimeout(Duration.ofMinutes(2)))).toList();
        SplittableRandom random = new SplittableRandom(seed);
        List<CompletableFuture<CommandResult>> results = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            results.add(clients.get(i % 2).submit(new Command(Bytes.utf8("c" + i))));
            FakeServer server = cluster.server("n" + (1 + random.nextInt(3)));
            switch (random.nextInt(12)) {
                case 0 -> server.next(RpcType.SUBMIT, server.applyInSilence());
                case 1 -> server.next(RpcType.SUBMIT, (request, call) -> {
                    server.applyInSilence().give(request, call);
                    call.fail(RpcError.of(RpcError.Code.OUTCOME_UNKNOWN, "scripted"));
                });
                case 2 -> server.next(RpcType.SUBMIT, FakeServer.silence());
                case 3 -> cluster.elect(server.id.value());
                case 4 -> cluster.network.cut("app", server.id.value());
                default -> cluster.run(Duration.ofMillis(random.nextInt(40)));
            }
        }
        for (int i = 0; i < results.size(); i++) {
            assertEquals("r:c" + i, cluster.await(results.get(i), Duration.ofMinutes(2)).payload().utf8());
        }
        assertEquals(300, cluster.applied.size());
        assertEquals(300, new HashSet<>(cluster.applied).size());
        assertEquals(2, clients.size());
        clients.forEach(client -> assertEquals(0, client.pendingOperations()));
        assertTrue(cluster.sessions.opened >= 2);
    }

    private CompletableFuture<CommandResult> submit(String text) {
        return client.submit(new Command(Bytes.utf8(text)));
    }
}
