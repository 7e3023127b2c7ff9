import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Stands between nodes and disturbs their connections, for soak.sh.
 *
 * <pre>java Relay.java tcp|udp MEAN_MILLIS_BETWEEN_FAULTS SEED STOP_FILE LISTEN_PORT:TARGET_PORT...</pre>
 *
 * <p>At random times one random connection is hit. TCP: both of its sockets are reset, wherever in a frame they are.
 * UDP: its packets are lost from then on in both directions, or in one, so that only missing signs of life tell; or it
 * comes from another port from then on, as behind an address translator that forgot it, which nobody should notice. It
 * ends when STOP_FILE exists, and prints what it did as one line of JSON.
 */
final class Relay {

    private static final int BUFFER_BYTES = 256 << 10;
    private static final long TICK_MILLIS = 20;

    private final Random random;
    private final Selector selector = Selector.open();
    private final List<Flow> flows = new ArrayList<>();
    private final Map<String, Integer> done = new HashMap<>();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private int opened;

    private Relay(long seed) throws IOException {
        random = new Random(seed);
    }

    /** One connection through the relay. */
    private interface Flow {
        String fault(Random random) throws IOException;

        boolean ended();
    }

    /** What a key of the selector is for. */
    private interface Ready {
        void ready(SelectionKey key) throws IOException;
    }

    public static void main(String[] arguments) throws IOException {
        boolean tcp = arguments[0].equals("tcp");
        long meanMillis = Long.parseLong(arguments[1]);
        Relay relay = new Relay(Long.parseLong(arguments[2]));
        for (int i = 4; i < arguments.length; i++) {
            String[] ports = arguments[i].split(":");
            InetSocketAddress from = loopback(Integer.parseInt(ports[0]));
            InetSocketAddress to = loopback(Integer.parseInt(ports[1]));
            if (tcp) {
                relay.listenTcp(from, to);
            } else {
                relay.listenUdp(from, to);
            }
        }
        relay.run(meanMillis, Path.of(arguments[3]));
    }

