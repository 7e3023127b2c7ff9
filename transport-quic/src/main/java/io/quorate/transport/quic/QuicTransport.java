package io.quorate.transport.quic;

import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.handler.codec.quic.Quic;
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
import io.quorate.spi.transport.support.Admission;
import io.quorate.spi.transport.support.Causes;
import io.quorate.spi.transport.support.LiveSet;
import io.quorate.spi.transport.support.NameResolver;
import io.quorate.spi.transport.support.ReassemblyBudget;
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

/** Connections over QUIC. Thread-safe, as {@link Transport} says. */
final class QuicTransport implements Transport {

    private static final Logger LOG = LoggerFactory.getLogger(QuicTransport.class);
    private static final AtomicInteger THREADS = new AtomicInteger();

    private final TransportContext context;
    private final QuicSettings settings;
    private final QuicLimits limits;
    private final Admission admission;
    private final LiveSet live = new LiveSet();
    private final ReassemblyBudget reassembly;

    private IoModel io;
    private Sockets sockets;
    private MultiThreadIoEventLoopGroup loops;
    private NameResolver resolver;
    private Listener listener;
    private volatile Surroundings surroundings;
    private volatile Endpoint listening;
    private volatile boolean closed;

    QuicTransport(TransportContext context, QuicSettings settings, QuicLimits limits) {
        this(context, settings, limits, ReassemblyBudget.ofHeap());
    }

    /** For tests: with another budget than the heap's. */
    QuicTransport(TransportContext context, QuicSettings settings, QuicLimits limits, ReassemblyBudget reassembly) {
        context.listen().ifPresent(QuicTransport::requireQuic);
        this.context = context;
        this.settings = settings;
        this.limits = limits;
        this.reassembly = reassembly;
        this.admission = new Admission(limits.maxPending(), limits.maxPendingPerSource(), limits.maxAccepted());
    }

    @Override
    public String scheme() {
        return QuicTransportProvider.SCHEME;
    }

    @Override
    public synchronized String description() {
        try {
            choose();
        } catch (TransportException e) {
            return "quic, unusable: " + e.getMessage();
        }
        Version netty = Version.identify(Version.class.getClassLoader()).get("netty-common");
        return "quic over Netty " + (netty == null ? "of unknown version" : netty.artifactVersion()) + " and quiche, "
            + io.label() + " (" + io.why() + "), " + settings.ioThreads()
            + (settings.ioThreads() == 1 ? " thread" : " threads") + "; TLS 1.3 by BoringSSL, key exchange "
            + String.join(", ", TlsContexts.groups(context.requirePostQuantum())) + ", ALPN " + TlsContexts.ALPN;
    }

    private void choose() throws TransportException {
        requireNative(Quic.isAvailable() ? null : Quic.unavailabilityCause());
        if (io == null) {
            io = IoModel.of(settings.io());
            sockets = new Sockets(io, limits);
        }
    }

    /** @param missing why the native library does not load; null if it does */
    static void requireNative(Throwable missing) throws TransportException {
        if (missing != null) {
            throw new TransportException("found no native library for QUIC on " + System.getProperty("os.name") + " "
                + System.getProperty("os.arch") + " (" + Causes.root(missing) + "), expected netty-codec-native-quic "
                + "on the module path; it is here for Linux on x86_64 and aarch64. Use tcp:// endpoints on other "
                + "platforms", missing);
        }
    }

    @Override
    public synchronized void start(ConnectionSink sink) throws TransportException {
        if (closed || surroundings != null) {
            throw new IllegalStateException("found a transport that was " + (closed ? "closed" : "started") + " already"
                + ", expected a new one");
        }
        choose();
        loops = new MultiThreadIoEventLoopGroup(settings.ioThreads(), threads("quorate-quic-"), io.handlers());
        resolver = new NameResolver("quorate-quic-names-");
        surroundings = new Surroundings(sink, context.counters(), limits,
            new TlsContexts(context.credentials(), context.requirePostQuantum()), sockets, live, reassembly);
        if (context.listen().isPresent()) {
            try {
                listener = new Listener(surroundings, admission);
                listening = listener.bind(context.listen().get(), loops);
            } catch (TransportException | RuntimeException e) {
                close();
                throw e;
            }
        }
    }

    @Override
    public Optional<Endpoint> listening() {
        return Optional.ofNullable(listening);
    }

    @Override
    public void dial(Endpoint target, long dialId) {
        requireQuic(target);
        Surroundings around = surroundings;
        if (around == null) {
            throw new IllegalStateException("found a transport that is not started, expected start before dial");
        }
        EventLoop loop = loops.next();
        Dial dial = new Dial(around, resolver, loop, target, settings.udpPayloadBytes(), dialId);
        try {
            loop.execute(dial::begin);
        } catch (RejectedExecutionException ended) {
            around.sink().onFailure(new ConnectionFailure(scheme(), Origin.DIALED, OptionalLong.of(dialId),
                target.host() + ":" + target.port(), RefusalReason.SHUTTING_DOWN, "this node is stopping"));
        }
    }

    private static void requireQuic(Endpoint endpoint) {
        if (!endpoint.scheme().equals(QuicTransportProvider.SCHEME)) {
            throw new IllegalArgumentException("found " + endpoint + ", expected an endpoint of scheme "
                + QuicTransportProvider.SCHEME);
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
        var ended = live.shutDown();
        resolver.close();
        // A handler may close the transport; waiting for its own thread would be waiting for itself.
        boolean mayWait = !onOwnThread();
        if (mayWait) {
            await(ended);
        }
        // Behind the goodbyes: they leave through the same socket.
        if (listener != null) {
            listener.close();
        }
        var stopped = loops.shutdownGracefully(0, QuicLimits.CLOSE_THREADS_MILLIS, TimeUnit.MILLISECONDS);
        if (mayWait && !stopped.awaitUninterruptibly(QuicLimits.CLOSE_THREADS_MILLIS)) {
            LOG.warn("quic: its threads have not ended within {} ms; they will when their work is done",
                QuicLimits.CLOSE_THREADS_MILLIS);
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
            ended.get(QuicLimits.CLOSE_CONNECTIONS_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            LOG.info("quic: {} connections did not end in time and are cut", live.size());
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
