package io.quorate.raft.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.quorate.api.Bytes;
import io.quorate.api.BytesWriter;
import io.quorate.api.ClusterId;
import io.quorate.api.MalformedBytesException;
import io.quorate.raft.log.EntryCodec;
import io.quorate.raft.log.SnapshotMeta;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.wire.RpcType;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MessageCodecTest {

    private static final SnapshotMeta META = new SnapshotMeta(70, 7, 3,
        Membership.ofVoters(Map.of(OneCore.A, List.of(), OneCore.B, List.of())), 1_000, -5);

    private static final List<Message.Request> REQUESTS = List.of(
        new Message.PreVote(3, 2, 1), new Message.Vote(4, 0, 0), new Message.Heartbeat(5, 6, 7),
        OneCore.append(5, 0, 0, 0), OneCore.append(5, 2, 1, 9, OneCore.entry(3, 1), OneCore.entry(4, 5)),
        new Message.ReadIndex(8), new Message.ReadIndex(8, true), new Message.Vote(4, 2, 1, true),
        new Message.Heartbeat(5, 6, 7, -8), new Message.TimeoutNow(9),
        new Message.InstallSnapshot(8, META, 990, Bytes.utf8("0123456789")));

    private static final List<Message.Response> RESPONSES = List.of(
        new Message.VoteResponse(3, true), new Message.HeartbeatResponse(4, true, 5, true),
        Message.AppendResponse.matched(4, 5), Message.AppendResponse.conflict(4, 5, 3),
        Message.AppendResponse.staleTerm(9), Message.AppendResponse.storageFull(4, 500),
        new Message.ReadIndexResponse(4, Message.ReadOutcome.AT, 9), new Message.TimeoutNowResponse(3, true),
        new Message.VoteResponse(3, true, Long.MIN_VALUE), new Message.AppendResponse(4,
            Message.AppendOutcome.MATCHED, 5, 0, 0, 77), new Message.HeartbeatResponse(4, true, 5, false, 6, 100, 900),
        new Message.InstallResponse(4, Message.InstallOutcome.RECEIVING, 512, 50, -9));

    private final MessageCodec codec = new MessageCodec(OneCore.ENTRIES);

    private Bytes whole(Message.Request request) {
        BytesWriter all = new BytesWriter();
        codec.encode(request).forEach(all::raw);
        return all.toBytes();
    }

    private static RpcType typeOf(Message.Response response) {
        return switch (response) {
            case Message.VoteResponse m -> RpcType.PRE_VOTE;
            case Message.HeartbeatResponse m -> RpcType.HEARTBEAT;
            case Message.AppendResponse m -> RpcType.APPEND_ENTRIES;
            case Message.ReadIndexResponse m -> RpcType.READ_INDEX;
            case Message.TimeoutNowResponse m -> RpcType.TIMEOUT_NOW;
            case Message.InstallResponse m -> RpcType.INSTALL_SNAPSHOT;
        };
    }

    @Test
    void everyMessageSurvivesTheWire() throws MalformedBytesException {
        for (Message.Request request : REQUESTS) {
            assertEquals(request, codec.decodeRequest(MessageCodec.typeOf(request), whole(request)));
        }
        for (Message.Response response : RESPONSES) {
            assertEquals(response, codec.decodeResponse(typeOf(response), codec.encode(response)));
        }
    }

    @Test
    void everyTruncationAndEveryByteTooManyIsRefused() {
        for (Message.Request request : REQUESTS) {
            Bytes whole = whole(request);
            RpcType type = MessageCodec.typeOf(request);
            for (int length = 0; length < whole.length(); length++) {
                Bytes cut = whole.slice(0, length);
                assertThrows(MalformedBytesException.class, () -> codec.decodeRequest(type, cut), request + " at "
                    + length);
            }
            assertThrows(MalformedBytesException.class, () -> codec.decodeRequest(type, longer(whole)));
        }
        for (Message.Response response : RESPONSES) {
            Bytes whole = codec.encode(response);
            RpcType type = typeOf(response);
            for (int length = 0; length < whole.length(); length++) {
                Bytes cut = whole.slice(0, length);
                assertThrows(MalformedBytesException.class, () -> codec.decodeResponse(type, cut), response + " at "
                    + length);
            }
            assertThrows(MalformedBytesException.class, () -> codec.decodeResponse(type, longer(whole)));
        }
    }

    @Test
    void aPauseThatIsNegativeOrEndlessIsRefused() {
        for (int millis : new int[] {-1, Integer.MIN_VALUE, 60_001, Integer.MAX_VALUE}) {
            Bytes encoded = codec.encode(Message.AppendResponse.storageFull(4, millis));
            assertThrows(MalformedBytesException.class, () -> codec.decodeResponse(RpcType.APPEND_ENTRIES, encoded));
        }
    }

    @Test
    void anotherVersionIsRefused() {
        for (Message.Request request : REQUESTS) {
            byte[] bytes = whole(request).toByteArray();
            bytes[0]++;
            assertThrows(MalformedBytesException.class,
                () -> codec.decodeRequest(MessageCodec.typeOf(request), Bytes.wrap(bytes)));
        }
    }

    @Test
    void aDamagedEntryIsRefused() {
        Message.Append append = OneCore.append(5, 2, 1, 9, OneCore.entry(3, 1), OneCore.entry(4, 5));
        int firstEntry = codec.encode(append).getFirst().length();
        int length = whole(append).length();
        for (int at = firstEntry; at < length; at++) {
            byte[] bytes = whole(append).toByteArray();
            bytes[at] ^= 1;
            assertThrows(MalformedBytesException.class,
                () -> codec.decodeRequest(RpcType.APPEND_ENTRIES, Bytes.wrap(bytes)), "byte " + at);
        }
    }

    @Test
    void anEntryOfAnotherClusterIsRefused() {
        MessageCodec other = new MessageCodec(new EntryCodec(new ClusterId("other")));
        Bytes ours = whole(OneCore.append(5, 2, 1, 9, OneCore.entry(3, 1)));
        assertThrows(MalformedBytesException.class, () -> other.decodeRequest(RpcType.APPEND_ENTRIES, ours));
    }

    @Test
    void whatMakesNoSenseIsRefused() {
        for (Message.Request request : List.of(
            OneCore.append(5, 2, 1, 9, OneCore.entry(4, 1)),
            OneCore.append(5, 2, 1, 9, OneCore.entry(3, 6)),
            OneCore.append(5, 2, 3, 9, OneCore.entry(3, 2)),
            OneCore.append(5, 2, 6, 9),
            OneCore.append(5, 0, 1, 9),
            OneCore.append(5, 1, 0, 9),
            new Message.Heartbeat(1, -1, 0),
            new Message.ReadIndex(Long.MAX_VALUE))) {
            assertThrows(MalformedBytesException.class,
                () -> codec.decodeRequest(MessageCodec.typeOf(request), whole(request)), request.toString());
        }
    }

    @Test
    void aProcedureThatIsNotConsensusIsRefused() {
        assertThrows(MalformedBytesException.class,
            () -> codec.decodeRequest(RpcType.SUBMIT, whole(new Message.ReadIndex(1))));
    }

    private static Bytes longer(Bytes bytes) {
        return new BytesWriter().raw(bytes).u8(0).toBytes();
    }

    @Test
    void aPieceOfASnapshotThatChangedOnTheWayOrDoesNotFitIsRefused() throws MalformedBytesException {
        Bytes piece = whole(new Message.InstallSnapshot(8, META, 990, Bytes.utf8("0123456789")));
        for (int at = 1; at < piece.length(); at++) {
            byte[] changed = piece.toByteArray();
            changed[at] ^= 16;
            assertThrows(MalformedBytesException.class,
                () -> codec.decodeRequest(RpcType.INSTALL_SNAPSHOT, Bytes.wrap(changed)), "changed at " + at);
        }
        for (Message.InstallSnapshot wrong : List.of(
            new Message.InstallSnapshot(6, META, 0, Bytes.empty()),
            new Message.InstallSnapshot(8, META, 991, Bytes.utf8("0123456789")))) {
            assertThrows(MalformedBytesException.class,
                () -> codec.decodeRequest(RpcType.INSTALL_SNAPSHOT, whole(wrong)), wrong.toString());
        }
    }
}
