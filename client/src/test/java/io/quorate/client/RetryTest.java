package io.quorate.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.AccessDeniedException;
import io.quorate.api.Bytes;
import io.quorate.api.Command;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.CommandResult;
import io.quorate.api.Consistency;
import io.quorate.api.ControlPlaneException;
import io.quorate.api.OutcomeUnknownException;
import io.quorate.api.QueryResult;
import io.quorate.spi.consensus.CallFailure;
import io.quorate.spi.wire.RpcError;
import io.quorate.spi.wire.RpcType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What is tried again, and what never is: each kind of failure, for commands and for what only reads. */
class RetryTest {

    private static final Duration SOON = Duration.ofSeconds(3);

    /** How a command and a query end after one failure of the given kind, the cluster being well otherwise. */
    private enum End {
        DONE(null), UNKNOWN(OutcomeUnknownException.class), DENIED(AccessDeniedException.class),
        REJECTED(CommandRejectedException.class);

        private final Class<? extends ControlPlaneException> failure;

        End(Class<? extends ControlPlaneException> failure) {
            this.failure = failure;
        }
    }

    private record Row(String failure, FakeServer.Answer answer, End command, End query) {
        @Override
        public String toString() {
            return failure;
        }
    }

    static Stream<Row> oneFailure() {
        return Stream.of(
            error(RpcError.Code.DENIED, "", End.DENIED, End.DENIED),
            error(RpcError.Code.OVERLOADED, "40", End.DONE, End.DONE),
            error(RpcError.Code.NOT_LEADER, "n2", End.DONE, End.DONE),
            error(RpcError.Code.NOT_LEADER, "", End.DONE, End.DONE),
            error(RpcError.Code.NOT_LEADER, "No Such Name!", End.DONE, End.DONE),
            error(RpcError.Code.UNAVAILABLE, "", End.DONE, End.DONE),
            error(RpcError.Code.MALFORMED, "", End.REJECTED, End.REJECTED),
            error(RpcError.Code.REJECTED, "", End.REJECTED, End.REJECTED),
            error(RpcError.Code.OUTCOME_UNKNOWN, "", End.UNKNOWN, End.DONE),
            error(RpcError.Code.INTERNAL, "", End.UNKNOWN, End.DONE),
            new Row("garbage", (request, call) -> call.respond(List.of(Bytes.utf8("garbage"))), End.UNKNOWN, End.DONE));
    }

    private static Row error(RpcError.Code code, String detail, End command, End query) {
        return new Row(code + " " + detail, FakeServer.error(code, detail), command, query);
    }

    @Test
    void theTableHasARowForEveryCode() {
        Set<RpcError.Code> seen = EnumSet.noneOf(RpcError.Code.class);
        oneFailure().forEach(row -> Stream.of(RpcError.Code.values())
            .filter(code -> row.failure().startsWith(code + " ")).forEach(seen::add));
        assertEquals(EnumSet.allOf(RpcError.Code.class), seen);
    }

    @ParameterizedTest
    @MethodSource("oneFailure")
    void aCommandIsTriedAgainOnlyIfItSurelyDidNothing(Row row) throws Exception {
        FakeCluster cluster = new FakeCluster(2, "n1", "n2");
        QuorateClient client = cluster.connectedClient();
        cluster.server("n1").next(RpcType.SUBMIT, row.answer());
        check(cluster, client.submit(new Command(Bytes.utf8("c"))), row.command());
        assertEquals(row.command() == End.DONE ? List.of("c") : List.of(), cluster.applied);
        int sent = cluster.server("n1").batchSizes().size() + cluster.server("n2").batchSizes().size();
        assertEquals(row.command() == End.DONE ? 2 : 1, sent);
        assertEquals(0, client.pendingOperations());
    }

    @ParameterizedTest
    @MethodSource("oneFailure")
    void aQueryIsTriedAgainUnlessTheFailureIsAVerdict(Row row) throws Exception {
        FakeCluster cluster = new FakeCluster(3, "n1", "n2");
        QuorateClient client = cluster.connectedClient();
        cluster.server("n1").next(RpcType.QUERY, row.answer());
        check(cluster, client.query(Bytes.utf8("q"), Consistency.LINEARIZABLE), row.query());
        assertEquals(0, client.pendingOperations());
    }

    @ParameterizedTest
    @MethodSource("oneFailure")
    void aStatusIsTriedAgainUnlessTheFailureIsAVerdict(Row row) throws Exception {
        FakeCluster cluster = new FakeCluster(4, "n1", "n2");
        QuorateClient client = cluster.connectedClient();
        cluster.server("n1").next(RpcType.STATUS, row.answer());
        check(cluster, client.status(), row.query());
        assertEquals(0, client.pendingOperations());
    }

