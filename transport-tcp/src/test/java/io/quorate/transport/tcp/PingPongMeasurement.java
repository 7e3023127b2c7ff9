package io.quorate.transport.tcp;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.quorate.api.Bytes;
import io.quorate.spi.transport.support.Address;
import io.quorate.spi.transport.support.LiveSet;
import io.quorate.spi.transport.support.ReassemblyBudget;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.Connection;
import io.quorate.spi.transport.ConnectionHandler;
import io.quorate.spi.transport.Evidence;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RpcStream;
import io.quorate.spi.transport.StreamHandler;
import io.quorate.spi.transport.TransportException;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.RpcType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What TLS costs a call: leased connections with TLS against the same connections without it, in one run, turn about.
 * Not a test; run {@code main} by hand, with {@code openssl} or {@code jdk} as its argument. There is no way to have a
 * connection without TLS outside this class.
 */
final class PingPongMeasurement {

    private static final Logger LOG = LoggerFactory.getLogger(PingPongMeasurement.class);
    private static final int CONNECTIONS = 32;
    private static final int ROUNDS = 5;
    private static final long ROUND_NANOS = TimeUnit.MILLISECONDS.toNanos(1_500);
    private static final int MOST_SAMPLES = 1 << 20;

    private PingPongMeasurement() {
    }

    public static void main(String[] arguments) throws Exception {
        TestNode.Engine engine = TestNode.Engine.valueOf(arguments[0].toUpperCase(Locale.ROOT));
        try (Pair pair = new Pair(engine); Plain plain = new Plain()) {
            LOG.info("{}", pair.dialer.transport.description());
            List<Caller> secured = new ArrayList<>();
            List<Caller> plains = new ArrayList<>();
            for (int i = 0; i < CONNECTIONS; i++) {
                var ends = pair.connect();
                Responder.serve(ends.accepted());
                secured.add(new Caller(ends.dialed()));
                plains.add(new Caller(plain.connect()));
            }
            for (int bytes : new int[] {256, 64 << 10}) {
                for (int concurrent : new int[] {1, CONNECTIONS}) {
                    compare(bytes, concurrent, secured, plains);
                }
            }
        }
    }

    private static void compare(int bytes, int concurrent, List<Caller> secured, List<Caller> plains) throws Exception {
        Result[] tls = new Result[ROUNDS];
        Result[] without = new Result[ROUNDS];
        for (int round = -1; round < ROUNDS; round++) {
            Result one = round(bytes, secured.subList(0, concurrent));
            Result two = round(bytes, plains.subList(0, concurrent));
            if (round >= 0) { // the first pair of rounds warms up
                tls[round] = one;
                without[round] = two;
            }
        }
        Result with = median(tls);
        Result bare = median(without);
        LOG.info(String.format(Locale.ROOT, "%6d B, %2d at once: TLS p50 %.1f us, p99 %.1f us, %.0f calls/s; plain p50 "
                + "%.1f us, p99 %.1f us, %.0f calls/s; ratio p50 %.2f, p99 %.2f, calls/s %.2f", bytes, concurrent,
            with.p50(), with.p99(), with.perSecond(), bare.p50(), bare.p99(), bare.perSecond(), with.p50() / bare.p50(),
            with.p99() / bare.p99(), with.perSecond() / bare.perSecond()));
    }

    private static Result median(Result[] results) {
        Arrays.sort(results, (a, b) -> Double.compare(a.p50(), b.p50()));
        return results[results.length / 2];
    }

    private static Result round(int bytes, List<Caller> callers) throws Exception {
        long began = System.nanoTime();
        List<CompletableFuture<long[]>> running = new ArrayList<>();
        for (Caller caller : callers) {
            running.add(caller.run(Bytes.wrap(new byte[bytes]), began + ROUND_NANOS));
        }
        List<long[]> parts = new ArrayList<>();
        for (CompletableFuture<long[]> one : running) {
            parts.add(one.get());
        }
        long took = System.nanoTime() - began;
        long[] all = parts.stream().flatMapToLong(Arrays::stream).sorted().toArray();
        return new Result(all[all.length / 2] / 1e3, all[(int) (all.length * 0.99)] / 1e3, all.length / (took / 1e9));
    }

    private record Result(double p50, double p99, double perSecond) {
    }

    /** Calls one after another on its connection's own thread. */
    private static final class Caller implements ConnectionHandler, StreamHandler {
        private final Connection connection;
        private final long[] samples = new long[MOST_SAMPLES];
        private volatile CompletableFuture<long[]> done;
        private Bytes payload;
        private long until;
        private long sent;
        private int count;

