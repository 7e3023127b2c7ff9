package io.quorate.client;

import io.quorate.api.Bytes;
import io.quorate.api.NodeId;
import io.quorate.api.UnavailableException;
import io.quorate.registry.loop.LoopThread;
import io.quorate.registry.session.AdmissionPolicy;
import io.quorate.registry.session.CallServer;
import io.quorate.registry.session.Counters;
import io.quorate.registry.session.DialTarget;
import io.quorate.registry.session.Incarnation;
import io.quorate.registry.session.LocalDescription;
import io.quorate.registry.session.PeerSession;
import io.quorate.registry.session.RefusalEvent;
import io.quorate.registry.session.SessionListener;
import io.quorate.registry.session.SessionSettings;
import io.quorate.registry.session.Sessions;
import io.quorate.spi.identity.Identity;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.time.NodeLoop;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportException;
import io.quorate.spi.wire.RpcType;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a client runs on: its loop, its sessions, and its life from start to close. */
final class ClientRuntime {

    private static final Logger LOG = LoggerFactory.getLogger(ClientRuntime.class);

    private enum Life { NEW, OPEN, CLOSED }

    private final NodeLoop loop;

    /** The loop if it is the client's own. */
    private final Optional<LoopThread> ownLoop;
    private final Identity identity;
    private final Counters counters;
    private final Sessions sessions;
    private final ClientCore core;
    private final Runnable pump;
    private final AtomicReference<Life> life = new AtomicReference<>(Life.NEW);
    private final CountDownLatch stopped = new CountDownLatch(1);
    private volatile String whyClosed = QuorateClient.CLOSED;

    ClientRuntime(ClientSettings settings, String build, String name, Optional<NodeLoop> givenLoop, Identity identity,
            List<Transport> transports, Counters counters) {
        this.ownLoop = givenLoop.isPresent() ? Optional.empty()
            : Optional.of(new LoopThread(name, this::broken));
        this.loop = givenLoop.orElseGet(ownLoop::get);
        this.identity = identity;
        this.counters = counters;
        this.core = new ClientCore(loop, settings, identity.self().kind(), new SessionsNetwork());
        this.pump = core::pump;
        this.sessions = new Sessions(new Sessions.Context(loop, identity, transports,
            LocalDescription.ofCaller(settings.cluster(), identity.self(), Incarnation.fresh(loop), build),
            AdmissionPolicy.forClient(), CallServer.none(), new Listener(), SessionSettings.forClient(), counters,
            settings.prefer(), settings.requirePostQuantum()));
    }

    ClientCore core() {
        return core;
    }

    PeerIdentity.Kind self() {
        return identity.self().kind();
    }

    SortedMap<String, Long> counters() {
        return counters.snapshot();
    }

    boolean isOpen() {
        return life.get() == Life.OPEN;
    }

    String whyNotOpen() {
        return life.get() == Life.NEW ? "the client is not started" : whyClosed;
    }

    void start() throws TransportException {
        if (!life.compareAndSet(Life.NEW, Life.OPEN)) {
            throw new IllegalStateException("found a client that was started or closed before; expected a new one");
        }
        try {
            sessions.start();
        } catch (TransportException e) {
            whyClosed = "the client could not start: " + e.getMessage();
            life.set(Life.CLOSED);
            core.stop(whyClosed);
            ownLoop.ifPresent(LoopThread::close);
            throw e;
        }
        loop.execute(core::start);
        ownLoop.ifPresent(LoopThread::start);
    }

    /** Hands an operation for which room was taken to the loop. Any thread. */
    void handOver(Pending<?> operation) {
        if (core.handover().push(operation)) {
            loop.execute(pump);
        }
        if (!isOpen()) {
            // The loop's last look at the handover may have been before the push: then nobody else would end it.
            for (Pending<?> left = core.handover().takeAll(); left != null; left = left.next) {
                core.capacity().release(1, left.bytes);
                left.completeExceptionally(new UnavailableException(whyClosed));
            }
        }
    }

    void close() {
        Life before = life.getAndSet(Life.CLOSED);
        if (before == Life.CLOSED) {
            return;
        }
        if (before == Life.NEW) {
            ownLoop.ifPresent(LoopThread::close);
            return;
        }
        loop.execute(this::stop);
        if (loop.inLoop() || ownLoop.isEmpty()) {
            // To wait for the loop from the loop, or for one that its owner drives, would be to wait for oneself.
            loop.execute(this::finish);
            return;
        }
        try {
            if (!stopped.await(ClientLimits.CLOSE_MILLIS, TimeUnit.MILLISECONDS)) {
                LOG.warn("the client's loop did not end its operations within {} ms", ClientLimits.CLOSE_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        finish();
    }

    private void stop() {
        core.stop(whyClosed);
        sessions.stop();
        stopped.countDown();
    }

    private void finish() {
        sessions.close();
        ownLoop.ifPresent(LoopThread::close);
    }

    /** A task has thrown: a defect. What the client believes may be wrong, so it must not go on (style, habit 3). */
    private void broken(Throwable defect) {
        LOG.error("the client stops: a defect", defect);
        whyClosed = "the client has stopped after a defect: " + defect;
        close();
    }

    private final class SessionsNetwork implements Network {
        @Override
        public void setTargets(Collection<DialTarget> targets) {
            sessions.setTargets(targets);
        }

        @Override
        public void call(NodeId node, RpcType type, List<Bytes> request, long timeoutMillis,
                CallHandler answer) {
            sessions.call(node, type, request, timeoutMillis, answer);
        }
    }

    private final class Listener implements SessionListener {
        @Override
        public void sessionConfirmed(PeerSession session) {
            session.node().ifPresent(node -> core.nodeUp(node, session.transport(), session.remote(),
                session.hello().endpoints()));
        }

        @Override
        public void sessionClosed(PeerSession session, CloseReason reason) {
            session.node().filter(node -> !isConfirmed(node)).ifPresent(node -> core.nodeDown(node, reason.toString()));
        }

        @Override
        public void refused(RefusalEvent event) {
            core.refused(event);
        }

        private boolean isConfirmed(NodeId node) {
            return sessions.presence(node).filter(seen -> seen.present() && seen.confirmed()).isPresent();
        }
    }
}