    private static void check(FakeCluster cluster, CompletableFuture<?> operation, End end) throws Exception {
        if (end == End.DONE) {
            cluster.await(operation, SOON);
        } else {
            assertInstanceOf(end.failure, cluster.awaitFailure(operation, SOON));
        }
    }

    static Stream<Arguments> steps() {
        return Stream.of(
            Arguments.of(new CallFailure(CallFailure.Kind.NOT_SENT, Optional.empty(), ""),
                RetryTable.Step.ELSEWHERE, RetryTable.Step.ELSEWHERE),
            Arguments.of(new CallFailure(CallFailure.Kind.TIMEOUT, Optional.empty(), ""),
                RetryTable.Step.GIVE_UP, RetryTable.Step.ELSEWHERE),
            Arguments.of(new CallFailure(CallFailure.Kind.RESET, Optional.empty(), ""),
                RetryTable.Step.GIVE_UP, RetryTable.Step.ELSEWHERE),
            Arguments.of(new CallFailure(CallFailure.Kind.REMOTE, Optional.empty(), ""),
                RetryTable.Step.GIVE_UP, RetryTable.Step.ELSEWHERE));
    }

    @ParameterizedTest
    @MethodSource("steps")
    void theTableKnowsEveryKind(CallFailure failure, RetryTable.Step command, RetryTable.Step query) {
        assertEquals(command, RetryTable.next(failure, false));
        assertEquals(query, RetryTable.next(failure, true));
    }

    @Test
    void noCommandIsTriedAgainThatMayHaveBeenCarriedOut() {
        for (CallFailure.Kind kind : CallFailure.Kind.values()) {
            for (RpcError.Code code : RpcError.Code.values()) {
                for (boolean named : List.of(true, false)) {
                    CallFailure failure = new CallFailure(kind,
                        named ? Optional.of(RpcError.of(code, "")) : Optional.empty(), "");
                    if (failure.maybeExecuted()) {
                        assertEquals(RetryTable.Step.GIVE_UP, RetryTable.next(failure, false), failure.toString());
                    }
                }
            }
        }
    }

    @Test
    void aConnectionThatBreaksLeavesACommandsOutcomeUnknownAndAQueryNot() throws Exception {
        FakeCluster cluster = new FakeCluster(5, "n1", "n2");
        QuorateClient client = cluster.connectedClient();
        cluster.server("n1").next(RpcType.SUBMIT, FakeServer.silence());
        cluster.server("n1").next(RpcType.QUERY, FakeServer.silence());
        CompletableFuture<CommandResult> command = client.submit(new Command(Bytes.utf8("c")));
        CompletableFuture<QueryResult> query = client.query(Bytes.utf8("q"), Consistency.LINEARIZABLE);
        cluster.run(Duration.ofMillis(50));
        cluster.network.cut("app", "n1");
        assertInstanceOf(OutcomeUnknownException.class, cluster.awaitFailure(command, SOON));
        assertTrue(cluster.await(query, SOON).payload().utf8().startsWith("q@"));
        assertEquals(List.of(), cluster.applied);
    }

    @Test
    void whatWaitsBehindABrokenCallIsNotHarmed() throws Exception {
        FakeCluster cluster = new FakeCluster(6, "n1", "n2");
        QuorateClient client = cluster.connectedClient();
        cluster.server("n1").next(RpcType.SUBMIT, FakeServer.silence());
        cluster.server("n1").next(RpcType.SUBMIT, FakeServer.silence());
        List<CompletableFuture<CommandResult>> lost = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            lost.add(client.submit(new Command(Bytes.utf8("lost" + i))));
            cluster.run(Duration.ofMillis(20));
        }
        List<CompletableFuture<CommandResult>> waiting = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            waiting.add(client.submit(new Command(Bytes.utf8("w" + i))));
        }
        cluster.run(Duration.ofMillis(20));
        cluster.network.cut("app", "n1");
        for (CompletableFuture<CommandResult> each : lost) {
            assertInstanceOf(OutcomeUnknownException.class, cluster.awaitFailure(each, SOON));
        }
        for (int i = 0; i < 10; i++) {
            assertEquals("r:w" + i, cluster.await(waiting.get(i), SOON).payload().utf8());
        }
        assertEquals(10, cluster.applied.size());
    }

    @Test
    void overloadIsWaitedForAsLongAsTheServerAsks() throws Exception {
        FakeCluster cluster = new FakeCluster(7, "n1", "n2");
        QuorateClient client = cluster.connectedClient();
        cluster.server("n1").next(RpcType.SUBMIT, FakeServer.error(RpcError.Code.OVERLOADED, "300"));
        long before = cluster.nowMillis();
        cluster.await(client.submit(new Command(Bytes.utf8("c"))), SOON);
        long took = cluster.nowMillis() - before;
        assertTrue(took >= 300 && took < 500, took + " ms");
        // A follower would only pass it on to the one that is overloaded.
        assertEquals(0, cluster.server("n2").batchSizes().size());
    }
}
