package io.quorate.transport.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.support.ReassemblyBudget;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameEncoder;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.RpcType;
import io.quorate.testing.identity.TestCertificateAuthority;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Frames that have arrived in part are bounded for all connections together, and who goes beyond pays alone. */
@ExtendWith(LeakCheck.class)
@Timeout(60)
class ReassemblyTest {

    private static final int KIB = 1 << 10;

    private final TestCertificateAuthority authority = new TestCertificateAuthority("reassembly");
    private final ReassemblyBudget room = new ReassemblyBudget(400 * KIB, 400 * KIB);

    private static Frame request(int number, int size) {
        return new Frame(FrameKind.REQUEST, true, RpcType.SUBMIT.code(), number, 5_000,
            List.of(Bytes.wrap(new byte[size])));
    }

    private void awaitHeld(long bytes) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TestNode.WAIT_SECONDS);
        while (room.heldBytes() != bytes) {
            assertTrue(System.nanoTime() - deadline < 0, () -> "found " + room.heldBytes() + " bytes held, expected "
                + bytes);
            Thread.onSpinWait();
        }
    }

    @Test
    void a_frame_that_finds_no_room_costs_its_own_connection_alone() throws Exception {
        try (TestNode node = TestNode.withRoom(authority.node("node"), room);
                RawTls first = RawTls.connected(authority.node("first"), node.port())) {
            Peer holder = Peer.active(node.connection());
            Bytes whole = FrameEncoder.encode(request(1, 300 * KIB));
            first.write(whole.slice(0, 280 * KIB));
            awaitHeld(300 * KIB);
            try (RawTls second = RawTls.connected(authority.node("second"), node.port())) {
                Peer victim = Peer.active(node.connection());
                second.write(FrameEncoder.encode(request(1, 300 * KIB)));
                CloseReason reason = victim.closeReason();
                assertEquals(CloseReason.Kind.CALL_RESET, reason.kind());
                assertTrue(reason.detail().startsWith("found no room for the rest of a frame"), reason.detail());
                assertEquals(1, node.counted.get(ReassemblyBudget.COUNTER));
                Frame goodbye = second.read();
                assertEquals(FrameKind.GOODBYE, goodbye.kind(), "the other side is told why");
                assertNull(second.read());
            }
            awaitHeld(300 * KIB);
            try (RawTls small = RawTls.connected(authority.node("small"), node.port())) {
                Peer voter = Peer.active(node.connection());
                Bytes vote = FrameEncoder.encode(request(1, 64 * KIB));
                small.write(vote);
                assertEquals(64 * KIB, TestNode.await(voter.served, "a small call").frame().body().length());
            }
            first.write(whole.slice(280 * KIB, whole.length() - 280 * KIB));
            assertEquals(300 * KIB, TestNode.await(holder.served, "the first call").frame().body().length());
            awaitHeld(0);
        }
    }

    @Test
    void what_a_connection_held_is_free_again_however_it_ends() throws Exception {
        try (TestNode node = TestNode.withRoom(authority.node("node"), room)) {
            for (int round = 0; round < 3; round++) {
                try (RawTls client = RawTls.connected(authority.node("client"), node.port())) {
                    Peer server = Peer.active(node.connection());
                    client.write(FrameEncoder.encode(request(1, 300 * KIB)).slice(0, 200 * KIB));
                    awaitHeld(256 * KIB);
                    if (round == 0) {
                        server.connection.close(CloseReason.of(CloseReason.Kind.UNRESPONSIVE, "no pong"));
                    } else if (round == 1) {
                        client.socket.close();
                    } else {
                        node.transport.close();
                    }
                    server.closeReason();
                    awaitHeld(0);
                }
            }
        }
    }
}
