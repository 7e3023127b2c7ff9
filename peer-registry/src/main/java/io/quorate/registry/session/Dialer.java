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
 * <p>While calls go over a transport that is not the preferred one, because a firewall drops UDP say, the preferred one
 * is tried now and then, beside the connections that work. When it works, calls take it from then on, and {@link
 * PeerLink#superfluous} lets the others go.
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

    /** How often the preferred transport is tried while another one serves; each time at a random part of that. */
    static final long PREFERRED_RETRY_MILLIS = 5_000;

    /** The same at most, doubling each time that a connection of the preferred transport fell silent. */
    static final long PREFERRED_RETRY_MAX_MILLIS = 60_000;

    /** A connection that lives for so long shows that its transport can be relied on. */
    static final long PROVEN_MILLIS = 60_000;

    private static final Logger LOG = LoggerFactory.getLogger(Dialer.class);

    private static final class Target {
        private final String key;
        private DialTarget what;
        /** In order of preference. */
        private List<Endpoint> usable;
        /** Who has been met there, if the target does not say whom to meet. */
        private NodeId met;
        private final Map<Long, PeerSession> sessions = new LinkedHashMap<>();
        /** Attempts under way, without those that count as stalled. */
        private int pending;
        private int stalled;
        private final Map<String, Integer> stalledByScheme = new HashMap<>();
        /** The endpoint that is tried next, or that worked last. */
        private int current;
        /** Grows with each step to another endpoint: of attempts that failed side by side only the first one counts. */
        private long generation;
        private int failedRounds;
        private int shortLives;
        private boolean metSelf;
        private boolean waiting;
        private Cancellable timer;
        private Cancellable retryTimer;
        private boolean retrying;
        private int retries;
        private int relapses;
        private String lastProblem = "";
        private boolean gone;

        private Target(String key) {
            this.key = key;
        }
    }

    private static final class Attempt {
        private final Target target;
        private final Endpoint endpoint;
        private final long generation;
        /** Whether it only finds out if the preferred transport works again. */
        private final boolean retry;
        private Cancellable stallTimer = () -> { };
        private boolean stalled;

        private Attempt(Target target, Endpoint endpoint, boolean retry) {
            this.target = target;
            this.endpoint = endpoint;
            this.generation = target.generation;
            this.retry = retry;
        }
    }

    private final NodeLoop loop;
    private final SessionTable table;
    private final SessionSettings settings;
    private final Counters counters;
    private final SchemePreference preference;
    private final SortedMap<String, Transport> transports = new TreeMap<>();
    private final Map<String, Target> targets = new TreeMap<>();
    private final Map<Long, Attempt> attempts = new HashMap<>();
    private final Map<Long, Target> bySession = new HashMap<>();
    private long nextDialId = 1;
    private boolean stopped;
    private boolean checking;
    private boolean checkAgain;

    Dialer(NodeLoop loop, SessionTable table, SessionSettings settings, Counters counters, List<Transport> transports,
        SchemePreference preference) {
        this.loop = loop;
        this.table = table;
        this.settings = settings;
        this.counters = counters;
        this.preference = preference;
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
        target.usable = preference.sorted(what.endpoints().stream()
            .filter(endpoint -> transports.containsKey(endpoint.scheme())).toList());
        target.current = 0;
        target.generation++;
        calm(target);
        PeerLink link = link(target);
        if (link != null) {
            link.sessions().forEach(session -> session.state.rank = rank(target, session.transport()));
            link.sortByRank();
        }
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
        cancelRetry(target);
        for (PeerSession session : List.copyOf(target.sessions.values())) {
            session.state.retiring = true;
            retireIfUnused(session);
        }
    }

    private void retireIfUnused(PeerSession session) {
        if (session.live() && session.state.idle()) {
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
        counters.accept("dial.failed");
        if (attempt.retry) {
            // Another transport serves: nothing is wrong with the node, and nobody waits.
            check();
            return;
        }
        target.lastProblem = reason.label() + (detail.isEmpty() ? "" : ": " + detail);
        target.metSelf |= reason == RefusalReason.CONNECTED_TO_SELF;
        if (attempt.generation == target.generation) {
            nextEndpoint(target);
        }
        check();
    }

    private static void noLongerUnderWay(Attempt attempt) {
        Target target = attempt.target;
        attempt.stallTimer.cancel();
        if (attempt.retry) {
            target.retrying = false;
        } else if (attempt.stalled) {
            target.stalled--;
            target.stalledByScheme.merge(attempt.endpoint.scheme(), -1, Integer::sum);
        } else {
            target.pending--;
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
        target.stalledByScheme.merge(attempt.endpoint.scheme(), 1, Integer::sum);
        if (attempt.generation == target.generation) {
            nextEndpoint(target);
        }
        check();
    }

    private void nextEndpoint(Target target) {
        target.generation++;
        target.current++;
        skipSilent(target);
        if (target.current >= target.usable.size()) {
            target.current = 0;
            target.failedRounds++;
            pause(target);
        }
    }

    /**
     * While all sessions are silent, their transport is left out; behind the last of the others the round is over.
     * Without that, a peer that is gone would be dialed as fast as its host refuses, without a pause.
     */
    private void skipSilent(Target target) {
        String silent = link(target) == null ? null : link(target).silentScheme();
        List<Endpoint> all = target.usable;
        boolean others = all.stream().anyMatch(endpoint -> !endpoint.scheme().equals(silent));
        while (others && target.current < all.size() && all.get(target.current).scheme().equals(silent)) {
            target.current++;
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
        session.state.dialedTo = attempt.endpoint;
        attempt.target.met = session.node().orElse(null);
        if (attempt.target.gone) {
            session.state.retiring = true;
        }
    }

    void sessionAdmitted(PeerSession session) {
        Optional<Target> known = session.node().map(node -> targets.get(DialTarget.node(node, List.of()).key()));
        session.state.rank = known.map(target -> rank(target, session.transport()))
            .orElseGet(() -> preference.rank(session.transport(), List.of()));
        session.state.link.sortByRank();
        known.ifPresent(target -> {
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
            int place = target.usable.indexOf(session.state.dialedTo);
            if (place >= 0 && session.state.rank < rank(target, target.usable.get(target.current).scheme())) {
                target.current = place;
                target.generation++;
            }
            if (session.state.retiring) {
                retireIfUnused(session);
            }
        }
        check();
    }

    void sessionClosed(PeerSession session, CloseReason reason) {
        Target target = bySession.remove(session.id());
        if (reason.kind() == CloseReason.Kind.UNRESPONSIVE && !stopped) {
            Optional.ofNullable(target).or(() -> session.node()
                .map(node -> targets.get(DialTarget.node(node, List.of()).key())))
                .filter(silent -> !silent.gone).ifPresent(silent -> fellSilent(silent, session));
        }
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

    /** The other transport is next: what has just fallen silent would cost a wait first, if a firewall came to be. */
    private void fellSilent(Target target, PeerSession session) {
        boolean proven = loop.clock().nanoTime() - session.state.admittedNanos >= PROVEN_MILLIS * 1_000_000;
        boolean preferred = !target.usable.isEmpty()
            && session.state.rank == rank(target, target.usable.get(0).scheme());
        boolean last = session.state.link.sessions().stream()
            .noneMatch(other -> other != session && other.live() && other.transport().equals(session.transport()));
        if (preferred && last) { // Several that fall silent together are one relapse.
            target.relapses = proven ? 0 : Math.min(target.relapses + 1, Integer.SIZE);
        }
        avoid(target, session.transport());
    }

    /** Steps to the next endpoint of another scheme; returns whether one of another scheme is next. */
    private static boolean avoid(Target target, String scheme) {
        for (int i = 0; i < target.usable.size(); i++) {
            int place = (target.current + i) % target.usable.size();
            if (!target.usable.get(place).scheme().equals(scheme)) {
                if (place != target.current) {
                    target.current = place;
                    target.generation++;
                }
                return true;
            }
        }
        return false;
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
        if (stopped || target.gone || target.usable.isEmpty()) {
            return;
        }
        PeerLink link = link(target);
        watchFallback(target, link);
        if (target.waiting) {
            return;
        }
        int missing = Math.min(missing(target, link), target.stalled < MAX_STALLED ? Integer.MAX_VALUE : 0);
        boolean troubled = target.failedRounds > 0 || target.shortLives > 0;
        if (missing > 0 && troubled) {
            // After trouble one attempt finds out for all whether the node is back.
            missing = target.pending > 0 ? 0 : 1;
        }
        for (int i = 0; i < missing && !target.waiting && !stopped; i++) {
            dial(target);
        }
    }

    private int missing(Target target, PeerLink link) {
        if (link == null) {
            return settings.minConnections() - target.pending;
        }
        String silent = link.silentScheme();
        if (silent != null && target.pending == 0 && avoid(target, silent)) {
            // It may be the path of this transport alone that is broken. To wait until its silence is certain, and
            // only then to begin with another one, would cost the cluster an election.
            return 1;
        }
        // What a worse transport has does not keep this side from the one that is being tried, and what a better one
        // has, be it accepted from a node that cannot be dialed, makes dialing needless. If nothing that is tried
        // works, any transport will do; the retries go on.
        int worst = target.failedRounds > 0 ? Integer.MAX_VALUE
            : rank(target, target.usable.get(target.current).scheme());
        return link.wantedSlots() - link.slots(worst, true) - link.comingSlots(worst) - target.pending;
    }

    private int rank(Target target, String scheme) {
        return preference.rank(scheme, target.usable);
    }

    /** Level-triggered: a retry is on its way exactly as long as calls cannot go over the preferred transport. */
    private void watchFallback(Target target, PeerLink link) {
        if (!onFallback(target, link)) {
            cancelRetry(target);
        } else if (target.retryTimer == null && !target.retrying) {
            int doublings = Math.min(target.relapses, 30);
            long nanos = 1_000_000 * Math.min(PREFERRED_RETRY_MILLIS << doublings, PREFERRED_RETRY_MAX_MILLIS);
            target.retryTimer = loop.schedule(nanos / 2 + loop.random().nextLong(nanos / 2 + 1), () -> {
                target.retryTimer = null;
                retryPreferred(target);
            });
        }
    }

    private boolean onFallback(Target target, PeerLink link) {
        int best = link == null ? Integer.MAX_VALUE : link.bestRank();
        return best != Integer.MAX_VALUE && rank(target, target.usable.get(0).scheme()) < best;
    }

    private void retryPreferred(Target target) {
        PeerLink link = link(target);
        if (stopped || target.gone || !onFallback(target, link)) {
            return;
        }
        int best = link.bestRank();
        List<Endpoint> better =
            target.usable.stream().filter(endpoint -> rank(target, endpoint.scheme()) < best).toList();
        target.retrying = true;
        counters.accept("dial.retry-preferred");
        begin(new Attempt(target, better.get(target.retries++ % better.size()), true));
    }

    private static void cancelRetry(Target target) {
        Cancellable timer = target.retryTimer;
        target.retryTimer = null;
        Optional.ofNullable(timer).ifPresent(Cancellable::cancel);
    }

    private PeerLink link(Target target) {
        if (target.what.node().isPresent()) {
            return table.link(target.what.node().get());
        }
        for (PeerSession session : target.sessions.values()) {
            return session.state.link;
        }
        // Another endpoint of the same node may serve: then this one is needed only when that one fails.
        return target.met == null ? null : table.link(target.met);
    }

    private void dial(Target target) {
        skipStalledScheme(target);
        target.pending++;
        begin(new Attempt(target, target.usable.get(target.current), false));
    }

    private void begin(Attempt attempt) {
        long dialId = nextDialId++;
        if (!attempt.retry) {
            attempt.stallTimer = loop.schedule(STALL_MILLIS * 1_000_000, () -> stalled(dialId));
        }
        attempts.put(dialId, attempt);
        counters.accept("dial.attempt");
        transports.get(attempt.endpoint.scheme()).dial(attempt.endpoint, dialId);
    }

    /**
     * An attempt that hangs shows enough about its transport. To begin each round with one more would keep the
     * transport that works waiting each time, and soon for good: the number of attempts that hang is bounded.
     */
    private static void skipStalledScheme(Target target) {
        for (int i = 0; i < target.usable.size(); i++) {
            int place = (target.current + i) % target.usable.size();
            if (target.stalledByScheme.getOrDefault(target.usable.get(place).scheme(), 0) == 0) {
                target.current = place;
                return;
            }
        }
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
        targets.values().forEach(Dialer::cancelRetry);
    }
}
