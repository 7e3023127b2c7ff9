package io.quorate.transport.quic;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.quorate.api.Bytes;
import io.quorate.transport.quic.InitialKeys.Sender;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class InitialPacketTest {

    private static final Bytes DESTINATION = Bytes.copyOf(Rfc9001.DESTINATION);
    private static final InitialKeys CLIENT = InitialKeys.of(DESTINATION, Sender.CLIENT);
    private static final InitialKeys SERVER = InitialKeys.of(DESTINATION, Sender.SERVER);
    private static final byte[] HANDSHAKE_PACKET = Rfc9001.hex("e5000000010008f067a5502a4262b518" + "ab".repeat(24));

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void opensTheClientsSample() {
        byte[] expected = Arrays.copyOf(Rfc9001.CLIENT_FRAMES, Rfc9001.CLIENT_PAYLOAD_BYTES);

        List<byte[]> opened = open(CLIENT, Rfc9001.CLIENT_INITIAL);

        assertEquals(1, opened.size());
        assertArrayEquals(expected, opened.getFirst());
        List<CryptoFrame> frames = CryptoFrame.in(opened.getFirst());
        assertEquals(List.of(new CryptoFrame(0, Bytes.wrap(Rfc9001.CLIENT_FRAMES, 4, 241))), frames);
    }

    @Test
    void opensTheServersSample() {
        List<byte[]> opened = open(SERVER, Rfc9001.SERVER_INITIAL);

        assertEquals(1, opened.size());
        assertArrayEquals(Rfc9001.SERVER_FRAMES, opened.getFirst());
        assertEquals(List.of(new CryptoFrame(0, Bytes.wrap(Rfc9001.serverHello()))),
            CryptoFrame.in(opened.getFirst()));
    }

    @Test
    void readsTheConnectionIds() {
        List<Bytes> ids = new ArrayList<>();
        InitialPacket.each(Unpooled.wrappedBuffer(Rfc9001.CLIENT_INITIAL, Rfc9001.SERVER_INITIAL), packet -> {
            ids.add(packet.destination());
            ids.add(packet.source());
        });
        assertEquals(List.of(DESTINATION, Bytes.empty(), Bytes.empty(), Bytes.copyOf(Rfc9001.SERVER_ID)), ids);
    }

    @Test
    void theSealerOfTheseTestsMakesTheSamples() {
        assertArrayEquals(Rfc9001.CLIENT_INITIAL,
            SealedInitial.ofClient(Rfc9001.DESTINATION, new byte[0], new byte[0])
                .packet(2, 4, Arrays.copyOf(Rfc9001.CLIENT_FRAMES, Rfc9001.CLIENT_PAYLOAD_BYTES)));
        assertArrayEquals(Rfc9001.SERVER_INITIAL, serverSealer().packet(1, 2, Rfc9001.SERVER_FRAMES));
    }

    @Test
    void theKeysOfTheOtherDirectionOpenNothing() {
        assertTrue(open(SERVER, Rfc9001.CLIENT_INITIAL).isEmpty());
        assertTrue(open(CLIENT, Rfc9001.SERVER_INITIAL).isEmpty());
    }

    @Test
    void aRetryIsNoInitialAndEndsTheDatagram() {
        assertEquals(0, count(Rfc9001.RETRY));
        assertEquals(0, count(Rfc9001.RETRY, Rfc9001.SERVER_INITIAL));
    }

    @Test
    void passesOverPacketsThatSayWhereTheyEnd() {
        assertEquals(2, count(HANDSHAKE_PACKET, Rfc9001.SERVER_INITIAL, HANDSHAKE_PACKET, Rfc9001.SERVER_INITIAL));
        assertEquals(1, count(Rfc9001.SERVER_INITIAL, Rfc9001.hex("40aabb"), Rfc9001.SERVER_INITIAL));
    }

    @Test
    void anotherVersionIsLeftAlone() {
        byte[] secondVersion = Rfc9001.SERVER_INITIAL.clone();
        System.arraycopy(Rfc9001.hex("6b3343cf"), 0, secondVersion, 1, 4);
        assertEquals(0, count(secondVersion));
        System.arraycopy(new byte[4], 0, secondVersion, 1, 4);
        assertEquals(0, count(secondVersion));
    }

    @Test
    void aLongerConnectionIdThanAllowedIsLeftAlone() {
        assertEquals(1, count(SealedInitial.ofClient(new byte[20], new byte[20], new byte[0])
            .packet(0, 1, new byte[40])));
        assertEquals(0, count(SealedInitial.ofClient(new byte[21], new byte[20], new byte[0])
            .packet(0, 1, new byte[40])));
        assertEquals(0, count(SealedInitial.ofClient(new byte[20], new byte[21], new byte[0])
            .packet(0, 1, new byte[40])));
    }

    @Test
    void aTokenIsPassedOver() {
        byte[] packet = SealedInitial.ofClient(Rfc9001.DESTINATION, new byte[5], new byte[200])
            .packet(7, 3, Rfc9001.CLIENT_FRAMES);
        assertArrayEquals(Rfc9001.CLIENT_FRAMES, open(CLIENT, packet).getFirst());
    }

    @Test
    void aReservedBitMakesAPacketVoid() {
        assertEquals(1, open(SERVER, serverSealer().packet(0, 1, Rfc9001.SERVER_FRAMES)).size());
        assertEquals(0, open(SERVER, serverSealer().withFirstBits(0xC4).packet(0, 1, Rfc9001.SERVER_FRAMES)).size());
    }

    @Test
    void aPacketTooShortForTheSampleIsVoid() {
        for (int numberBytes = 1; numberBytes <= 4; numberBytes++) {
            // The tag alone makes the sample whole where the number has all its four bytes.
            int least = 4 - numberBytes;
            assertEquals(1, open(SERVER, serverSealer().packet(0, numberBytes, new byte[least])).size());
        }
        byte[] cut = serverSealer().packet(0, 1, new byte[3]);
        cut[cut.length - 21] -= 1;
        assertEquals(0, open(SERVER, Arrays.copyOf(cut, cut.length - 1)).size());
    }

    @Test
    void aLongerPacketThanIsOpenedIsVoid() {
        byte[] frames = Arrays.copyOf(Rfc9001.SERVER_FRAMES, 0x3FFF - 17);
        byte[] large = serverSealer().packet(0, 1, frames);
        assertTrue(large.length > InitialPacket.MOST_PACKET_BYTES);
        assertEquals(0, open(SERVER, large).size());
        int less = large.length - InitialPacket.MOST_PACKET_BYTES;
        byte[] longest = serverSealer().packet(0, 1, Arrays.copyOf(frames, frames.length - less));
        assertEquals(InitialPacket.MOST_PACKET_BYTES, longest.length);
        assertEquals(1, open(SERVER, longest).size());
    }

    @Test
    void looksAtABoundedNumberOfPackets() {
        byte[][] many = new byte[InitialPacket.MOST_PACKETS + 1][];
        Arrays.fill(many, Rfc9001.SERVER_INITIAL);
        assertEquals(InitialPacket.MOST_PACKETS, count(many));
    }

    @Test
    void everyFlippedBitAndEveryCutIsFound() {
        for (int bit = 0; bit < Rfc9001.SERVER_INITIAL.length * 8; bit++) {
            byte[] flipped = Rfc9001.SERVER_INITIAL.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            assertEquals(0, open(SERVER, flipped).size(), "bit " + bit);
        }
        for (int size = 0; size < Rfc9001.SERVER_INITIAL.length; size++) {
            assertEquals(0, count(Arrays.copyOf(Rfc9001.SERVER_INITIAL, size)), "cut at " + size);
        }
    }

    @Test
    void garbageYieldsNothing() {
        Random random = new Random(9001);
        for (int round = 0; round < 10_000; round++) {
            byte[] bytes = new byte[random.nextInt(80)];
            random.nextBytes(bytes);
            if (round % 2 == 0 && bytes.length > 6) {
                // Gets behind the version.
                System.arraycopy(Rfc9001.hex("c000000001"), 0, bytes, 0, 5);
                bytes[5] = (byte) random.nextInt(4);
            }
            assertEquals(0, open(SERVER, bytes).size());
        }
    }

    @Test
    void garbageInsideAWellProtectedPacketThrowsNothing() {
        Random random = new Random(8446);
        for (int round = 0; round < 5_000; round++) {
            byte[] frames = Rfc9001.SERVER_FRAMES.clone();
            for (int change = random.nextInt(4); change >= 0; change--) {
                frames[random.nextInt(frames.length)] = (byte) random.nextInt(256);
            }
            byte[] opened = open(SERVER, serverSealer().packet(round, 2, frames)).getFirst();
            CryptoFrame.in(opened).forEach(frame -> ServerHelloGroup.of(frame.data()));
            ServerHelloGroup.of(Bytes.wrap(frames, 9, frames.length - 9));
        }
    }

    @Test
    void leavesTheBuffersIndexesAlone() {
        ByteBuf buffer = Unpooled.wrappedBuffer(new byte[7], Rfc9001.SERVER_INITIAL, new byte[5]);
        buffer.readerIndex(7).writerIndex(7 + Rfc9001.SERVER_INITIAL.length);
        List<byte[]> opened = new ArrayList<>();
        InitialPacket.each(buffer, packet -> packet.open(SERVER).ifPresent(opened::add));
        assertEquals(1, opened.size());
        assertEquals(7, buffer.readerIndex());
        assertEquals(7 + Rfc9001.SERVER_INITIAL.length, buffer.writerIndex());
        assertEquals(Unpooled.wrappedBuffer(Rfc9001.SERVER_INITIAL), buffer);
    }

    private static SealedInitial serverSealer() {
        return SealedInitial.ofServer(Rfc9001.DESTINATION, new byte[0], Rfc9001.SERVER_ID);
    }

    private static List<byte[]> open(InitialKeys keys, byte[] datagram) {
        List<byte[]> opened = new ArrayList<>();
        InitialPacket.each(Unpooled.wrappedBuffer(datagram), packet -> packet.open(keys).ifPresent(opened::add));
        return opened;
    }

    private static int count(byte[]... packets) {
        List<InitialPacket> seen = new ArrayList<>();
        InitialPacket.each(Unpooled.wrappedBuffer(packets), seen::add);
        return seen.size();
    }
}
