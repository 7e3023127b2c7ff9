package io.quorate.transport.quic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.DatagramPacket;
import io.quorate.transport.quic.KeyExchangeObserver.Side;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class KeyExchangeObserverTest {

    private static final InetSocketAddress HERE = at(1);
    private static final InetSocketAddress REMOTE = at(4433);
    private static final Optional<String> CLASSICAL = Optional.of("X25519");
    private static final Optional<String> POST_QUANTUM = Optional.of("X25519MLKEM768");

    private static final byte[] FIRST = Rfc9001.DESTINATION;
    private static final byte[] AFTER_RETRY = Rfc9001.hex("a1a2a3a4a5a6a7a8a9");
    private static final byte[] SERVER_ID = Rfc9001.SERVER_ID;
    private static final byte[] CLIENT_ID = Rfc9001.hex("c1c2c3c4c5");
    private static final byte[] OTHER_CLIENT_ID = Rfc9001.hex("d1d2d3d4d5");

    private final KeyExchangeObserver observer = new KeyExchangeObserver(Side.LISTENING, 3);
    private final EmbeddedChannel channel = new EmbeddedChannel(observer);

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void aListeningSocketReadsTheSamples() {
        receive(REMOTE, Rfc9001.CLIENT_INITIAL);
        assertEquals(Optional.empty(), observer.group(REMOTE));
        send(REMOTE, Rfc9001.SERVER_INITIAL);
        assertEquals(CLASSICAL, observer.group(REMOTE));
        assertEquals(Optional.empty(), observer.group(at(4434)));
    }

    @Test
    void aDialingSocketReadsTheSamples() {
        KeyExchangeObserver dialing = new KeyExchangeObserver(Side.DIALING);
        EmbeddedChannel dialed = new EmbeddedChannel(dialing);
        dialed.writeOutbound(new DatagramPacket(Unpooled.wrappedBuffer(Rfc9001.CLIENT_INITIAL), REMOTE));
        dialed.writeInbound(new DatagramPacket(Unpooled.wrappedBuffer(Rfc9001.SERVER_INITIAL), HERE, REMOTE));
        assertEquals(CLASSICAL, dialing.group(REMOTE));
    }

    @Test
    void onlyTheServersOwnDirectionCounts() {
        // A client that sends a server's Initial to a listening socket names no group.
        receive(REMOTE, Rfc9001.CLIENT_INITIAL);
        receive(REMOTE, Rfc9001.SERVER_INITIAL);
        assertEquals(Optional.empty(), observer.group(REMOTE));
        send(at(4434), Rfc9001.SERVER_INITIAL);
        assertEquals(Optional.empty(), observer.group(REMOTE));
        assertEquals(Optional.empty(), observer.group(at(4434)));
    }

    @Test
    void passesEverythingOnAsItIs() {
        ByteBuf content = Unpooled.wrappedBuffer(new byte[3], Rfc9001.CLIENT_INITIAL, new byte[4]);
        content.readerIndex(3).writerIndex(3 + Rfc9001.CLIENT_INITIAL.length);
        DatagramPacket in = new DatagramPacket(content, HERE, REMOTE);
        channel.writeInbound(in);
        assertSame(in, channel.readInbound());
        assertEquals(3, content.readerIndex());
        assertEquals(3 + Rfc9001.CLIENT_INITIAL.length, content.writerIndex());
        assertEquals(1, content.refCnt());

        ByteBuf segments = Unpooled.wrappedBuffer(Rfc9001.SERVER_INITIAL, Rfc9001.SERVER_INITIAL);
        DatagramPacket out = new DatagramPacket(segments, REMOTE);
        channel.writeOutbound(out);
        assertSame(out, channel.readOutbound());
        assertEquals(0, segments.readerIndex());
        assertEquals(1, segments.refCnt());
        assertEquals(CLASSICAL, observer.group(REMOTE));

        channel.writeInbound("no datagram");
        assertEquals("no datagram", channel.readInbound());
        channel.writeOutbound(Unpooled.EMPTY_BUFFER);
        assertSame(Unpooled.EMPTY_BUFFER, channel.readOutbound());
        channel.writeInbound(new DatagramPacket(Unpooled.EMPTY_BUFFER, HERE, REMOTE));
        channel.writeInbound(new DatagramPacket(Unpooled.wrappedBuffer(Rfc9001.CLIENT_INITIAL), HERE));
    }

    @Test
    void readsAHelloInTwoPacketsInEitherOrder() {
        byte[] hello = Hello.server(Hello.X25519_MLKEM768, 1120, true);
        // Cut inside the extension that names the group.
        byte[] front = Arrays.copyOf(hello, 53);
        byte[] back = Arrays.copyOfRange(hello, 53, hello.length);

        receive(REMOTE, clientInitial(FIRST, CLIENT_ID));
        send(REMOTE, serverInitial(FIRST, CLIENT_ID, 0, SealedInitial.crypto(0, front)));
        assertEquals(Optional.empty(), observer.group(REMOTE));
        send(REMOTE, serverInitial(FIRST, CLIENT_ID, 1, SealedInitial.crypto(53, back)));
        assertEquals(POST_QUANTUM, observer.group(REMOTE));

        receive(at(5), clientInitial(FIRST, CLIENT_ID));
        send(at(5), serverInitial(FIRST, CLIENT_ID, 1, SealedInitial.crypto(53, back)));
        assertEquals(Optional.empty(), observer.group(at(5)));
        send(at(5), serverInitial(FIRST, CLIENT_ID, 0, SealedInitial.crypto(0, front)));
        assertEquals(POST_QUANTUM, observer.group(at(5)));
    }

    @Test
    void doesNotReadAcrossAGap() {
        byte[] hello = Hello.server(Hello.X25519_MLKEM768, 1120, false);
        receive(REMOTE, clientInitial(FIRST, CLIENT_ID));
        send(REMOTE, serverInitial(FIRST, CLIENT_ID, 0, SealedInitial.crypto(0, Arrays.copyOf(hello, 48))));
        // Without the two bytes of the group's number, which would read as zero.
        send(REMOTE, serverInitial(FIRST, CLIENT_ID, 1,
            SealedInitial.crypto(50, Arrays.copyOfRange(hello, 50, hello.length))));
        assertEquals(Optional.empty(), observer.group(REMOTE));
        send(REMOTE, serverInitial(FIRST, CLIENT_ID, 2, SealedInitial.crypto(40, Arrays.copyOfRange(hello, 40, 60))));
        assertEquals(POST_QUANTUM, observer.group(REMOTE));
    }

    @Test
    void readsAHelloWithinOneWriteOfSeveralSegments() {
        receive(REMOTE, clientInitial(FIRST, CLIENT_ID));
        byte[] hello = Hello.server(Hello.X25519_MLKEM768, 1120, false);
        byte[] handshake = Rfc9001.hex("e5000000010008f067a5502a4262b518" + "ab".repeat(24));
        ByteBuf segments = Unpooled.wrappedBuffer(handshake,
            serverInitial(FIRST, CLIENT_ID, 0, SealedInitial.crypto(0, Arrays.copyOf(hello, 20))), handshake,
            serverInitial(FIRST, CLIENT_ID, 1, SealedInitial.crypto(20, Arrays.copyOfRange(hello, 20, 900))));
        channel.writeOutbound(new DatagramPacket(segments, REMOTE));
        assertEquals(POST_QUANTUM, observer.group(REMOTE));
    }

    @Test
    void followsARetry() {
        receive(REMOTE, clientInitial(FIRST, CLIENT_ID));
        send(REMOTE, Rfc9001.RETRY);
        receive(REMOTE, clientInitial(AFTER_RETRY, CLIENT_ID));
        send(REMOTE, serverInitial(AFTER_RETRY, CLIENT_ID, 0, hello(Hello.X25519_MLKEM768)));
        assertEquals(POST_QUANTUM, observer.group(REMOTE));
    }

    @Test
    void triesTheLastTwoDestinations() {
        // A server that does without the Retry after all: the client's second packet is not what its keys come from.
        receive(REMOTE, clientInitial(FIRST, CLIENT_ID));
        receive(REMOTE, clientInitial(AFTER_RETRY, CLIENT_ID));
        receive(REMOTE, clientInitial(AFTER_RETRY, CLIENT_ID));
        send(REMOTE, serverInitial(FIRST, CLIENT_ID, 0, hello(Hello.X25519)));
        assertEquals(CLASSICAL, observer.group(REMOTE));

        receive(at(5), clientInitial(FIRST, CLIENT_ID));
        receive(at(5), clientInitial(AFTER_RETRY, CLIENT_ID));
        receive(at(5), clientInitial(SERVER_ID, CLIENT_ID));
        send(at(5), serverInitial(FIRST, CLIENT_ID, 0, hello(Hello.X25519)));
        assertEquals(Optional.empty(), observer.group(at(5)));
        send(at(5), serverInitial(AFTER_RETRY, CLIENT_ID, 0, hello(Hello.X25519)));
        assertEquals(CLASSICAL, observer.group(at(5)));
    }

    @Test
    void staysWithTheKeysOfTheFirstAnswer() {
        // The server's first packet is an acknowledgement alone; the client then sends to the server's ID, twice over.
        receive(REMOTE, clientInitial(FIRST, CLIENT_ID));
        send(REMOTE, serverInitial(FIRST, CLIENT_ID, 0, Rfc9001.hex("0200000000" + "00".repeat(20))));
        receive(REMOTE, clientInitial(SERVER_ID, CLIENT_ID));
        receive(REMOTE, clientInitial(AFTER_RETRY, CLIENT_ID));
        send(REMOTE, serverInitial(FIRST, CLIENT_ID, 1, hello(Hello.X25519)));
        assertEquals(CLASSICAL, observer.group(REMOTE));
    }

    @Test
    void aRetryRequestOfTlsNamesTheGroup() {
        receive(REMOTE, clientInitial(FIRST, CLIENT_ID));
        byte[] retry = Hello.retry(Hello.X25519);
        send(REMOTE, serverInitial(FIRST, CLIENT_ID, 0, SealedInitial.crypto(0, retry)));
        receive(REMOTE, clientInitial(SERVER_ID, CLIENT_ID));
        send(REMOTE, serverInitial(FIRST, CLIENT_ID, 1,
            SealedInitial.crypto(retry.length, Hello.server(Hello.X25519, 32, false))));
        assertEquals(CLASSICAL, observer.group(REMOTE));
    }

    @Test
    void aServersPacketsThatContradictEachOtherNameNothing() {
        receive(REMOTE, clientInitial(FIRST, CLIENT_ID));
        send(REMOTE, serverInitial(FIRST, CLIENT_ID, 0, hello(Hello.X25519_MLKEM768)));
        send(REMOTE, serverInitial(FIRST, CLIENT_ID, 0, hello(Hello.X25519_MLKEM768)));
        assertEquals(POST_QUANTUM, observer.group(REMOTE));
        send(REMOTE, serverInitial(FIRST, CLIENT_ID, 1, hello(Hello.X25519)));
        assertEquals(Optional.empty(), observer.group(REMOTE));
        send(REMOTE, serverInitial(FIRST, CLIENT_ID, 2, hello(Hello.X25519_MLKEM768)));
        assertEquals(Optional.empty(), observer.group(REMOTE));

        // The same before the group is known: two beginnings that differ.
        receive(at(5), clientInitial(FIRST, CLIENT_ID));
        send(at(5), serverInitial(FIRST, CLIENT_ID, 0, SealedInitial.crypto(0, new byte[] {2, 0, 0, 90})));
        send(at(5), serverInitial(FIRST, CLIENT_ID, 1, hello(Hello.X25519_MLKEM768)));
        assertEquals(Optional.empty(), observer.group(at(5)));
    }

    @Test
    void twoConnectionsOfOneSocketThatDifferNameNothing() {
        receive(REMOTE, clientInitial(FIRST, CLIENT_ID));
        receive(REMOTE, clientInitial(AFTER_RETRY, OTHER_CLIENT_ID));
        send(REMOTE, serverInitial(FIRST, CLIENT_ID, 0, hello(Hello.X25519_MLKEM768)));
        assertEquals(POST_QUANTUM, observer.group(REMOTE));
        // Answered, and its group not known yet: the address cannot have the other's name.
        send(REMOTE, serverInitial(AFTER_RETRY, OTHER_CLIENT_ID, 0, Rfc9001.hex("0200000000" + "00".repeat(20))));
        assertEquals(Optional.empty(), observer.group(REMOTE));
        send(REMOTE, serverInitial(AFTER_RETRY, OTHER_CLIENT_ID, 1, hello(Hello.X25519)));
        assertEquals(Optional.empty(), observer.group(REMOTE));

        observer.forget(REMOTE);
        assertEquals(0, observer.remotes());
        receive(REMOTE, clientInitial(AFTER_RETRY, OTHER_CLIENT_ID));
        send(REMOTE, serverInitial(AFTER_RETRY, OTHER_CLIENT_ID, 1, hello(Hello.X25519)));
        assertEquals(CLASSICAL, observer.group(REMOTE));
    }

    @Test
    void manyClientIdsOfOneAddressDoNotPushOutTheAnsweredOne() {
        receive(REMOTE, clientInitial(FIRST, CLIENT_ID));
        send(REMOTE, serverInitial(FIRST, CLIENT_ID, 0, Rfc9001.hex("0200000000" + "00".repeat(20))));
        for (int i = 0; i < 50; i++) {
            receive(REMOTE, clientInitial(FIRST, new byte[] {(byte) i}));
        }
        send(REMOTE, serverInitial(FIRST, CLIENT_ID, 1, hello(Hello.X25519)));
        assertEquals(CLASSICAL, observer.group(REMOTE));
        assertEquals(1, observer.remotes());
    }

    @Test
    void aFloodOfFirstPacketsPushesOutOnlyItsLike() {
        receive(REMOTE, Rfc9001.CLIENT_INITIAL);
        send(REMOTE, Rfc9001.SERVER_INITIAL);
        for (int port = 10_000; port < 10_100; port++) {
            receive(at(port), Rfc9001.CLIENT_INITIAL);
        }
        assertEquals(CLASSICAL, observer.group(REMOTE));
        assertEquals(4, observer.remotes());
        // The newest are there still.
        send(at(10_099), Rfc9001.SERVER_INITIAL);
        send(at(10_000), Rfc9001.SERVER_INITIAL);
        assertEquals(CLASSICAL, observer.group(at(10_099)));
        assertEquals(Optional.empty(), observer.group(at(10_000)));
    }

    @Test
    void ofTheAnsweredTheOldestAreDropped() {
        for (int port = 1; port <= 5; port++) {
            receive(at(port), Rfc9001.CLIENT_INITIAL);
            send(at(port), Rfc9001.SERVER_INITIAL);
        }
        assertEquals(3, observer.remotes());
        assertEquals(Optional.empty(), observer.group(at(2)));
        assertEquals(CLASSICAL, observer.group(at(3)));
        channel.pipeline().remove(observer);
        assertEquals(0, observer.remotes());
    }

    @Test
    void packetsWithShortHeadersLeaveNothing() {
        byte[] shortHeader = new byte[1200];
        new Random(7).nextBytes(shortHeader);
        shortHeader[0] = 0x40;
        receive(REMOTE, shortHeader);
        send(REMOTE, shortHeader);
        assertEquals(0, observer.remotes());
    }

    @Test
    void garbageIsPassedOnAndHarmless() {
        Random random = new Random(9000);
        for (int round = 0; round < 5_000; round++) {
            byte[] datagram = (round % 2 == 0 ? Rfc9001.SERVER_INITIAL : Rfc9001.CLIENT_INITIAL).clone();
            for (int change = random.nextInt(5); change > 0; change--) {
                datagram[random.nextInt(Math.min(40, datagram.length))] = (byte) random.nextInt(256);
            }
            byte[] cut = Arrays.copyOf(datagram, random.nextInt(datagram.length + 1));
            if (random.nextBoolean()) {
                receive(at(1 + random.nextInt(9)), cut);
            } else {
                send(at(1 + random.nextInt(9)), cut);
            }
            assertTrue(observer.remotes() <= 6);
        }
    }

    private static byte[] clientInitial(byte[] destination, byte[] client) {
        return SealedInitial.ofClient(destination, client, new byte[0])
            .packet(0, 1, SealedInitial.crypto(0, new byte[300]));
    }

    private static byte[] serverInitial(byte[] keyId, byte[] client, int number, byte[] frames) {
        return SealedInitial.ofServer(keyId, client, SERVER_ID).packet(number, 1, frames);
    }

    private static byte[] hello(int group) {
        return SealedInitial.crypto(0, Hello.server(group, 32, false));
    }

    private void receive(InetSocketAddress from, byte[] datagram) {
        DatagramPacket packet = new DatagramPacket(Unpooled.wrappedBuffer(datagram), HERE, from);
        channel.writeInbound(packet);
        assertSame(packet, channel.readInbound());
        packet.release();
    }

    private void send(InetSocketAddress to, byte[] datagram) {
        DatagramPacket packet = new DatagramPacket(Unpooled.wrappedBuffer(datagram), to);
        channel.writeOutbound(packet);
        assertSame(packet, channel.readOutbound());
        packet.release();
    }

    private static InetSocketAddress at(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }
}
