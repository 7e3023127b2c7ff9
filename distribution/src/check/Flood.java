import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;

/**
 * A hostile crowd for flood.sh, on loopback alone.
 *
 * <pre>java Flood.java KIND COUNT AT_ONCE PORT</pre>
 *
 * <ul>
 * <li>{@code tcp-idle}: connects and says nothing.
 * <li>{@code tcp-half}: connects, sends a genuine ClientHello, and never answers again.
 * <li>{@code quic-first}: sends a first packet from ever new ports, and never answers.
 * <li>{@code quic-half}: answers the address validation (RFC 9000 §8.1.2) and then sends nothing that can be read.
 * </ul>
 *
 * <p>COUNT attempts in all, at most AT_ONCE held open at a time; one that the other side ends makes room for the next,
 * otherwise the oldest one is given up. Prints one line of JSON.
 */
final class Flood {

    private static final int INITIAL_BYTES = 1_200;
    private static final int CONNECTION_ID_BYTES = 8;
    private static final int SOURCES = 2;
    private static final long ANSWER_MILLIS = 500;
    private static final long LONGEST_MILLIS = 120_000;

    private final Random random = new Random(1);
    private final InetSocketAddress target;
    private final int count;
    private final int atOnce;
    private int begun;
    private int failed;
    private int endedByOther;
    private int givenUp;
    private int retries;
    private long bytesBack;

    private Flood(int count, int atOnce, int port) {
        this.target = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        this.count = count;
        this.atOnce = atOnce;
    }

    public static void main(String[] arguments) throws Exception {
        Flood flood = new Flood(Integer.parseInt(arguments[1]), Integer.parseInt(arguments[2]),
            Integer.parseInt(arguments[3]));
        long began = System.nanoTime();
        switch (arguments[0]) {
            case "tcp-idle":
                flood.tcp(new byte[0]);
                break;
            case "tcp-half":
                flood.tcp(clientHello());
                break;
            case "quic-first":
                flood.quic(false);
                break;
            case "quic-half":
                flood.quic(true);
                break;
            default:
                throw new IllegalArgumentException("found kind " + arguments[0]);
        }
        System.out.println("{\"kind\":\"" + arguments[0] + "\",\"attempts\":" + flood.begun + ",\"refusedOrClosed\":"
            + flood.endedByOther + ",\"failed\":" + flood.failed + ",\"givenUp\":" + flood.givenUp + ",\"retries\":"
            + flood.retries + ",\"bytesBack\":" + flood.bytesBack + ",\"millis\":"
            + (System.nanoTime() - began) / 1_000_000 + "}");
    }

    private static byte[] clientHello() throws Exception {
        SSLEngine engine = SSLContext.getDefault().createSSLEngine();
        engine.setUseClientMode(true);
        engine.beginHandshake();
        ByteBuffer out = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        try {
            engine.wrap(ByteBuffer.allocate(0), out);
        } catch (SSLException e) {
            throw new IllegalStateException(e);
        }
        out.flip();
        byte[] hello = new byte[out.remaining()];
        out.get(hello);
        return hello;
    }

    // ---- TCP -----------------------------------------------------------------------------------------------------

