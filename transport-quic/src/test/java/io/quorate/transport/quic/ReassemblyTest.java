package io.quorate.transport.quic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.support.ReassemblyBudget;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameEncoder;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.RpcType;
import io.quorate.testing.identity.TestCertificateAuthority;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Frames that have arrived in part are bounded for each connection and for all, and who goes beyond pays alone. */
@ExtendWith(LeakCheck.class)
@Timeout(60)
class ReassemblyTest {

    private static final int KIB = 1 << 10;

    private final TestCertificateAuthority authority = new TestCertificateAuthority("reassembly");

    private static Bytes request(int number, int size) {
        return FrameEncoder.encode(new Frame(FrameKind.REQUEST, true, RpcType.SUBMIT.code(), number, 5_000,
            List.of(Bytes.wrap(new byte[size]))));
    }

    private static void awaitHeld(ReassemblyBudget room, long bytes) {
        TestNode.await(() -> room.heldBytes() == bytes, bytes + " bytes held");
    }

    @Test
    void a_frame_that_finds_no_room_costs_its_own_call_alone() {
        ReassemblyBudget room = new ReassemblyBudget(4_000 * KIB, 400 * KIB);
        try (TestNode node = TestNode.withRoom(authority.node("node"), room);
                RawQuic client = RawQuic.connected(authority.node("client"), node.port())) {
            Peer server = Peer.active(node.connection());
            RawQuic.Stream control = client.control();
            RawQuic.Stream first = client.call();
            Bytes whole = request(1, 300 * KIB);
            first.write(whole.slice(0, 280 * KIB));
            awaitHeld(room, 300 * KIB);
            RawQuic.Stream second = client.call();
            second.write(request(2, 300 * KIB));
            assertEquals(CloseReason.Kind.CALL_RESET.code(), second.resetCode());
            assertEquals(1, node.counted.get(ReassemblyBudget.COUNTER));
            awaitHeld(room, 300 * KIB);
            RawQuic.Stream small = client.call();
            small.write(request(3, 64 * KIB));
            assertEquals(64 * KIB, TestNode.await(server.served, "a small call").frame().body().length());
            first.write(whole.slice(280 * KIB, whole.length() - 280 * KIB));
            assertEquals(300 * KIB, TestNode.await(server.served, "the first call").frame().body().length());
            awaitHeld(room, 0);
            control.write(Frame.control(FrameKind.PING, 7, Bytes.empty()));
            TestNode.await(server.controls, "a ping: the connection lives");
            assertFalse(server.closed.isDone());
        }
    }

    @Test
    void what_calls_held_is_free_again_however_they_end() {
        ReassemblyBudget room = new ReassemblyBudget(400 * KIB, 400 * KIB);
        try (TestNode node = TestNode.withRoom(authority.node("node"), room)) {
            try (RawQuic client = RawQuic.connected(authority.node("client"), node.port())) {
                Peer server = Peer.active(node.connection());
                RawQuic.Stream call = client.call();
                call.write(request(1, 300 * KIB).slice(0, 200 * KIB));
                awaitHeld(room, 256 * KIB);
                call.reset(CloseReason.Kind.CALL_RESET.code());
                awaitHeld(room, 0);
                client.call().write(request(2, 300 * KIB).slice(0, 200 * KIB));
                awaitHeld(room, 256 * KIB);
                server.connection.close(CloseReason.of(CloseReason.Kind.UNRESPONSIVE, "no pong"));
                awaitHeld(room, 0);
            }
            try (RawQuic client = RawQuic.connected(authority.node("client"), node.port())) {
                Peer.active(node.connection());
                client.call().write(request(1, 300 * KIB).slice(0, 200 * KIB));
                awaitHeld(room, 256 * KIB);
            }
            awaitHeld(room, 0);
        }
    }
}
