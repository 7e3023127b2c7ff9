package io.quorate.registry.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.Command;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.CommandResult;
import io.quorate.api.LogIndex;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.api.OutcomeUnknownException;
import io.quorate.api.OverloadedException;
import io.quorate.api.UnavailableException;
import io.quorate.registry.protocol.CommandBatch;
import io.quorate.registry.protocol.Failures;
import io.quorate.registry.protocol.Outcome;
import io.quorate.registry.protocol.ProtocolLimits;
import io.quorate.registry.protocol.SubmitResponse;
import io.quorate.spi.consensus.CallFailure;
import io.quorate.spi.consensus.CommittedEntry;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.Overload;
import io.quorate.spi.consensus.PeerCaller;
import io.quorate.spi.wire.RpcType;
import io.quorate.testing.identity.TestIdentity;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What becomes of commands, on every way and in every trouble. */
class CommandTest {

    private static final NodeId N1 = new NodeId("n1");
    private static final NodeId N2 = new NodeId("n2");

    @Test
    void testsRunInTheModule() {
        assertEquals("io.quorate.registry", getClass().getModule().getName());
    }

    @Test
    void aCommandIsAppliedEverywhereAndAnsweredWithItsOwnResult() {
        SimCluster cluster = ledByFirst(1);
        CommandResult result = cluster.await(cluster.host("n1").submit("a"));
        assertEquals("a#1", result.payload().utf8());
        assertTrue(result.index().value() > 1);
        cluster.run(50);
        cluster.hosts.values().forEach(host -> assertEquals(List.of("a"), host.machine.applied));
    }

    @Test
    void aRefusalIsAResultOfItsCommandAlone() {
        SimCluster cluster = ledByFirst(2);
        CompletableFuture<CommandResult> a = cluster.host("n1").submit("a");
        CompletableFuture<CommandResult> rejected = cluster.host("n1").submit("reject me");
        CompletableFuture<CommandResult> b = cluster.host("n1").submit("b");
        assertEquals("no reject me", assertInstanceOf(CommandRejectedException.class,
            cluster.awaitFailure(rejected)).getMessage());
        assertEquals("b#2", cluster.await(b).payload().utf8());
        assertEquals(cluster.await(a).index(), cluster.await(b).index(), "what gathers in a turn shares an entry");
    }

