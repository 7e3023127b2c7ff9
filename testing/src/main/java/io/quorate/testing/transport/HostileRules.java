package io.quorate.testing.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameEncoder;
import io.quorate.spi.wire.FrameFormat;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.RpcError;
import io.quorate.spi.wire.RpcType;
import io.quorate.spi.wire.WireViolation;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Function;
import java.util.zip.CRC32C;

/** Frames that no honest peer sends. Each has a name, is counted once, and reaches nobody. */
interface HostileRules extends Rules {

    long CALL = 0x160;

    static Frame request(RpcType type, long call, String text) {
        return new Frame(FrameKind.REQUEST, true, type.code(), call, 1_000, List.of(Bytes.utf8(text)));
    }

    static Frame response(int type, long call, boolean end, String text) {
        return new Frame(FrameKind.RESPONSE, end, type, call, 0, List.of(Bytes.utf8(text)));
    }

    /** A hostile dialer sends this as its first call to a node, which must name it so and serve nothing. */
    private void assertFirstFrameRefused(String host, WireViolation violation, Bytes raw) {
        bench().expect(violation);
        ContractNode node = bench().node(host);
        HostilePeer.Link link = bench().hostile().dial(node.endpoint(), bench().authority().node("h"));
        ContractPeer peer = new ContractPeer(bench(), node.nextConnection()).activate();
        HostilePeer.Stream stream = link.open();
        stream.send(raw);
        assertCounted(node, violation, 1);
        bench().await("the end of the call", stream::isReset);
        assertEquals(List.of(), peer.served(), "calls served");
        assertConnectionEnds(peer, violation);
        assertStillServes(link, peer);
    }

    private void assertCounted(ContractNode node, WireViolation violation, int times) {
        bench().await(violation + " counted", () -> node.counted(violation) >= times);
        assertEquals(times, node.counted(violation), violation + " counted");
    }

    /** Where a call leases its connection, the connection goes with the call. */
    private void assertConnectionEnds(ContractPeer peer, WireViolation violation) {
        if (bench().exclusive()) {
            assertEquals(violation, peer.closeReason().violation().orElse(null), peer.closeReason().toString());
        }
    }

    /** Where each call has a stream, the next one on the same connection is served as if nothing had been. */
    private void assertStillServes(HostilePeer.Link link, ContractPeer peer) {
        if (!bench().exclusive()) {
            HostilePeer.Stream next = link.open();
            next.send(FrameEncoder.encode(request(RpcType.SUBMIT, CALL + 7, "well")));
            bench().await("the next call's answer", () -> !next.received().isEmpty());
            assertEquals("well", next.received().get(0).body().utf8());
            assertTrue(!peer.isClosed(), "a violation on one stream has ended the connection");
        }
    }

    /**
     * A node calls a hostile accepter, which answers with what is made of the request; it must be named so, and the
     * call be reset.
     *
     * @param delivered how many frames are legal and reach the caller before
     */
    private void assertAnswerRefused(WireViolation violation, int delivered, Function<Frame, List<Frame>> answers) {
        bench().expect(violation);
        ContractNode node = bench().node("a");
        HostilePeer.Listener listener = bench().hostile().listen(bench().authority().node("h"));
        node.dial(listener.endpoint());
        ContractPeer peer = new ContractPeer(bench(), node.nextConnection()).activate();
        HostilePeer.Link[] link = new HostilePeer.Link[1];
        bench().await("the hostile side's connection", () -> {
            listener.accepted().ifPresent(accepted -> link[0] = accepted);
            return link[0] != null;
        });
        ContractCall call = bench().open(peer);
        call.send(false, Bytes.utf8("ask"));
        answer(link[0], answers);
        assertCounted(node, violation, 1);
        if (!call.isComplete()) {
            assertEquals(violation, call.resetReason().violation().orElse(null), call.resetReason().toString());
        }
        assertEquals(delivered, call.frames().size(), "frames that reached the caller");
        assertConnectionEnds(peer, violation);
        if (!bench().exclusive()) {
            ContractCall next = bench().open(peer);
            next.send(true, Bytes.utf8("next"));
            answer(link[0], request -> List.of(response(request.rpcType(), request.correlationId(), true, "well")));
            assertEquals("well", next.answer().utf8());
        }
    }

