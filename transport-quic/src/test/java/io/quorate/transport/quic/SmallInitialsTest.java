package io.quorate.transport.quic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.quorate.testing.identity.TestCertificateAuthority;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** RFC 9000 §14.1, §6.1: nobody is answered with more than he has sent, at an address that he has not proved. */
@ExtendWith(LeakCheck.class)
@Timeout(60)
class SmallInitialsTest {

    /** Version 1, two connection ids of 8 bytes, no token; a client's first packet as far as anybody can see. */
    private static final String IDS = "08" + "0102030405060708" + "08" + "1112131415161718";
    private static final String INITIAL = "c0" + "00000001" + IDS + "00" + "4400";
    private static final String UNKNOWN_VERSION = "c0" + "1a2a3a4a" + IDS;
    private static final String TINY = "c0" + "00000001" + "00" + "00" + "00" + "00";

    private static byte[] datagram(String begins, int size) {
        byte[] bytes = HexFormat.of().parseHex(begins);
        return Arrays.copyOf(bytes, Math.max(bytes.length, size));
    }

    private static boolean isDropped(byte[] bytes) {
        ByteBuf datagram = Unpooled.buffer().writeByte(0x33).writeBytes(bytes);
        return SmallInitials.isDropped(datagram.skipBytes(1));
    }

    @Test
    void runs_in_its_module() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void what_asks_for_an_answer_is_dropped_if_it_is_small() {
        assertTrue(isDropped(datagram(TINY, 0)));
        assertTrue(isDropped(datagram(INITIAL, 1_199)));
        assertTrue(isDropped(datagram(UNKNOWN_VERSION, 1_199)));
        assertTrue(isDropped(datagram("c000", 0)));
        assertFalse(isDropped(datagram(INITIAL, 1_200)));
        assertFalse(isDropped(datagram(UNKNOWN_VERSION, 1_200)));
    }

    @Test
    void what_belongs_to_a_connection_may_be_small() {
        assertFalse(isDropped(datagram("e0" + "00000001" + IDS, 100))); // Handshake
        assertFalse(isDropped(datagram("d0" + "00000001" + IDS, 100))); // 0-RTT: no answer either
        assertFalse(isDropped(datagram("40", 30)));
        assertFalse(isDropped(new byte[0]));
    }

    /** The large one of each pair is answered, and behind the small one: so the small one was not. */
    @Test
    void only_large_datagrams_are_answered() throws IOException {
        TestCertificateAuthority authority = new TestCertificateAuthority("small");
        try (TestNode node = new TestNode(authority.node("node"));
                DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            socket.setSoTimeout(10_000);
            InetSocketAddress target = new InetSocketAddress(InetAddress.getLoopbackAddress(), node.port());
            for (String small : new String[] {TINY, INITIAL, UNKNOWN_VERSION}) {
                byte[] marked = datagram(INITIAL, 1_200);
                marked[5 + 1 + 8 + 1] = 0x77; // the client's id, to which a Retry is addressed
                for (byte[] bytes : new byte[][] {datagram(small, 0), datagram(small, 1_199), marked}) {
                    socket.send(new DatagramPacket(bytes, bytes.length, target));
                }
                DatagramPacket answer = new DatagramPacket(new byte[2_000], 2_000);
                socket.receive(answer);
                byte[] retry = answer.getData();
                assertEquals(0xF0, retry[0] & 0xF0, "expected a Retry");
                assertEquals(8, retry[5]);
                assertEquals(0x77, retry[6], "expected the answer to the large one");
            }
        }
    }
}