    @Test
    void everyNodePassesOnWhatItDoesNotLeadAndGathersMeanwhile() {
        SimCluster cluster = ledByFirst(3);
        List<CompletableFuture<CommandResult>> results = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            results.add(cluster.host("n2").submit("c" + i));
            if (i % 50 == 0) {
                cluster.run(1);
            }
        }
        for (int i = 0; i < 200; i++) {
            assertEquals("c" + i + "#" + (i + 1), cluster.await(results.get(i)).payload().utf8());
        }
        assertTrue(commandEntries(cluster).size() < 12, "found " + commandEntries(cluster).size() + " entries for 200");
    }

    @Test
    void entriesAreBounded() throws MalformedBytesException {
        SimCluster cluster = ledByFirst(4);
        openSession(cluster, "n1");
        int before = commandEntries(cluster).size();
        List<CompletableFuture<CommandResult>> results = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            results.add(cluster.host("n1").node.submit(new Command(Bytes.wrap(new byte[400 << 10]))));
        }
        results.forEach(cluster::await);
        List<CommittedEntry> entries = commandEntries(cluster).stream().skip(before).toList();
        assertEquals(5, entries.size(), "two of 400 KiB fit into 1 MiB");
        for (CommittedEntry entry : entries) {
            assertEquals(2, CommandBatch.decode(entry.payload()).count());
        }
        CompletableFuture<CommandResult> largest =
            cluster.host("n2").node.submit(new Command(Bytes.wrap(new byte[Command.MAX_PAYLOAD_BYTES])));
        cluster.await(largest);
    }

    @Test
    void aFullNodeSaysSoAtOnceAndRecovers() {
        SimCluster cluster = ledByFirst(5);
        cluster.log.held = true;
        Command large = new Command(Bytes.wrap(new byte[Command.MAX_PAYLOAD_BYTES]));
        List<CompletableFuture<CommandResult>> accepted = new ArrayList<>();
        CompletableFuture<CommandResult> last = cluster.host("n1").node.submit(large);
        while (!last.isDone()) {
            accepted.add(last);
            last = cluster.host("n1").node.submit(large);
        }
        assertEquals(63, accepted.size(), "64 MiB, framing included");
        OverloadedException full = assertInstanceOf(OverloadedException.class, cluster.awaitFailure(last));
        assertEquals(NodeLimits.OVERLOAD_RETRY_MILLIS, full.retryAfter().toMillis());
        assertEquals(1, cluster.host("n1").counters.get("overloaded.commands-bytes"));
        cluster.log.release();
        accepted.forEach(cluster::await);
        cluster.await(cluster.host("n1").node.submit(large));
    }

    @Test
    void roomIsGivenBackHoweverACommandEnds() {
        SimCluster cluster = ledByFirst(6);
        Command large = new Command(Bytes.wrap(new byte[Command.MAX_PAYLOAD_BYTES]));
        for (int round = 0; round < 100; round++) {
            CompletableFuture<CommandResult> result = cluster.host("n1").node.submit(large);
            if (round % 3 == 0) {
                result.cancel(false);
            }
            cluster.run(20);
            assertTrue(result.isDone());
            assertFalse(result.isCompletedExceptionally() && !result.isCancelled());
        }
    }

    @Test
    void theRoomOfRemoteCallersIsGivenBackToo() {
        SimCluster cluster = ledByFirst(22);
        SimCaller client = new SimCaller(cluster, TestIdentity.client("app"));
        List<Bytes> batch = new CommandBatch.Joiner().add(Bytes.wrap(new byte[Command.MAX_PAYLOAD_BYTES])).toParts();
        for (int round = 0; round < 70; round++) {
            assertEquals("OK", client.await("n1", RpcType.SUBMIT, batch).code());
        }
    }

    @Test
    void aLeaderThatFellSilentHoldsUpNothingForTheNext() {
        SimCluster cluster = ledByFirst(23);
        cluster.network.partition("n1", "n3");
        CompletableFuture<CommandResult> hanging = cluster.host("n3").submit("a");
        cluster.run(100);
        cluster.log.elect(N2);
        CompletableFuture<CommandResult> next = cluster.host("n3").submit("b");
        assertEquals("a#1", cluster.await(hanging).payload().utf8(), "what hangs goes to the next as well");
        assertEquals("b#2", cluster.await(next).payload().utf8());
    }

    @Test
    void withoutALeaderCommandsWaitAndThenNothingHasHappened() {
        SimCluster cluster = SimCluster.ofThree(7);
        cluster.run(500);
        CompletableFuture<CommandResult> patient = cluster.host("n1").submit("a");
        CompletableFuture<CommandResult> lucky = new CompletableFuture<>();
        cluster.run(NodeLimits.OPERATION_MILLIS - 100);
        assertFalse(patient.isDone());
        assertInstanceOf(UnavailableException.class, cluster.awaitFailure(patient));

        lucky = cluster.host("n1").submit("b");
        cluster.run(3_000);
        assertFalse(lucky.isDone());
        cluster.log.elect(N2);
        assertEquals("b#1", cluster.await(lucky).payload().utf8());
    }

    @Test
    void losingTheLeadershipDecidesNothing() {
        SimCluster cluster = ledByFirst(8);
        cluster.log.held = true;
        CompletableFuture<CommandResult> result = cluster.host("n1").submit("a");
        cluster.run(100);
        cluster.log.elect(N2);
        cluster.run(1_000);
        assertFalse(result.isDone(), "its successor may commit it");
        cluster.log.release();
        assertEquals("a#1", cluster.await(result).payload().utf8());
    }

    @Test
    void anotherEntryAtTheSameIndexMeansThatNothingHappened() {
        SimCluster cluster = ledByFirst(9);
        openSession(cluster, "n1");
        SimCaller client = new SimCaller(cluster, TestIdentity.client("app"));
        cluster.log.held = true;
        CompletableFuture<CommandResult> own = cluster.host("n1").submit("a");
        CompletableFuture<SimCaller.Answer> withoutSession = client.call("n1", RpcType.SUBMIT,
            new CommandBatch.Joiner().add(Bytes.utf8("b")).toParts(), 5_000);
        cluster.run(100);
        cluster.log.held = false;
        cluster.log.electWithoutUncommitted(N2);
        SimCaller.Answer nothing = cluster.await(withoutSession);
        assertEquals("UNAVAILABLE", nothing.code());
        assertTrue(nothing.failure().toString().contains("nothing happened"), nothing.toString());
        assertEquals("a#1", cluster.await(own).payload().utf8(), "that of a session is proposed once more");
        cluster.run(1_000);
        cluster.hosts.values().forEach(host -> assertEquals(List.of("a"), host.machine.applied));
    }

    @Test
    void anEntryOfALaterTermOfTheSameLeaderIsToldApart() {
        SimCluster cluster = ledByFirst(10);
        openSession(cluster, "n1");
        cluster.log.held = true;
        CompletableFuture<CommandResult> lost = cluster.host("n1").submit("lost");
        cluster.run(50);
        // The same node leads again; where the lost command was, there is its new term's first entry, and then "kept".
        cluster.log.electWithoutUncommitted(N1);
        CompletableFuture<CommandResult> kept = cluster.host("n1").submit("kept");
        CompletableFuture<CommandResult> more = cluster.host("n1").submit("more");
        cluster.run(50);
        cluster.log.release();
        cluster.await(lost);
        cluster.await(kept);
        cluster.await(more);
        assertEquals(List.of("kept", "lost", "more"), cluster.host("n1").machine.applied.stream().sorted().toList());
    }

    @Test
    void aDeadlineWithoutACommitLeavesTheOutcomeUnknown() {
        SimCluster cluster = ledByFirst(11);
        openSession(cluster, "n1");
        cluster.log.held = true;
        CompletableFuture<CommandResult> result = cluster.host("n1").submit("a");
        assertInstanceOf(OutcomeUnknownException.class, cluster.awaitFailure(result));
        cluster.log.release();
        cluster.run(100);
        assertEquals(List.of("a"), cluster.host("n1").machine.applied, "as it said: it may have been applied");
    }

    @Test
    void aLeaderThatFallsSilentLeavesTheOutcomeOfPassedOnCommandsUnknown() {
        SimCluster cluster = ledByFirst(12);
        openSession(cluster, "n2");
        cluster.network.block("n1", "n2");
        CompletableFuture<CommandResult> result = cluster.host("n2").submit("a");
        cluster.run(200);
        assertEquals(List.of("a"), cluster.host("n1").machine.applied);
        assertInstanceOf(OutcomeUnknownException.class, cluster.awaitFailure(result));
    }

    @Test
    void aLeaderThatIsNotReachableIsTriedAgain() {
        SimCluster cluster = ledByFirst(13);
        cluster.log.resign();
        cluster.host("n1").kill();
        cluster.run(50);
        // A leader to which n2 has no session: nothing leaves, so trying again is safe.
        cluster.log.elect(N1);
        CompletableFuture<CommandResult> result = cluster.host("n2").submit("a");
        cluster.run(500);
        assertFalse(result.isDone());
        cluster.start(N1);
        assertEquals("a#1", cluster.await(result).payload().utf8());
    }

    @Test
    void aConsensusThatRefusesIsGivenAMomentAndThenTheCallerIsTold() {
        SimCluster cluster = ledByFirst(14);
        cluster.log.refusing = true;
        CompletableFuture<CommandResult> brief = cluster.host("n1").submit("brief");
        cluster.run(300);
        cluster.log.refusing = false;
        assertEquals("brief#1", cluster.await(brief).payload().utf8());
        cluster.log.refusing = true;
        CompletableFuture<CommandResult> lasting = cluster.host("n1").submit("lasting");
        OverloadedException full = assertInstanceOf(OverloadedException.class, cluster.awaitFailure(lasting));
        assertEquals(Overload.UNCOMMITTED.text(), full.getMessage());
        assertEquals(1, cluster.host("n1").counters.get("overloaded.uncommitted"), "one caller was told, and no more");
        assertTrue(cluster.host("n1").counters.get("proposals.deferred.uncommitted") > 1,
            "what is tried again shows too");
    }

    @Test
    void aRemoteBatchComesBackWithAResultForEachCommand() throws MalformedBytesException {
        SimCluster cluster = ledByFirst(15);
        SimCaller client = new SimCaller(cluster, TestIdentity.client("app"));
        for (String node : List.of("n1", "n2")) {
            SimCaller.Answer answer = client.await(node, RpcType.SUBMIT, new CommandBatch.Joiner()
                .add(Bytes.utf8("x")).add(Bytes.utf8("reject")).add(Bytes.utf8("y")).toParts());
            assertEquals("OK", answer.code());
            SubmitResponse response = SubmitResponse.decode(answer.response());
            assertEquals(List.of(false, true, false), response.outcomes().stream().map(Outcome::rejected).toList());
            assertTrue(response.outcomes().get(2).payload().utf8().startsWith("y#"));
        }
        assertEquals(2, commandEntries(cluster).size(), "all commands of one SUBMIT are one entry");
        assertEquals("MALFORMED", client.await("n1", RpcType.SUBMIT, List.of(Bytes.utf8("nonsense"))).code());
        CommandBatch.Joiner openings = new CommandBatch.Joiner();
        for (int i = 1; i <= ProtocolLimits.MAX_OPENINGS_PER_SUBMIT; i++) {
            openings.addOpening(i);
        }
        assertEquals("OK", client.await("n1", RpcType.SUBMIT, openings.toParts()).code());
        assertEquals("MALFORMED",
            client.await("n1", RpcType.SUBMIT, openings.addOpening(9).toParts()).code(), "it would crowd others out");
        assertEquals(2, cluster.host("n1").counters.get("rpc.malformed.submit"));
    }

    @Test
    void aRemoteCallerIsAnsweredBeforeItsOwnTimeIsOver() {
        SimCluster cluster = ledByFirst(16);
        SimCaller client = new SimCaller(cluster, TestIdentity.client("app"));
        cluster.log.held = true;
        List<Bytes> batch = new CommandBatch.Joiner().add(Bytes.utf8("x")).toParts();
        assertEquals("OUTCOME_UNKNOWN", cluster.await(client.call("n1", RpcType.SUBMIT, batch, 1_000)).code());
        cluster.log.resign();
        cluster.run(100);
        assertEquals("UNAVAILABLE", cluster.await(client.call("n2", RpcType.SUBMIT, batch, 1_000)).code());
    }

    @Test
    void whatAMemberPassedOnIsNeverPassedOnAgain() {
        SimCluster cluster = ledByFirst(17);
        // A member calls n2, which does not lead.
        CompletableFuture<SimCaller.Answer> answer = new CompletableFuture<>();
        cluster.host("n3").loop.execute(() -> cluster.host("n3").node.core().sessions().call(N2, RpcType.SUBMIT,
            new CommandBatch.Joiner().add(Bytes.utf8("x")).toParts(), 1_000, new PeerCaller
                .CallHandler() {
                @Override
                public void onResponse(Bytes response) {
                    answer.complete(new SimCaller.Answer(response, null));
                }

                @Override
                public void onFailure(CallFailure failure) {
                    answer.complete(new SimCaller.Answer(null, failure));
                }
            }));
        SimCaller.Answer refused = cluster.await(answer);
        assertEquals("NOT_LEADER", refused.code());
        assertEquals(Optional.of(N1), Failures.leader(refused.failure().error().orElseThrow()));
    }

    @Test
    void aStateMachineThatThrowsStopsItsNodeLoudly() {
        SimCluster cluster = ledByFirst(18);
        CompletableFuture<CommandResult> before = cluster.host("n1").submit("a");
        CompletableFuture<CommandResult> breaking = cluster.host("n1").submit("break it");
        CompletableFuture<CommandResult> waiting = cluster.host("n1").submit("b");
        assertInstanceOf(OutcomeUnknownException.class, cluster.awaitFailure(breaking));
        assertInstanceOf(OutcomeUnknownException.class, cluster.awaitFailure(before));
        assertInstanceOf(OutcomeUnknownException.class, cluster.awaitFailure(waiting));
        NodeFailure failure = cluster.await(cluster.host("n1").node.failure());
        assertTrue(failure.problem().contains("broken by break it"), failure.problem());
        assertTrue(cluster.host("n1").consensus().closed);
        var status = cluster.await(cluster.host("n1").node.status());
        assertEquals("stopped", status.role());
        assertEquals(Optional.of(failure.problem()), status.problem());
        assertInstanceOf(UnavailableException.class, cluster.awaitFailure(cluster.host("n1").submit("c")));
        SimCaller operator = new SimCaller(cluster, TestIdentity.operator("ops"));
        assertEquals("OK", operator.await("n1", RpcType.STATUS, List.of()).code());
        assertEquals("UNAVAILABLE", operator.await("n1", RpcType.PEERS, List.of()).code());
    }

    @Test
    void aCommittedEntryThatCannotBeReadStopsTheNode() {
        for (EntryType type : List.of(EntryType.COMMANDS, EntryType.REGISTRY)) {
            SimCluster cluster = ledByFirst(19);
            LogIndex before = cluster.await(cluster.host("n2").node.status()).appliedIndex();
            cluster.log.append(type, List.of(Bytes.utf8("nonsense")));
            NodeFailure failure = cluster.await(cluster.host("n2").node.failure());
            assertTrue(failure.problem().contains(type.name()), failure.problem());
            assertTrue(cluster.await(cluster.host("n2").node.status()).appliedIndex().compareTo(before) >= 0);
        }
    }

    @Test
    void aConsensusThatFailsStopsTheNode() {
        SimCluster cluster = ledByFirst(20);
        cluster.host("n2").consensus().breakDown("fsync failed");
        assertEquals("fsync failed", cluster.await(cluster.host("n2").node.failure()).problem());
        assertInstanceOf(UnavailableException.class, cluster.awaitFailure(cluster.host("n2").submit("a")));
    }

    @Test
    void closingEndsWhatIsUnderWayEachWithWhatIsKnown() {
        SimCluster cluster = ledByFirst(21);
        openSession(cluster, "n1");
        cluster.log.held = true;
        CompletableFuture<CommandResult> proposed = cluster.host("n1").submit("a");
        cluster.run(10);
        cluster.host("n1").node.close();
        CompletableFuture<CommandResult> tooLate = cluster.host("n1").submit("b");
        assertInstanceOf(OutcomeUnknownException.class, cluster.awaitFailure(proposed));
        assertInstanceOf(UnavailableException.class, cluster.awaitFailure(tooLate));
        assertInstanceOf(UnavailableException.class, cluster.awaitFailure(cluster.host("n1").node.status()));
        cluster.host("n1").node.close();
    }

    private static List<CommittedEntry> commandEntries(SimCluster cluster) {
        return cluster.log.committed().stream().filter(entry -> entry.type() == EntryType.COMMANDS).toList();
    }

    /** Has a node open its session, which the first command does, with one that changes nothing. */
    static void openSession(SimCluster cluster, String node) {
        cluster.awaitFailure(cluster.host(node).submit("reject"));
    }

    static SimCluster ledByFirst(long seed) {
        SimCluster cluster = SimCluster.ofThree(seed);
        cluster.log.elect(N1);
        cluster.run(2_000);
        return cluster;
    }
}