    private void answer(HostilePeer.Link link, Function<Frame, List<Frame>> answers) {
        HostilePeer.Stream[] stream = new HostilePeer.Stream[1];
        bench().await("the request at the hostile side", () -> {
            if (stream[0] == null) {
                link.accepted().ifPresent(accepted -> stream[0] = accepted);
            }
            return stream[0] != null && !stream[0].received().isEmpty();
        });
        for (Frame frame : answers.apply(stream[0].received().get(0))) {
            stream[0].send(FrameEncoder.encode(frame));
        }
    }

    @ContractRule(number = 50, text = "A call's frame before activation is the violation RPC_BEFORE_HANDSHAKE; it is "
        + "served by nobody and ends the connection.")
    default void required_t50_a_call_before_activation_is_a_violation() {
        bench().expect(WireViolation.RPC_BEFORE_HANDSHAKE);
        ContractNode node = bench().node("b");
        HostilePeer.Link link = bench().hostile().dial(node.endpoint(), bench().authority().node("h"));
        ContractPeer peer = new ContractPeer(bench(), node.nextConnection());
        link.open().send(FrameEncoder.encode(request(RpcType.SUBMIT, CALL, "too early")));
        CloseReason reason = peer.closeReason();
        assertEquals(WireViolation.RPC_BEFORE_HANDSHAKE, reason.violation().orElse(null), reason.toString());
        assertCounted(node, WireViolation.RPC_BEFORE_HANDSHAKE, 1);
    }

    /** The mistake behind "unknown rpc type 160". */
    @ContractRule(number = 51, text = "A response or an error where a request is expected is the violation "
        + "RESPONSE_AS_REQUEST; it is never taken for a request.")
    default void required_t51_a_response_is_never_taken_for_a_request() {
        // The least of a response, which began with the byte 160 and then said nothing.
        assertFirstFrameRefused("b", WireViolation.RESPONSE_AS_REQUEST,
            FrameEncoder.encode(response(RpcType.SUBMIT.code(), CALL, true, "")));
        Frame error = new Frame(FrameKind.ERROR, true, RpcType.SUBMIT.code(), CALL, 0,
            List.of(RpcError.of(RpcError.Code.UNAVAILABLE, "no leader").encode()));
        assertFirstFrameRefused("c", WireViolation.RESPONSE_AS_REQUEST, FrameEncoder.encode(error));
    }

    @ContractRule(number = 52, text = "A request where a response is expected is the violation REQUEST_AS_RESPONSE; it "
        + "is never taken for a response.")
    default void required_t52_a_request_is_never_taken_for_a_response() {
        assertAnswerRefused(WireViolation.REQUEST_AS_RESPONSE, 0,
            request -> List.of(request(RpcType.SUBMIT, request.correlationId(), "ask you")));
    }

    @ContractRule(number = 53, text = "A response that carries another call's number, such as one that is replayed, is "
        + "the violation WRONG_CORRELATION.")
    default void required_t53_another_calls_number_is_a_violation() {
        assertAnswerRefused(WireViolation.WRONG_CORRELATION, 0,
            request -> List.of(response(request.rpcType(), request.correlationId() + 1, true, "another's")));
    }

    @ContractRule(number = 54, text = "A response of another procedure than its request's is the violation "
        + "WRONG_RPC_TYPE.")
    default void required_t54_another_procedure_is_a_violation() {
        assertAnswerRefused(WireViolation.WRONG_RPC_TYPE, 0,
            request -> List.of(response(RpcType.QUERY.code(), request.correlationId(), true, "another")));
    }

    @ContractRule(number = 55, text = "A frame behind the last one of its sender is the violation FRAME_AFTER_END; the "
        + "last one counts.")
    default void required_t55_a_frame_behind_the_last_one_is_a_violation() {
        assertAnswerRefused(WireViolation.FRAME_AFTER_END, 1,
            request -> List.of(response(request.rpcType(), request.correlationId(), true, "the last"),
                response(request.rpcType(), request.correlationId(), true, "one more")));
    }

    @ContractRule(number = 56, text = "A request that is replayed on its stream is the violation FRAME_AFTER_END; it "
        + "is served once.")
    default void required_t56_a_replayed_request_is_served_once() {
        bench().expect(WireViolation.FRAME_AFTER_END);
        ContractNode node = bench().node("b");
        HostilePeer.Link link = bench().hostile().dial(node.endpoint(), bench().authority().node("h"));
        ContractPeer peer = new ContractPeer(bench(), node.nextConnection()).serving(IsolationRules::hold).activate();
        HostilePeer.Stream stream = link.open();
        stream.send(FrameEncoder.encode(request(RpcType.SUBMIT, CALL, "once")));
        stream.send(FrameEncoder.encode(request(RpcType.SUBMIT, CALL, "once")));
        assertCounted(node, WireViolation.FRAME_AFTER_END, 1);
        assertEquals(1, peer.served().size(), "calls served");
        assertEquals(1, peer.served().get(0).frames().size(), "frames served");
        peer.served().get(0).resetReason();
        assertConnectionEnds(peer, WireViolation.FRAME_AFTER_END);
        peer.serving(ContractCall::echo);
        assertStillServes(link, peer);
    }