    private static InetSocketAddress loopback(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    private void run(long meanMillis, Path stop) throws IOException {
        long next = System.nanoTime() + waitNanos(meanMillis);
        while (!Files.exists(stop)) {
            selector.select(TICK_MILLIS);
            for (SelectionKey key : selector.selectedKeys()) {
                if (key.isValid()) {
                    ((Ready) key.attachment()).ready(key);
                }
            }
            selector.selectedKeys().clear();
            flows.removeIf(Flow::ended);
            if (System.nanoTime() - next >= 0) {
                next = System.nanoTime() + waitNanos(meanMillis);
                if (!flows.isEmpty()) {
                    done.merge(flows.get(random.nextInt(flows.size())).fault(random), 1, Integer::sum);
                }
            }
        }
        StringBuilder line = new StringBuilder("{\"connections\":" + opened);
        done.forEach((kind, count) -> line.append(",\"").append(kind).append("\":").append(count));
        System.out.println(line.append("}"));
    }

    /** Exponentially distributed: no rhythm that anything could fall in with. */
    private long waitNanos(long meanMillis) {
        return (long) (-Math.log(1 - random.nextDouble()) * meanMillis * 1e6);
    }

    private void register(SelectableChannel channel, int interest, Ready ready) throws IOException {
        channel.configureBlocking(false);
        channel.register(selector, interest, ready);
    }

    // ---- TCP -----------------------------------------------------------------------------------------------------

    private void listenTcp(InetSocketAddress from, InetSocketAddress to) throws IOException {
        ServerSocketChannel listener = ServerSocketChannel.open().bind(from, 1_024);
        register(listener, SelectionKey.OP_ACCEPT, key -> {
            SocketChannel near = listener.accept();
            if (near != null) {
                connect(near, to);
            }
        });
    }

    private void connect(SocketChannel near, InetSocketAddress to) throws IOException {
        SocketChannel far;
        try {
            far = SocketChannel.open(to);
        } catch (IOException nobodyThere) {
            near.close();
            return;
        }
        opened++;
        TcpFlow flow = new TcpFlow(near, far);
        flows.add(flow);
        flow.begin();
    }

    private final class TcpFlow implements Flow {
        private final Pipe there;
        private final Pipe back;

        private TcpFlow(SocketChannel near, SocketChannel far) throws IOException {
            near.setOption(StandardSocketOptions.TCP_NODELAY, true);
            far.setOption(StandardSocketOptions.TCP_NODELAY, true);
            there = new Pipe(near, far);
            back = new Pipe(far, near);
        }

        private void begin() throws IOException {
            Ready ready = key -> {
                try {
                    if (!there.pump() || !back.pump()) {
                        close();
                    } else {
                        there.interest();
                        back.interest();
                    }
                } catch (IOException reset) {
                    abort();
                }
            };
            register(there.from, SelectionKey.OP_READ, ready);
            register(back.from, SelectionKey.OP_READ, ready);
        }

        private void close() throws IOException {
            there.from.close();
            back.from.close();
        }

        /** With a reset: no orderly end, and what was under way is lost. */
        private void abort() throws IOException {
            for (SocketChannel channel : List.of(there.from, back.from)) {
                if (channel.isOpen()) {
                    channel.setOption(StandardSocketOptions.SO_LINGER, 0);
                    channel.close();
                }
            }
        }

        @Override
        public String fault(Random ignored) throws IOException {
            abort();
            return "reset";
        }

        @Override
        public boolean ended() {
            return !there.from.isOpen();
        }
    }

    /** One direction; reads no more than it has written. */
    private final class Pipe {
        private final SocketChannel from;
        private final SocketChannel to;
        private ByteBuffer left = ByteBuffer.allocate(0);

        private Pipe(SocketChannel from, SocketChannel to) {
            this.from = from;
            this.to = to;
        }

        /** Whether the sender has not ended. */
        private boolean pump() throws IOException {
            while (true) {
                to.write(left);
                if (left.hasRemaining()) {
                    return true;
                }
                buffer.clear();
                int size = from.read(buffer);
                if (size <= 0) {
                    return size == 0;
                }
                buffer.flip();
                to.write(buffer);
                left = ByteBuffer.allocate(buffer.remaining()).put(buffer).flip();
            }
        }

        private void interest() {
            SelectionKey reading = from.keyFor(selector);
            SelectionKey writing = to.keyFor(selector);
            boolean blocked = left.hasRemaining();
            set(reading, SelectionKey.OP_READ, !blocked);
            set(writing, SelectionKey.OP_WRITE, blocked);
        }

        private void set(SelectionKey key, int bit, boolean on) {
            if (key.isValid()) {
                key.interestOps(on ? key.interestOps() | bit : key.interestOps() & ~bit);
            }
        }
    }

    // ---- UDP -----------------------------------------------------------------------------------------------------

    private void listenUdp(InetSocketAddress from, InetSocketAddress to) throws IOException {
        DatagramChannel listener = datagrams();
        listener.bind(from);
        Map<SocketAddress, UdpFlow> bySource = new HashMap<>();
        register(listener, SelectionKey.OP_READ, key -> {
            SocketAddress source;
            buffer.clear();
            while ((source = listener.receive(buffer)) != null) {
                buffer.flip();
                UdpFlow flow = bySource.get(source);
                if (flow == null) {
                    bySource.values().removeIf(old -> !old.upstream.isOpen());
                    opened++;
                    flow = new UdpFlow(listener, source, to);
                    bySource.put(source, flow);
                    flows.add(flow);
                }
                flow.there();
                buffer.clear();
            }
        });
    }

    private static DatagramChannel datagrams() throws IOException {
        return DatagramChannel.open()
            .setOption(StandardSocketOptions.SO_RCVBUF, 8 << 20)
            .setOption(StandardSocketOptions.SO_SNDBUF, 8 << 20);
    }

    private final class UdpFlow implements Flow {
        private static final long FORGOTTEN_NANOS = 30_000_000_000L;

        private final DatagramChannel listener;
        private final SocketAddress source;
        private final InetSocketAddress target;
        private DatagramChannel upstream;
        private boolean loseThere;
        private boolean loseBack;
        private long lastNanos = System.nanoTime();

        private UdpFlow(DatagramChannel listener, SocketAddress source, InetSocketAddress target) throws IOException {
            this.listener = listener;
            this.source = source;
            this.target = target;
            rebind();
        }

        private void rebind() throws IOException {
            if (upstream != null) {
                upstream.close();
            }
            DatagramChannel fresh = datagrams();
            fresh.connect(target);
            upstream = fresh;
            register(fresh, SelectionKey.OP_READ, key -> back(fresh));
        }

        private void there() throws IOException {
            lastNanos = System.nanoTime();
            if (!loseThere) {
                try {
                    upstream.write(buffer);
                } catch (IOException nobodyThere) {
                    done.merge("undeliverable", 1, Integer::sum);
                }
            }
        }

        private void back(DatagramChannel from) throws IOException {
            while (true) {
                buffer.clear();
                int size;
                try {
                    size = from.read(buffer);
                } catch (IOException nobodyThere) {
                    return;
                }
                if (size <= 0) {
                    return;
                }
                buffer.flip();
                if (!loseBack) {
                    listener.send(buffer, source);
                }
            }
        }

        @Override
        public String fault(Random chance) throws IOException {
            switch (chance.nextInt(4)) {
                case 0:
                    loseThere = true;
                    return "lost-one-way";
                case 1:
                    loseBack = true;
                    return "lost-other-way";
                case 2:
                    loseThere = true;
                    loseBack = true;
                    return "lost-both-ways";
                default:
                    rebind();
                    return "rebound";
            }
        }

        @Override
        public boolean ended() {
            // Nobody says goodbye to a relay: what has been silent for long is gone.
            if (System.nanoTime() - lastNanos < FORGOTTEN_NANOS) {
                return false;
            }
            try {
                upstream.close();
            } catch (IOException ignored) {
                done.merge("unclosable", 1, Integer::sum);
            }
            return true;
        }
    }
}