    private void tcp(byte[] first) throws IOException {
        Selector selector = Selector.open();
        ArrayDeque<SocketChannel> open = new ArrayDeque<>();
        ByteBuffer buffer = ByteBuffer.allocate(64 << 10);
        long until = System.nanoTime() + LONGEST_MILLIS * 1_000_000;
        while (begun < count && System.nanoTime() < until) {
            open.removeIf(channel -> !channel.isOpen());
            for (int i = 0; i < 64 && begun < count && open.size() < atOnce; i++) {
                begun++;
                SocketChannel channel = SocketChannel.open();
                try {
                    channel.bind(source());
                    channel.connect(target);
                    channel.configureBlocking(false);
                    if (first.length > 0) {
                        channel.write(ByteBuffer.wrap(first));
                    }
                    channel.register(selector, SelectionKey.OP_READ);
                    open.add(channel);
                } catch (IOException refused) {
                    failed++;
                    channel.close();
                }
            }
            if (open.size() >= atOnce) {
                selector.select(5);
            } else {
                selector.selectNow();
            }
            for (SelectionKey key : selector.selectedKeys()) {
                SocketChannel channel = (SocketChannel) key.channel();
                buffer.clear();
                int size;
                try {
                    size = channel.read(buffer);
                } catch (IOException reset) {
                    size = -1;
                }
                if (size < 0) {
                    endedByOther++;
                    channel.close();
                } else {
                    bytesBack += size;
                }
            }
            selector.selectedKeys().clear();
        }
        open.removeIf(channel -> !channel.isOpen());
        for (SocketChannel channel : open) {
            givenUp++;
            channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            channel.close();
        }
        selector.close();
    }

    // ---- QUIC ----------------------------------------------------------------------------------------------------

    private void quic(boolean answerRetry) throws IOException {
        List<DatagramChannel> open = new ArrayList<>();
        ByteBuffer in = ByteBuffer.allocate(64 << 10);
        long until = System.nanoTime() + LONGEST_MILLIS * 1_000_000;
        while (begun < count && System.nanoTime() < until) {
            while (open.size() < atOnce && begun < count) {
                begun++;
                DatagramChannel channel = DatagramChannel.open().bind(source());
                channel.connect(target);
                channel.configureBlocking(false);
                channel.write(initial(random(CONNECTION_ID_BYTES), new byte[0]));
                open.add(channel);
                answer(channel, in, answerRetry);
            }
            long patience = System.nanoTime() + ANSWER_MILLIS * 1_000_000;
            while (retries < begun && System.nanoTime() < patience) {
                for (DatagramChannel channel : open) {
                    answer(channel, in, answerRetry);
                }
            }
            for (DatagramChannel channel : open) {
                channel.close();
                givenUp++;
            }
            open.clear();
        }
    }

    private void answer(DatagramChannel channel, ByteBuffer in, boolean answerRetry) throws IOException {
        while (true) {
            in.clear();
            int size;
            try {
                size = channel.read(in);
            } catch (IOException nobodyThere) {
                failed++;
                return;
            }
            if (size <= 0) {
                return;
            }
            bytesBack += size;
            in.flip();
            // Long header, type 3: Retry (RFC 9000 §17.2.5): flags, version, our id, its id, token, 16 bytes of tag.
            if ((in.get(0) & 0xF0) == 0xF0) {
                retries++;
                if (answerRetry) {
                    in.position(5);
                    in.position(in.position() + 1 + in.get(in.position()));
                    byte[] theirId = new byte[in.get()];
                    in.get(theirId);
                    byte[] token = new byte[in.remaining() - 16];
                    in.get(token);
                    channel.write(initial(theirId, token));
                }
            }
        }
    }

    /** An Initial packet whose header is right and whose content nobody can open. */
    private ByteBuffer initial(byte[] destination, byte[] token) {
        ByteBuffer packet = ByteBuffer.allocate(INITIAL_BYTES);
        packet.put((byte) 0xC3).putInt(1);
        packet.put((byte) destination.length).put(destination);
        packet.put((byte) CONNECTION_ID_BYTES).put(random(CONNECTION_ID_BYTES));
        packet.putShort((short) (0x4000 | token.length)).put(token);
        packet.putShort((short) (0x4000 | packet.remaining() - 2));
        packet.put(random(packet.remaining()));
        return packet.flip();
    }

    /** Not the address from which honest peers come: limits count by source. */
    private InetSocketAddress source() throws IOException {
        return new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 1, (byte) (1 + begun % SOURCES)}), 0);
    }

    private byte[] random(int size) {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        return bytes;
    }
}
