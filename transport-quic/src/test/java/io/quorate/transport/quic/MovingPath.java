package io.quorate.transport.quic;

import io.quorate.spi.transport.Endpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A relay for one dialer that can change its own port towards the listener, as a NAT does that has forgotten it. */
final class MovingPath implements AutoCloseable {

    private static final int MAX_DATAGRAM_BYTES = 65_535;

    private final InetSocketAddress target;
    private final DatagramSocket entry;
    private final List<DatagramSocket> backs = new CopyOnWriteArrayList<>();
    final AtomicInteger passedSinceMove = new AtomicInteger();
    private volatile DatagramSocket back;
    private volatile SocketAddress dialer;

    MovingPath(int port) {
        target = new InetSocketAddress("127.0.0.1", port);
        entry = socket();
        move();
        Thread.ofPlatform().daemon().start(() -> relay(entry));
    }

    Endpoint endpoint() {
        return new Endpoint("quic", "127.0.0.1", entry.getLocalPort());
    }

    /** From now on the listener sees another address. */
    void move() {
        DatagramSocket before = back;
        DatagramSocket next = socket();
        backs.add(next);
        back = next;
        passedSinceMove.set(0);
        if (before != null) {
            before.close();
        }
        Thread.ofPlatform().daemon().start(() -> relay(next));
    }

    private void relay(DatagramSocket from) {
        byte[] buffer = new byte[MAX_DATAGRAM_BYTES];
        try {
            while (true) {
                DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                from.receive(packet);
                if (from == entry) {
                    dialer = packet.getSocketAddress();
                    back.send(new DatagramPacket(buffer, packet.getLength(), target));
                } else {
                    passedSinceMove.incrementAndGet();
                    entry.send(new DatagramPacket(buffer, packet.getLength(), dialer));
                }
            }
        } catch (IOException ended) {
            from.close();
        }
    }

    private static DatagramSocket socket() {
        try {
            return new DatagramSocket(0, InetAddress.getByName("127.0.0.1"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        entry.close();
        backs.forEach(DatagramSocket::close);
    }
}
