package io.quorate.testing.transport;

import io.quorate.spi.transport.Endpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.HashMap;
import java.util.Map;

/**
 * A relay for a transport over UDP. Its units are datagrams. What a blocked or cut path does not carry is lost without
 * a word, as on the network: the two sides find out by themselves.
 *
 * <p>Thread-safe; one thread for the entry, and one for each address that has dialed.
 */
public final class UdpPath implements FaultyPath {

    private static final int MAX_DATAGRAM_BYTES = 65_535;

    private final Endpoint target;
    private final DatagramSocket entry;
    private final Map<SocketAddress, DatagramSocket> backs = new HashMap<>();
    private final long[] passed = new long[Direction.values().length];
    private final long[] left = {Long.MAX_VALUE, Long.MAX_VALUE};
    private boolean blocked;
    private boolean cut;
    private boolean closed;

    public UdpPath(Endpoint target) {
        this.target = target;
        try {
            entry = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofPlatform().daemon().start(this::forth);
    }

    private void forth() {
        byte[] buffer = new byte[MAX_DATAGRAM_BYTES];
        try {
            while (true) {
                DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                entry.receive(packet);
                DatagramSocket back = back(packet.getSocketAddress());
                if (back != null && passes(Direction.TO_LISTENER)) {
                    back.send(new DatagramPacket(buffer, packet.getLength(),
                        new InetSocketAddress(target.host(), target.port())));
                }
            }
        } catch (IOException ignored) {
            close(); // the entry was closed, or the listener's port with a message of ICMP
        }
    }

    /** The socket with which the relay stands in for one dialer, or null when it is closed. */
    private synchronized DatagramSocket back(SocketAddress dialer) throws IOException {
        DatagramSocket back = backs.get(dialer);
        if (back == null && !closed) {
            back = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            backs.put(dialer, back);
            DatagramSocket listening = back;
            Thread.ofPlatform().daemon().start(() -> back(listening, dialer));
        }
        return back;
    }

    private void back(DatagramSocket from, SocketAddress dialer) {
        byte[] buffer = new byte[MAX_DATAGRAM_BYTES];
        try {
            while (true) {
                DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                from.receive(packet);
                if (passes(Direction.TO_DIALER)) {
                    entry.send(new DatagramPacket(buffer, packet.getLength(), dialer));
                }
            }
        } catch (IOException ignored) {
            from.close();
        }
    }

    private synchronized boolean passes(Direction direction) {
        int at = direction.ordinal();
        if (left[at] == 0) {
            cut = true;
        }
        if (blocked || cut) {
            return false;
        }
        left[at]--;
        passed[at]++;
        return true;
    }

    @Override
    public Endpoint entry() {
        return new Endpoint(target.scheme(), "127.0.0.1", entry.getLocalPort());
    }

    @Override
    public synchronized void block() {
        blocked = true;
    }

    @Override
    public synchronized void unblock() {
        blocked = false;
    }

    @Override
    public synchronized void cut() {
        cut = true;
    }

    @Override
    public synchronized void cutAfter(Direction direction, long units) {
        left[direction.ordinal()] = units;
        cut |= units == 0;
    }

    @Override
    public synchronized boolean isCut() {
        return cut;
    }

    @Override
    public synchronized long passed(Direction direction) {
        return passed[direction.ordinal()];
    }

    @Override
    public boolean tellsOfCut() {
        return false;
    }

    @Override
    public synchronized void close() {
        closed = true;
        cut = true;
        entry.close();
        backs.values().forEach(DatagramSocket::close);
    }
}
