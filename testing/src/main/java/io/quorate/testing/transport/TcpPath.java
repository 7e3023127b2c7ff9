package io.quorate.testing.transport;

import io.quorate.spi.transport.Endpoint;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/**
 * A relay for a transport over TCP. Its units are bytes. A cut resets the sockets of both sides.
 *
 * <p>Thread-safe; two threads for each connection, which end with it.
 */
public final class TcpPath implements FaultyPath {

    private static final int PIECE_BYTES = 16 << 10;

    private final Endpoint target;
    private final ServerSocket entry;
    private final List<Socket> sockets = new ArrayList<>();
    private final long[] passed = new long[Direction.values().length];
    private final long[] left = {Long.MAX_VALUE, Long.MAX_VALUE};
    private boolean blocked;
    private boolean cut;

    public TcpPath(Endpoint target) {
        this.target = target;
        try {
            entry = new ServerSocket(0, 0, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start(this::accept);
    }

    private static void start(Runnable task) {
        Thread.ofPlatform().daemon().start(task);
    }

    private void accept() {
        try {
            while (true) {
                Socket front = entry.accept();
                Socket back = new Socket(target.host(), target.port());
                front.setTcpNoDelay(true);
                back.setTcpNoDelay(true);
                if (keep(front, back)) {
                    start(() -> relay(front, back, Direction.TO_LISTENER));
                    start(() -> relay(back, front, Direction.TO_DIALER));
                }
            }
        } catch (IOException ignored) {
            // The entry was closed, or the listener is gone: whoever has dialed is told by the end of the path.
            cut();
        }
    }

    private synchronized boolean keep(Socket front, Socket back) {
        sockets.add(front);
        sockets.add(back);
        if (cut) {
            reset();
        }
        return !cut;
    }

    private void relay(Socket from, Socket to, Direction direction) {
        byte[] piece = new byte[PIECE_BYTES];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            int size;
            while ((size = in.read(piece)) >= 0) {
                int permitted = permit(direction, size);
                out.write(piece, 0, permitted);
                if (permitted < size) {
                    cut();
                }
            }
            awaitUnblocked();
            to.shutdownOutput();
        } catch (IOException lost) {
            cut();
        }
    }

    /** How many of so many bytes pass; waits while the path is blocked. */
    private synchronized int permit(Direction direction, int size) throws IOException {
        awaitUnblocked();
        if (cut) {
            throw new IOException("the path is cut");
        }
        int some = (int) Math.min(size, left[direction.ordinal()]);
        left[direction.ordinal()] -= some;
        passed[direction.ordinal()] += some;
        return some;
    }

    private synchronized void awaitUnblocked() throws IOException {
        while (blocked && !cut) {
            try {
                wait();
            } catch (InterruptedException e) {
                throw new IOException("interrupted", e);
            }
        }
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
        notifyAll();
    }

    @Override
    public synchronized void cut() {
        cut = true;
        notifyAll();
        reset();
    }

    private void reset() {
        for (Socket socket : sockets) {
            try {
                if (!socket.isClosed()) {
                    socket.setSoLinger(true, 0);
                    socket.close();
                }
            } catch (IOException ignored) {
                // It is closed already, by the other side.
            }
        }
        sockets.clear();
    }

    @Override
    public synchronized void cutAfter(Direction direction, long units) {
        left[direction.ordinal()] = units;
        if (units == 0) {
            cut();
        }
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
        return true;
    }

    @Override
    public void close() {
        cut();
        try {
            entry.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
