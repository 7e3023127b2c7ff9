package io.quorate.transport.tcp;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.util.Version;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.FastThreadLocalThread;
import io.quorate.spi.transport.ConnectionFailure;
import io.quorate.spi.transport.ConnectionSink;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportContext;
import io.quorate.spi.transport.TransportException;
import io.quorate.spi.transport.support.Address;
import io.quorate.spi.transport.support.Admission;
import io.quorate.spi.transport.support.ListenAddress;
import io.quorate.spi.transport.support.LiveSet;
import io.quorate.spi.transport.support.NameResolver;
import io.quorate.spi.transport.support.ReassemblyBudget;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Connections over TCP and TLS 1.3. Thread-safe, as {@link Transport} says. */
final class TcpTransport implements Transport {

    private static final Logger LOG = LoggerFactory.getLogger(TcpTransport.class);
    private static final AtomicInteger THREADS = new AtomicInteger();
    private static final int READ_FIRST_BYTES = 4 << 10;
    private static final int READ_LEAST_BYTES = 512;

    private final TransportContext context;
    private final TcpSettings settings;
    private final TcpLimits limits;
    private final Admission admission;
    private final LiveSet live = new LiveSet();
    private final ReassemblyBudget reassembly;

    private TlsEngine engine;
    private IoModel io;
    private MultiThreadIoEventLoopGroup loops;
    private NameResolver resolver;
    private Bootstrap dialer;
    private Channel listener;
    private volatile Surroundings surroundings;
    private volatile Endpoint listening;
    private volatile boolean closed;

    TcpTransport(TransportContext context, TcpSettings settings, TcpLimits limits) {
        this(context, settings, limits, ReassemblyBudget.ofHeap());
    }

    /** For tests: with another budget than the heap's. */
    TcpTransport(TransportContext context, TcpSettings settings, TcpLimits limits, ReassemblyBudget reassembly) {
        context.listen().ifPresent(TcpTransport::requireTcp);
        this.context = context;
        this.settings = settings;
        this.limits = limits;
        this.reassembly = reassembly;
        this.admission = new Admission(limits.maxPending(), limits.maxPendingPerSource(), limits.maxAccepted());
    }

    @Override
    public String scheme() {
        return TcpTransportProvider.SCHEME;
    }

    @Override
    public synchronized String description() {
        try {
            choose();
        } catch (TransportException e) {
            return "tcp, unusable: " + e.getMessage();
        }
        Version netty = Version.identify(Version.class.getClassLoader()).get("netty-common");
        return "tcp over Netty " + (netty == null ? "of unknown version" : netty.artifactVersion()) + ", " + io.label()
            + " (" + io.why() + "), " + settings.ioThreads() + (settings.ioThreads() == 1 ? " thread" : " threads")
            + "; TLS by " + engine.description() + ", ALPN " + TlsContexts.ALPN;
    }

    private void choose() throws TransportException {
        if (engine == null) {
            TlsEngine found = TlsEngine.of(settings.tlsEngine());
            engine = context.requirePostQuantum() ? found.postQuantumOnly() : found;
        }
        if (io == null) {
            io = IoModel.of(settings.io());
        }
    }

    @Override
    public synchronized void start(ConnectionSink sink) throws TransportException {
        if (closed || surroundings != null) {
            throw new IllegalStateException("found a transport that was " + (closed ? "closed" : "started") + " already"
                + ", expected a new one");
        }
        choose();
        if (!engine.isOpenSsl() && settings.tlsEngine() == TlsEngine.Choice.AUTO) {
            LOG.info("tcp: TLS by {}", engine.description());
        }
        loops = new MultiThreadIoEventLoopGroup(settings.ioThreads(), threads("quorate-tcp-"), io.handlers());
        resolver = new NameResolver("quorate-tcp-names-");
        dialer = options(new Bootstrap().channel(io.socket()));
        surroundings = new Surroundings(sink, context.counters(), limits, new TlsContexts(context.credentials(),
            engine), live, reassembly, context.requirePostQuantum(), engine.isOpenSsl());
        if (context.listen().isPresent()) {
            try {
                listen(context.listen().get());
            } catch (TransportException | RuntimeException e) {
                close();
                throw e;
            }
        }
    }

