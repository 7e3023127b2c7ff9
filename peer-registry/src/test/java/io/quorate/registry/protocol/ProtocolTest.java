package io.quorate.registry.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.quorate.api.Bytes;
import io.quorate.api.BytesWriter;
import io.quorate.api.ClusterId;
import io.quorate.api.Command;
import io.quorate.api.Configuration;
import io.quorate.api.Consistency;
import io.quorate.api.LogIndex;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.api.NodeStatus;
import io.quorate.api.Peer;
import io.quorate.api.PeerChanges;
import io.quorate.api.PeerEvent;
import io.quorate.api.PeerStatus;
import io.quorate.api.PeerView;
import io.quorate.api.PresenceRow;
import io.quorate.api.SessionSummary;
import io.quorate.api.Term;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameKind;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class ProtocolTest {

    private interface Decoder {
        Object decode(Bytes payload) throws MalformedBytesException;
    }

    private record Message(Object value, List<Bytes> parts, Decoder decoder) {
        Bytes encoded() {
            return joined(parts);
        }
    }

    private static final NodeId N1 = new NodeId("n1");
    private static final Peer PEER = new Peer(N1, 7, PeerStatus.SUSPECT, "connection lost",
        Optional.of("spiffe://t/node/n1"), Optional.of("ab12"), List.of("tcp://h:1", "quic://h:2"), "0.1.0",
        Instant.ofEpochMilli(1_234), Optional.of(N1), new Term(3));
    private static final Peer BARE = new Peer(new NodeId("x"), 0, PeerStatus.UNKNOWN, "", Optional.empty(),
        Optional.empty(), List.of(), "", Instant.EPOCH, Optional.empty(), Term.ZERO);

    private static Map<String, Message> messages() {
        Map<String, Message> all = new TreeMap<>();
        SubmitResponse submitted = new SubmitResponse(new LogIndex(9),
            List.of(Outcome.ok(Bytes.utf8("yes")), Outcome.rejected("no"), Outcome.ok(Bytes.empty())));
        all.put("SUBMIT response", new Message(submitted, submitted.encode(), SubmitResponse::decode));
        for (Consistency consistency : List.of(Consistency.LOCAL, Consistency.LINEARIZABLE,
                Consistency.atLeast(new LogIndex(5)))) {
            QueryRequest query = new QueryRequest(consistency, List.of(Bytes.utf8("a"), Bytes.utf8("bc")));
            all.put("QUERY " + consistency, new Message(query, query.encode(), QueryRequest::decode));
        }
        QueryResponse answered = new QueryResponse(new LogIndex(3), List.of(Outcome.ok(Bytes.utf8("x"))));
        all.put("QUERY response", new Message(answered, answered.encode(), QueryResponse::decode));
        WatchRequest watch = new WatchRequest(500, Bytes.utf8("from 3"));
        all.put("WATCH", new Message(watch, watch.encode(), WatchRequest::decode));
        WatchResponse news = new WatchResponse(Optional.of(Bytes.utf8("new")));
        all.put("WATCH response", new Message(news, news.encode(), WatchResponse::decode));
        WatchResponse nothing = new WatchResponse(Optional.empty());
        all.put("WATCH response, nothing", new Message(nothing, nothing.encode(), WatchResponse::decode));
        PeerChangesRequest after = new PeerChangesRequest(8, 60_000);
        all.put("PEER_CHANGES", new Message(after, after.encode(), PeerChangesRequest::decode));
        PresenceReport report = new PresenceReport(1, 2, List.of(N1, new NodeId("n2")));
        all.put("PRESENCE", new Message(report, report.encode(), PresenceReport::decode));
        PeerView view = new PeerView(4, List.of(PEER, BARE),
            List.of(new PresenceRow(N1, 12, List.of(new NodeId("n2")))));
        all.put("PEERS response", new Message(view, PeerCodec.encode(view), PeerCodec::decodeView));
        PeerChanges events = new PeerChanges(6, false, List.of(), List.of(new PeerEvent(6, PeerStatus.ONLINE, PEER)));
        all.put("PEER_CHANGES events", new Message(events, PeerCodec.encode(events), PeerCodec::decodeChanges));
        PeerChanges snapshot = new PeerChanges(6, true, List.of(BARE), List.of());
        all.put("PEER_CHANGES snapshot", new Message(snapshot, PeerCodec.encode(snapshot), PeerCodec::decodeChanges));
        NodeStatus status = new NodeStatus(N1, new ClusterId("c"), 5, "0.1.0", "leader", new Term(2), Optional.of(N1),
            new LogIndex(10), new LogIndex(9), new LogIndex(11), List.of(N1), List.of(), "kv", 1_000,
            new TreeMap<>(Map.of("a.b", 3L, "c", 0L)), Optional.of("disk"));
        all.put("STATUS response", new Message(status, StatusCodec.encode(status), StatusCodec::decode));
        return all;
    }

    @Test
    void testsRunInTheModule() {
        assertTrue(getClass().getModule().isNamed());
        assertEquals("io.quorate.registry", getClass().getModule().getName());
    }

    @Test
    void sessionsAreReadIfThereAreAnyAndNeverCutShort() throws Exception {
        List<SessionSummary> sessions = List.of(
            new SessionSummary(N1, "quic", Optional.of("X25519MLKEM768"), "TLSv1.3", 1, 2),
            new SessionSummary(N1, "tcp", Optional.empty(), "", 0, 1));
        PeerView view = new PeerView(4, List.of(PEER), List.of(), sessions);
        Bytes whole = joined(PeerCodec.encode(view));
        assertEquals(view, PeerCodec.decodeView(whole));
        Bytes without = joined(PeerCodec.encode(new PeerView(4, List.of(PEER), List.of())));
        assertEquals(without, whole.slice(0, without.length()), "an earlier build's answer is this one's beginning");
        for (int length = without.length() + 1; length < whole.length(); length++) {
            Bytes cut = whole.slice(0, length);
            assertThrows(MalformedBytesException.class, () -> PeerCodec.decodeView(cut), "at " + length);
        }
        assertThrows(MalformedBytesException.class, () -> PeerCodec.decodeView(
            new BytesWriter().raw(without).i32(0).toBytes()));
    }

    @TestFactory
    Stream<DynamicTest> whatIsWrittenIsRead() {
        return messages().entrySet().stream().map(each -> dynamicTest(each.getKey(), () ->
            assertEquals(each.getValue().value(), each.getValue().decoder().decode(each.getValue().encoded()))));
    }

    @TestFactory
    Stream<DynamicTest> everyTruncationIsMalformed() {
        return messages().entrySet().stream().map(each -> dynamicTest(each.getKey(), () -> {
            Bytes whole = each.getValue().encoded();
            for (int length = 0; length < whole.length(); length++) {
                Bytes cut = whole.slice(0, length);
                assertThrows(MalformedBytesException.class, () -> each.getValue().decoder().decode(cut),
                    "at " + length);
            }
            Bytes longer = new BytesWriter().raw(whole).u8(0).toBytes();
            assertThrows(MalformedBytesException.class, () -> each.getValue().decoder().decode(longer),
                "one byte more");
        }));
    }

    @TestFactory
    Stream<DynamicTest> anyDamageIsReadOrMalformedAndNothingElse() {
        return messages().entrySet().stream().map(each -> dynamicTest(each.getKey(), () -> {
            SplittableRandom random = new SplittableRandom(each.getKey().hashCode());
            byte[] whole = each.getValue().encoded().toByteArray();
            int malformed = 0;
            for (int i = 0; i < 3_000; i++) {
                byte[] damaged = whole.clone();
                for (int j = random.nextInt(1, 4); j > 0; j--) {
                    damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
                }
                try {
                    each.getValue().decoder().decode(Bytes.wrap(damaged));
                } catch (MalformedBytesException expected) {
                    malformed++;
                }
            }
            assertTrue(malformed > 0, "some damage must show");
        }));
    }

    @Test
    void batchesAndCommandsAreJoinedInOrderAndWithoutACopy() throws MalformedBytesException {
        CommandBatch middle = CommandBatch.decode(joined(new CommandBatch.Joiner().add(Bytes.utf8("b"))
            .add(Bytes.utf8("")).toParts()));
        Bytes first = Bytes.utf8("a");
        List<Bytes> parts = new CommandBatch.Joiner().add(first).add(middle).add(Bytes.utf8("c")).add(Bytes.utf8("d"))
            .toParts();

        assertTrue(parts.stream().anyMatch(part -> part == first), "the very command given");
        CommandBatch whole = CommandBatch.decode(joined(parts));
        assertEquals(5, whole.count());
        assertEquals(List.of("a", "b", "", "c", "d"), whole.commands().stream().map(Bytes::utf8).toList());
    }

    @Test
    void randomBatchesSurviveJoining() throws MalformedBytesException {
        SplittableRandom random = new SplittableRandom(4);
        for (int round = 0; round < 200; round++) {
            CommandBatch.Joiner joiner = new CommandBatch.Joiner();
            List<Bytes> expected = new ArrayList<>();
            for (int piece = random.nextInt(1, 30); piece > 0; piece--) {
                List<Bytes> commands = IntStream.range(0, random.nextInt(1, 4))
                    .mapToObj(i -> Bytes.wrap(new byte[random.nextInt(50)])).toList();
                expected.addAll(commands);
                if (random.nextBoolean()) {
                    CommandBatch.Joiner inner = new CommandBatch.Joiner();
                    commands.forEach(inner::add);
                    joiner.add(CommandBatch.decode(joined(inner.toParts())));
                } else {
                    commands.forEach(joiner::add);
                }
            }
            assertEquals(expected, CommandBatch.decode(joined(joiner.toParts())).commands());
        }
    }

    @Test
    void aBatchIsBoundedAndNeverEmpty() throws MalformedBytesException {
        Bytes largest = Bytes.wrap(new byte[Command.MAX_PAYLOAD_BYTES]);
        CommandBatch.Joiner joiner = new CommandBatch.Joiner();
        assertTrue(joiner.fits(1, CommandBatch.bodyBytes(largest)), "one command of the largest size always fits");
        joiner.add(largest);
        assertEquals(1, CommandBatch.decode(joined(joiner.toParts())).count());
        assertThrows(IllegalStateException.class, () -> joiner.add(Bytes.empty()));

        assertThrows(MalformedBytesException.class, () -> CommandBatch.decode(new BytesWriter().i32(0).toBytes()));
        assertThrows(MalformedBytesException.class,
            () -> CommandBatch.decode(new BytesWriter().i32(Integer.MAX_VALUE).toBytes()));
        assertThrows(MalformedBytesException.class,
            () -> CommandBatch.decode(Bytes.wrap(new byte[ProtocolLimits.MAX_BATCH_BYTES + 1])));
        Bytes whole = joined(new CommandBatch.Joiner().add(Bytes.utf8("abc")).add(Bytes.utf8("d")).toParts());
        for (int length = 0; length < whole.length(); length++) {
            Bytes cut = whole.slice(0, length);
            assertThrows(MalformedBytesException.class, () -> CommandBatch.decode(cut), "at " + length);
        }
    }

    @Test
    void waitsAreBounded() {
        for (int wait : new int[] {-1, ProtocolLimits.MAX_WAIT_MILLIS + 1}) {
            assertThrows(MalformedBytesException.class,
                () -> WatchRequest.decode(joined(new WatchRequest(wait, Bytes.empty()).encode())));
            assertThrows(MalformedBytesException.class,
                () -> PeerChangesRequest.decode(joined(new PeerChangesRequest(1, wait).encode())));
        }
    }

    @Test
    void anAnswerThatDoesNotFitIsReplacedByARefusalThatSaysSo() throws MalformedBytesException {
        Bytes large = Bytes.wrap(new byte[ProtocolLimits.MAX_RESPONSE_BYTES / 2]);
        QueryResponse response = new QueryResponse(new LogIndex(1),
            List.of(Outcome.ok(large), Outcome.ok(large), Outcome.ok(Bytes.utf8("small"))));
        Bytes encoded = joined(response.encode());
        assertTrue(encoded.length() <= ProtocolLimits.MAX_RESPONSE_BYTES);
        QueryResponse read = QueryResponse.decode(encoded);
        assertEquals(List.of(false, true, false), read.outcomes().stream().map(Outcome::rejected).toList());
        assertTrue(read.outcomes().get(1).message().contains("does not fit"));
    }

    @Test
    void textsThatAreTooLongAreCutAndStayReadable() throws MalformedBytesException {
        String endless = "ä".repeat(100_000);
        Peer talkative = new Peer(N1, 7, PeerStatus.OFFLINE, endless, Optional.of(endless), Optional.empty(), List.of(),
            endless, Instant.EPOCH, Optional.empty(), Term.ZERO);
        PeerView view = PeerCodec.decodeView(joined(PeerCodec.encode(new PeerView(1, List.of(talkative), List.of()))));
        assertTrue(endless.startsWith(view.peers().get(0).reason()));
        assertTrue(Outcome.rejected(endless).payload().length() <= ProtocolLimits.MAX_EXPLANATION_BYTES);
    }

    static Bytes joined(List<Bytes> parts) {
        return new Frame(FrameKind.RESPONSE, true, 1, 1, 0, parts).body();
    }

    @Test
    void commandsOfSessionsKeepTheirGroupsHoweverOftenTheyAreJoined() throws MalformedBytesException {
        SplittableRandom random = new SplittableRandom(5);
        for (int round = 0; round < 500; round++) {
            CommandBatch.Joiner joiner = new CommandBatch.Joiner();
            List<String> expected = new ArrayList<>();
            for (int i = 0; i <= random.nextInt(12); i++) {
                CommandBatch.Joiner into = random.nextBoolean() ? joiner : new CommandBatch.Joiner();
                long session = 1 + random.nextInt(2);
                long first = 1 + random.nextLong(20);
                for (int j = 0; j <= random.nextInt(3); j++) {
                    Bytes command = Bytes.wrap(new byte[random.nextInt(5)]);
                    switch (random.nextInt(4)) {
                        case 0 -> {
                            into.add(command);
                            expected.add("0/0 " + command.length());
                        }
                        case 1 -> {
                            into.addOpening(1 + random.nextLong(9));
                            expected.add("-1/0 8");
                        }
                        default -> {
                            into.add(session, first + j, first, command);
                            expected.add(session + "/" + (first + j) + " " + command.length());
                        }
                    }
                }
                if (into != joiner) {
                    joiner.add(CommandBatch.decode(joined(into.toParts())));
                }
            }
            CommandBatch batch = CommandBatch.decode(joined(joiner.toParts()));
            List<String> found = new ArrayList<>();
            for (CommandBatch.Group group : batch.groups()) {
                for (int i = 0; i < group.commands().size(); i++) {
                    found.add(group.session() + "/" + (group.session() > 0 ? group.first() + i : 0) + " "
                        + group.commands().get(i).length());
                }
            }
            assertEquals(expected, found);
            assertEquals(expected.size(), batch.count());
        }
    }

    @Test
    void aBatchOfTheLargestSizeIsJoinedToNothingElseAndIsPassedOn() throws MalformedBytesException {
        Bytes largest = Bytes.wrap(new byte[Command.MAX_PAYLOAD_BYTES]);
        CommandBatch batch =
            CommandBatch.decode(joined(new CommandBatch.Joiner().add(7, 1, 1, largest).toParts()));
        CommandBatch.Joiner joiner = new CommandBatch.Joiner();
        assertTrue(joiner.fits(1, batch.bodyBytes()));
        joiner.add(batch);
        assertFalse(joiner.fits(1, CommandBatch.bodyBytes(Bytes.empty())));
        assertEquals(List.of(largest), CommandBatch.decode(joined(joiner.toParts())).commands());
    }

    @Test
    void groupsThatMakeNoSenseAreRefused() {
        for (long[] group : new long[][] {{-2, 0, 0}, {-1, 1, 0}, {0, 1, 0}, {0, 0, 1}, {5, 0, 0}, {5, 1, 0},
            {5, 1, 2}, {5, Long.MAX_VALUE, 1}}) {
            Bytes payload = new BytesWriter().i32(1 << 31 | 1).i64(group[0]).i64(group[1]).i64(group[2]).i32(1)
                .bytes(Bytes.empty()).toBytes();
            assertThrows(MalformedBytesException.class, () -> CommandBatch.decode(payload));
        }
        Bytes none = new BytesWriter().i32(1 << 31).toBytes();
        assertThrows(MalformedBytesException.class, () -> CommandBatch.decode(none));
    }

    private static void assertFeatures(NodeStatus status) throws MalformedBytesException {
        Configuration plain = status.configuration().orElseThrow();
        NodeStatus with = new NodeStatus(status.node(), status.cluster(), 1, "v", "leader", status.term(),
            status.leader(), LogIndex.ZERO, LogIndex.ZERO, LogIndex.ZERO, status.members(), List.of(), "kv", 1,
            new TreeMap<>(), Optional.empty(), Optional.of(new Configuration(plain.epoch(), plain.learners(),
                plain.joining(), plain.outgoing(), List.of("a", "b"), new TreeMap<>(Map.of("c", plain.learners())))));
        assertEquals(with, StatusCodec.decode(joined(StatusCodec.encode(with))));
        assertEquals(status, with.withoutFeatures());
        Bytes whole = joined(StatusCodec.encode(with));
        for (int length = joined(StatusCodec.encode(status)).length() + 1; length < whole.length(); length++) {
            Bytes cut = whole.slice(0, length);
            assertThrows(MalformedBytesException.class, () -> StatusCodec.decode(cut));
        }
    }

    @Test
    void aStatusTellsTheWholeConfigurationToWhoeverReadsIt() throws MalformedBytesException {
        NodeId n1 = new NodeId("n1");
        NodeId n4 = new NodeId("n4");
        NodeStatus status = new NodeStatus(n1, new ClusterId("c"), 1, "v", "leader", new Term(2), Optional.of(n1),
            LogIndex.ZERO, LogIndex.ZERO, LogIndex.ZERO, List.of(n1), List.of(), "kv", 1, new TreeMap<>(),
            Optional.empty(), Optional.of(new Configuration(3, List.of(n4), List.of(n4), List.of(n1))));
        assertEquals(status, StatusCodec.decode(joined(StatusCodec.encode(status))));
        assertFeatures(status);
        NodeStatus without = status.withoutConfiguration();
        assertEquals(without, StatusCodec.decode(joined(StatusCodec.encode(without))));
    }
}
