package io.quorate.registry.session;

import io.quorate.api.NodeId;
import io.quorate.spi.time.Cancellable;
import io.quorate.spi.time.NodeLoop;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.Transport;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps connections to targets: compares what each should have with what it has, and dials the difference.
 * Level-triggered: whatever happens, {@link #check} looks at everything again.
 *
 * <p>A target's endpoints are tried in order of preference, one after another without a pause; after a round in which
 * none worked it waits, 50 ms at first, doubling to 1 s, each time a random part of that (so that nodes that started
 * together do not dial together). Anything that shows that the node is back, such as a connection of its own, ends the
 * wait: a peer that restarts is met within a round trip, not within a second.
 *
 * <p>A session that ends soon after it began counts as a failure. Without that, a peer that admits and then closes
 * would be dialed in a loop as fast as TLS allows. Loop only.
 */
final class Dialer {

    /** A session that lives for less counts as a failed attempt. */
    static final long SHORT_LIFE_MILLIS = 1_000;

    /** An attempt without a result for so long no longer keeps others from being begun. */
    static final long STALL_MILLIS = 500;

    /** How many such attempts of one target there may be. */
    static final int MAX_STALLED = 4;

    private static final Logger LOG = LoggerFactory.getLogger(Dialer.class);

    private static final class Target {
        private final String key;
        private DialTarget what;
        private List<Endpoint> usable;
        private final Map<Long, PeerSession> sessions = new LinkedHashMap<>();
        /** Attempts under way, without those that count as stalled. */
        private int pending;
        private int stalled;
        private int preferred;
        /** Grows with each step to another endpoint: of attempts that failed side by side only the first one counts. */
        private long generation;
        private int failedRounds;
        private int shortLives;
        private boolean metSelf;
        private boolean waiting;
        private Cancellable timer;
        private String lastProblem = "";
        private boolean gone;

        private Target(String key) {
            this.key = key;
        }
    }

    private static final class Attempt {
        private final Target target;
        private final long generation;
        private Cancellable stallTimer;
        private boolean stalled;

        private Attempt(Target target, long generation) {
            this.target = target;
            this.generation = generation;
        }
    }

    private final NodeLoop loop;
    private final SessionTable table;
    private final SessionSettings settings;
    private final Counters counters;
    private final SortedMap<String, Transport> transports = new TreeMap<>();
    private final Map<String, Target> targets = new TreeMap<>();
    private final Map<Long, Attempt> attempts = new HashMap<>();
    private final Map<Long, Target> bySession = new HashMap<>();
    private long nextDialId = 1;
    private boolean stopped;
    private boolean checking;
    private boolean checkAgain;

    Dialer(NodeLoop loop, SessionTable table, SessionSettings settings, Counters counters, List<Transport> transports) {
        this.loop = loop;
        this.table = table;
        this.settings = settings;
        this.counters = counters;
        for (Transport transport : transports) {
            if (this.transports.put(transport.scheme(), transport) != null) {
                throw new IllegalArgumentException("found two transports of scheme " + transport.scheme()
                    + ", expected one");
            }
        }
    }

    void setTargets(Collection<DialTarget> wanted) {
        Map<String, DialTarget> byKey = new TreeMap<>();
        wanted.forEach(target -> byKey.put(target.key(), target));
        for (Target target : new ArrayList<>(targets.values())) {
            if (!byKey.containsKey(target.key)) {
                drop(target);
            }
        }
        byKey.forEach((key, what) -> {
            Target target = targets.computeIfAbsent(key, Target::new);
            if (!what.equals(target.what)) {
                describe(target, what);
            }
        });
        check();
    }

    private void describe(Target target, DialTarget what) {
        target.what = what;
        target.usable = what.endpoints().stream()
            .filter(endpoint -> transports.containsKey(endpoint.scheme())).toList();
        target.preferred = 0;
        target.generation++;
        calm(target);
        if (target.usable.isEmpty()) {
            target.lastProblem = "found endpoints " + what.endpoints() + ", expected one of a scheme in "
                + transports.keySet();
            LOG.warn("Nothing to dial for {}: {}", target.key, target.lastProblem);
        }
    }

    private void drop(Target target) {
        target.gone = true;
        targets.remove(target.key);
        cancelTimer(target);
        for (PeerSession session : List.copyOf(target.sessions.values())) {
            session.state.retiring = true;
            retireIfUnused(session);
        }
    }

    private void retireIfUnused(PeerSession session) {
        if (session.live() && session.state.calls.isEmpty()) {
            table.close(session, CloseReason.of(CloseReason.Kind.NORMAL, "not a target any more"));
        }
    }

    /** What went wrong with a node's endpoints last; empty if nothing did since a session was admitted. */
    Optional<String> lastProblem(NodeId node) {
        Target target = targets.get(DialTarget.node(node, List.of()).key());
        return target == null || target.lastProblem.isEmpty() ? Optional.empty() : Optional.of(target.lastProblem);
    }

    // ---- what the gate reports -----------------------------------------------------------------------------------

    /** What an attempt meant to reach; empty if it is no attempt of ours, or its target is gone meanwhile. */
    Optional<Handshake.Meant> meant(long dialId) {
        Attempt attempt = attempts.get(dialId);
        return attempt == null || attempt.target.gone ? Optional.empty()
            : Optional.of(new Handshake.Meant(attempt.target.what.node()));
    }

    /** The words by which an attempt's target is known in logs. */
    Optional<String> subject(long dialId) {
        return Optional.ofNullable(attempts.get(dialId)).map(attempt -> attempt.target.key);
    }

    /** An attempt has ended without a session. */
    void failed(long dialId, RefusalReason reason, String detail) {
        Attempt attempt = attempts.remove(dialId);
        if (attempt == null) {
            return;
        }
        Target target = attempt.target;
        noLongerUnderWay(attempt);
        if (target.gone) {
            return;
        }
        target.lastProblem = reason.label() + (detail.isEmpty() ? "" : ": " + detail);
        counters.accept("dial.failed");
        target.metSelf |= reason == RefusalReason.CONNECTED_TO_SELF;
        if (attempt.generation == target.generation) {
            nextEndpoint(target);
        }
        check();
    }

    private static void noLongerUnderWay(Attempt attempt) {
        attempt.stallTimer.cancel();
        if (attempt.stalled) {
            attempt.target.stalled--;
        } else {
            attempt.target.pending--;
        }
    }

    /**
     * An attempt hangs: its first packets were lost while the path was broken, or the address leads nowhere. It goes
     * on, and others may overtake it, at the next endpoint if there is one. Without this, a path that works again would
     * be noticed only when TCP's own repetition or the time limit comes, after seconds.
     */
    private void stalled(long dialId) {
        Attempt attempt = attempts.get(dialId);
        if (attempt == null || attempt.target.gone) {
            return;
        }
        Target target = attempt.target;
        attempt.stalled = true;
        target.pending--;
        target.stalled++;
        if (attempt.generation == target.generation) {
            nextEndpoint(target);
        }
        check();
    }

    private void nextEndpoint(Target target) {
        target.generation++;
        target.preferred++;
        if (target.preferred >= target.usable.size()) {
            target.preferred = 0;
            target.failedRounds++;
            pause(target);
        }
    }

    /** An attempt has become a session. To be called before the session's admission is told. */
    void succeeded(long dialId, PeerSession session) {
        Attempt attempt = attempts.remove(dialId);
        if (attempt == null) {
            return;
        }
        noLongerUnderWay(attempt);
        attempt.target.sessions.put(session.id(), session);
        bySession.put(session.id(), attempt.target);
        if (attempt.target.gone) {
            session.state.retiring = true;
        }
    }

    void sessionAdmitted(PeerSession session) {
        session.node().map(node -> targets.get(DialTarget.node(node, List.of()).key())).ifPresent(target -> {
            target.lastProblem = "";
            if (session.origin() == Origin.ACCEPTED) {
                // It is back, and it has found us: so shall we find it, now.
                calm(target);
            }
        });
        check();
    }

    void sessionConfirmed(PeerSession session) {
        Target target = bySession.get(session.id());
        if (target != null) {
            target.failedRounds = 0;
            target.metSelf = false;
            target.lastProblem = "";
            if (session.state.retiring) {
                retireIfUnused(session);
            }
        }
        check();
    }

    void sessionClosed(PeerSession session, CloseReason reason) {
        Target target = bySession.remove(session.id());
        if (target != null && !target.gone && !stopped) {
            target.sessions.remove(session.id());
            target.lastProblem = reason.toString();
            boolean shortLife = loop.clock().nanoTime() - session.state.admittedNanos < SHORT_LIFE_MILLIS * 1_000_000;
            if (!shortLife) {
                target.shortLives = 0;
            } else if (!target.waiting && !ownDoing(reason)) {
                // Several that end together count once: the wait that the first began covers them.
                target.shortLives++;
                pause(target);
            }
        }
        check();
    }

    /**
     * Whether this side ended it, for reasons that say nothing against dialing again: a call that ran out of time did.
     */
    private static boolean ownDoing(CloseReason reason) {
        return reason.kind() == CloseReason.Kind.NORMAL || reason.kind() == CloseReason.Kind.CALL_RESET;
    }

    // ---- dialing -------------------------------------------------------------------------------------------------

    /** Compares what there should be with what there is, and dials the difference. */
    void check() {
        if (checking) {
            checkAgain = true;
            return;
        }
        checking = true;
        try {
            do {
                checkAgain = false;
                for (Target target : new ArrayList<>(targets.values())) {
                    check(target);
                }
            } while (checkAgain);
        } finally {
            checking = false;
        }
    }

    private void check(Target target) {
        if (stopped || target.gone || target.usable.isEmpty() || target.waiting) {
            return;
        }
        int missing = Math.min(missing(target), target.stalled < MAX_STALLED ? Integer.MAX_VALUE : 0);
        boolean troubled = target.failedRounds > 0 || target.shortLives > 0;
        if (missing > 0 && troubled) {
            // After trouble one attempt finds out for all whether the node is back.
            missing = target.pending > 0 ? 0 : 1;
        }
        for (int i = 0; i < missing && !target.waiting && !stopped; i++) {
            dial(target);
        }
    }

    private int missing(Target target) {
        PeerLink link = link(target);
        if (link == null) {
            return settings.minConnections() - target.pending;
        }
        return link.wantedSlots() - link.slots() - link.comingSlots() - target.pending;
    }

    private PeerLink link(Target target) {
        if (target.what.node().isPresent()) {
            return table.link(target.what.node().get());
        }
        for (PeerSession session : target.sessions.values()) {
            return session.state.link;
        }
        return null;
    }

    private void dial(Target target) {
        long dialId = nextDialId++;
        Endpoint endpoint = target.usable.get(target.preferred);
        Attempt attempt = new Attempt(target, target.generation);
        attempt.stallTimer = loop.schedule(STALL_MILLIS * 1_000_000, () -> stalled(dialId));
        attempts.put(dialId, attempt);
        target.pending++;
        counters.accept("dial.attempt");
        transports.get(endpoint.scheme()).dial(endpoint, dialId);
    }

    private void pause(Target target) {
        long delayNanos = delayNanos(target);
        target.metSelf = false;
        cancelTimer(target);
        target.waiting = true;
        target.timer = loop.schedule(delayNanos, () -> {
            target.waiting = false;
            target.timer = null;
            check();
        });
    }

    private long delayNanos(Target target) {
        int doublings = Math.clamp(Math.max(target.failedRounds, target.shortLives) - 1L, 0, 30);
        long millis = target.metSelf ? settings.dialSelfBackoffMillis()
            : Math.min(settings.dialBackoffMinMillis() << doublings, settings.dialBackoffMaxMillis());
        long nanos = millis * 1_000_000;
        return nanos / 2 + loop.random().nextLong(nanos / 2 + 1);
    }

    private static void calm(Target target) {
        target.failedRounds = 0;
        target.shortLives = 0;
        cancelTimer(target);
    }

    private static void cancelTimer(Target target) {
        target.waiting = false;
        if (target.timer != null) {
            target.timer.cancel();
            target.timer = null;
        }
    }

    /** Now and then: closes what is idle and not wanted, and what was only waiting for its last call. */
    void onTick() {
        long now = loop.clock().nanoTime();
        for (PeerLink link : table.links()) {
            PeerSession superfluous = link.superfluous(now);
            if (superfluous != null) {
                table.close(superfluous, CloseReason.of(CloseReason.Kind.NORMAL, "idle, and more than are wanted"));
            }
        }
        for (PeerSession session : table.sessions()) {
            if (session.state.retiring) {
                retireIfUnused(session);
            }
        }
        check();
    }

    void stop() {
        stopped = true;
        targets.values().forEach(Dialer::cancelTimer);
    }
}