    private void listen(Endpoint endpoint) throws TransportException {
        InetSocketAddress address = ListenAddress.of(endpoint);
        ChannelFuture bound = new ServerBootstrap()
            .group(loops)
            .channel(io.listener())
            .option(ChannelOption.SO_REUSEADDR, true)
            .option(ChannelOption.SO_BACKLOG, settings.backlog())
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.SO_KEEPALIVE, true)
            .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, waterMark())
            .childOption(ChannelOption.RECVBUF_ALLOCATOR, reads())
            .childHandler(new ChannelInitializer<Channel>() {
                @Override
                protected void initChannel(Channel channel) {
                    accept(channel);
                }
            })
            .bind(address)
            .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw ListenAddress.cannotBind(endpoint, bound.cause());
        }
        listener = bound.channel();
        int port = ((InetSocketAddress) listener.localAddress()).getPort();
        listening = new Endpoint(TcpTransportProvider.SCHEME, endpoint.host(), port);
    }

    private static Bootstrap options(Bootstrap bootstrap) {
        return bootstrap
            .option(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.SO_KEEPALIVE, true)
            .option(ChannelOption.WRITE_BUFFER_WATER_MARK, waterMark())
            .option(ChannelOption.RECVBUF_ALLOCATOR, reads());
    }

    private static WriteBufferWaterMark waterMark() {
        return new WriteBufferWaterMark(TcpLimits.SOCKET_LOW_WATER_BYTES, TcpLimits.SOCKET_HIGH_WATER_BYTES);
    }

    private static AdaptiveRecvByteBufAllocator reads() {
        AdaptiveRecvByteBufAllocator reads =
            new AdaptiveRecvByteBufAllocator(READ_LEAST_BYTES, READ_FIRST_BYTES, TcpLimits.READ_PIECE_BYTES);
        reads.maxMessagesPerRead(TcpLimits.READS_PER_TURN);
        return reads;
    }

    private void accept(Channel channel) {
        Address remote = Address.of(channel.remoteAddress());
        switch (admission.admit(remote.host())) {
            case Admission.Full full -> {
                channel.close();
                surroundings.sink().onFailure(new ConnectionFailure(scheme(), Origin.ACCEPTED, OptionalLong.empty(),
                    remote.text(), full.reason(), full.detail()));
            }
            case Admission.Place place -> {
                channel.closeFuture().addListener(future -> place.gone());
                Upgrade.begin(surroundings, channel, Origin.ACCEPTED, OptionalLong.empty(), System.nanoTime(),
                    place::activated);
            }
        }
    }

    @Override
    public Optional<Endpoint> listening() {
        return Optional.ofNullable(listening);
    }

    @Override
    public void dial(Endpoint target, long dialId) {
        requireTcp(target);
        Surroundings around = surroundings;
        if (around == null) {
            throw new IllegalStateException("found a transport that is not started, expected start before dial");
        }
        EventLoop loop = loops.next();
        Dial dial = new Dial(around, dialer, resolver, loop, target, dialId);
        try {
            loop.execute(dial::begin);
        } catch (RejectedExecutionException ended) {
            around.sink().onFailure(new ConnectionFailure(scheme(), Origin.DIALED, OptionalLong.of(dialId),
                target.host() + ":" + target.port(), RefusalReason.SHUTTING_DOWN, "this node is stopping"));
        }
    }

    private static void requireTcp(Endpoint endpoint) {
        if (!endpoint.scheme().equals(TcpTransportProvider.SCHEME)) {
            throw new IllegalArgumentException("found " + endpoint + ", expected an endpoint of scheme "
                + TcpTransportProvider.SCHEME);
        }
    }

    /** For tests: accepted connections that are not active yet. */
    int pendingAccepted() {
        return admission.pending();
    }

    /** For tests: everything that has not ended yet. */
    int liveCount() {
        return live.size();
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            if (surroundings == null) {
                return;
            }
        }
        if (listener != null) {
            listener.close();
        }
        var ended = live.shutDown();
        resolver.close();
        // A handler may close the transport; waiting for its own thread would be waiting for itself.
        boolean mayWait = !onOwnThread();
        if (mayWait) {
            await(ended);
        }
        surroundings.tls().close();
        var stopped = loops.shutdownGracefully(0, TcpLimits.CLOSE_THREADS_MILLIS, TimeUnit.MILLISECONDS);
        if (mayWait && !stopped.awaitUninterruptibly(TcpLimits.CLOSE_THREADS_MILLIS)) {
            LOG.warn("tcp: its threads have not ended within {} ms; they will when their work is done",
                TcpLimits.CLOSE_THREADS_MILLIS);
        }
    }

    private boolean onOwnThread() {
        for (EventExecutor loop : loops) {
            if (loop.inEventLoop()) {
                return true;
            }
        }
        return false;
    }

    private void await(CompletableFuture<Void> ended) {
        try {
            ended.get(TcpLimits.CLOSE_CONNECTIONS_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            LOG.info("tcp: {} connections did not end in time and are cut", live.size());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new IllegalStateException("nothing completes this with a failure", e);
        }
    }

    private static ThreadFactory threads(String prefix) {
        return task -> {
            Thread thread = new FastThreadLocalThread(task, prefix + THREADS.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }
}