        Caller(Connection connection) {
            this.connection = connection;
            connection.start(this);
            connection.activate(stream -> this);
        }

        CompletableFuture<long[]> run(Bytes bytes, long untilNanos) {
            CompletableFuture<long[]> result = new CompletableFuture<>();
            payload = bytes;
            until = untilNanos;
            count = 0;
            done = result;
            call();
            return result;
        }

        private void call() {
            RpcStream stream = connection.open(RpcType.SUBMIT, this).orElseThrow();
            sent = System.nanoTime();
            stream.send(new Frame(FrameKind.REQUEST, true, RpcType.SUBMIT.code(), stream.correlationId(), 1_000,
                List.of(payload)));
        }

        @Override
        public void onFrame(Frame frame) {
            long now = System.nanoTime();
            samples[count++] = now - sent;
            if (now < until && count < MOST_SAMPLES) {
                call();
            } else {
                done.complete(Arrays.copyOf(samples, count));
            }
        }

        @Override
        public void onControl(Frame frame) {
            throw new IllegalStateException("nobody sends one");
        }

        @Override
        public void onCapacity() {
            // the response has shown it already
        }

        @Override
        public void onClosed(CloseReason reason) {
            LOG.debug("closed: {}", reason);
        }

        @Override
        public void onReset(CloseReason reason) {
            done.completeExceptionally(new IllegalStateException(reason.toString()));
        }
    }

    /** Answers each request with its own payload. */
    private static final class Responder implements ConnectionHandler {
        static void serve(Connection connection) {
            connection.start(new Responder());
            connection.activate(stream -> new StreamHandler() {
                @Override
                public void onFrame(Frame request) {
                    stream.send(new Frame(FrameKind.RESPONSE, true, request.rpcType(), request.correlationId(), 0,
                        request.payload()));
                }

                @Override
                public void onReset(CloseReason reason) {
                    LOG.debug("reset: {}", reason);
                }
            });
        }

        @Override
        public void onControl(Frame frame) {
            throw new IllegalStateException("nobody sends one");
        }

        @Override
        public void onCapacity() {
            throw new IllegalStateException("an accepted connection has none");
        }

        @Override
        public void onClosed(CloseReason reason) {
            LOG.debug("closed: {}", reason);
        }
    }

    /** The same connections over sockets without TLS. */
    private static final class Plain implements AutoCloseable {
        private final IoModel io = io();
        private final MultiThreadIoEventLoopGroup client = new MultiThreadIoEventLoopGroup(1, io.handlers());
        private final MultiThreadIoEventLoopGroup server = new MultiThreadIoEventLoopGroup(1, io.handlers());
        private final LinkedBlockingQueue<Connection> accepted = new LinkedBlockingQueue<>();
        private final Surroundings surroundings =
            new Surroundings(new TestSink(), name -> { }, TcpLimits.standard(), null, new LiveSet(),
                ReassemblyBudget.ofHeap(), false, true);
        private final Channel listener = new ServerBootstrap().group(server).channel(io.listener())
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, waterMark())
            .childHandler(new ChannelInitializer<Channel>() {
                @Override
                protected void initChannel(Channel channel) {
                    accepted.add(connection(Origin.ACCEPTED, channel));
                }
            }).bind("127.0.0.1", 0).syncUninterruptibly().channel();

        private static IoModel io() {
            try {
                return IoModel.of(IoModel.Choice.AUTO);
            } catch (TransportException e) {
                throw new AssertionError(e);
            }
        }

        private static WriteBufferWaterMark waterMark() {
            return new WriteBufferWaterMark(TcpLimits.SOCKET_LOW_WATER_BYTES, TcpLimits.SOCKET_HIGH_WATER_BYTES);
        }

        private TcpConnection connection(Origin origin, Channel channel) {
            TlsGate gate = new TlsGate();
            gate.open();
            TcpConnection connection = new TcpConnection(origin, OptionalLong.empty(),
                Address.of(channel.remoteAddress()),
                new Evidence(List.of(), Bytes.empty(), Optional.empty(), "none"), channel, gate,
                surroundings, true, () -> { });
            connection.begin(System.nanoTime());
            channel.pipeline().addLast(gate, connection.reader());
            return connection;
        }

        Connection connect() throws InterruptedException {
            LinkedBlockingQueue<Connection> dialed = new LinkedBlockingQueue<>();
            new Bootstrap().group(client).channel(io.socket())
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, waterMark())
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        dialed.add(connection(Origin.DIALED, channel));
                    }
                }).connect(listener.localAddress()).sync();
            Responder.serve(accepted.take());
            return dialed.take();
        }

        @Override
        public void close() {
            client.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
            server.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }
}