    @ContractRule(number = 57, text = "A request of a procedure that does not exist is the violation UNKNOWN_RPC_TYPE; "
        + "no handler hears of it.")
    default void required_t57_an_unknown_procedure_is_a_violation() {
        Frame unknown = new Frame(FrameKind.REQUEST, true, 0xA0, CALL, 1_000, List.of(Bytes.empty()));
        assertFirstFrameRefused("b", WireViolation.UNKNOWN_RPC_TYPE, FrameEncoder.encode(unknown));
    }

    @ContractRule(number = 58, text = "Bytes of HTTP where a call begins are the violation HTTP, not bad magic.")
    default void required_t58_http_is_named() {
        assertFirstFrameRefused("b", WireViolation.HTTP, Bytes.utf8("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    }

    @ContractRule(number = 59, text = "A TLS record where a call begins is the violation TLS_RECORD, not bad magic.")
    default void required_t59_tls_inside_tls_is_named() {
        assertFirstFrameRefused("b", WireViolation.TLS_RECORD,
            Bytes.wrap(new byte[] {22, 3, 1, 2, 0, 1, 0, 1, (byte) 0xFC, 3, 3, 0, 0, 0, 0, 0}));
    }

    @ContractRule(number = 60, text = "A frame whose header, payload or end was changed on its way is a violation that "
        + "says which; nothing of it is delivered.")
    default void required_t60_changed_bytes_are_violations() {
        Bytes whole = FrameEncoder.encode(request(RpcType.SUBMIT, CALL, "payload"));
        assertFirstFrameRefused("b", WireViolation.HEADER_CHECKSUM, changed(whole, 16));
        assertFirstFrameRefused("c", WireViolation.PAYLOAD_CHECKSUM, changed(whole, FrameFormat.HEADER_BYTES));
        assertFirstFrameRefused("d", WireViolation.END_MARK, changed(whole, whole.length() - 1));
    }

    private static Bytes changed(Bytes whole, int at) {
        byte[] bytes = whole.toByteArray();
        bytes[at] ^= 0x10;
        return Bytes.wrap(bytes);
    }

    @ContractRule(number = 61, text = "A sound header that announces more than is allowed is the violation "
        + "FRAME_TOO_LARGE, before a byte of its payload has come.")
    default void required_t61_too_much_is_refused_when_it_is_announced() {
        ByteBuffer header = ByteBuffer.wrap(FrameEncoder.encode(request(RpcType.SUBMIT, CALL, "")).toByteArray(), 0,
            FrameFormat.HEADER_BYTES);
        header.putInt(16, FrameFormat.MAX_PAYLOAD_BYTES + 1);
        CRC32C checksum = new CRC32C();
        checksum.update(header.slice(0, 28));
        header.putInt(28, (int) checksum.getValue());
        assertFirstFrameRefused("b", WireViolation.FRAME_TOO_LARGE, Bytes.copyOf(header.slice(0, 32)));
    }

    @ContractRule(number = 62, text = "A peer that goes without a goodbye is LOST: the connection ends once, after the "
        + "resets of its calls.")
    default void required_t62_a_peer_that_goes_without_a_goodbye_is_lost() {
        ContractNode node = bench().node("b");
        HostilePeer.Link link = bench().hostile().dial(node.endpoint(), bench().authority().node("h"));
        ContractPeer peer = new ContractPeer(bench(), node.nextConnection()).serving(IsolationRules::hold).activate();
        link.open().send(FrameEncoder.encode(request(RpcType.SUBMIT, CALL, "and gone")));
        bench().await("the call", () -> peer.served().size() == 1 && !peer.served().get(0).frames().isEmpty());
        link.close();
        assertEquals(CloseReason.Kind.LOST, peer.closeReason().kind(), peer.closeReason().toString());
        assertTrue(peer.served().get(0).isReset(), "the call of a peer that is gone was not reset");
    }
}
