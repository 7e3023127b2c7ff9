package io.quorate.registry.session;

import io.quorate.spi.identity.Identity;
import io.quorate.spi.time.NodeLoop;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.RefusalReason;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Ends what was right at the handshake and is so no more. TLS looks at a certificate once; without this, a connection
 * made the day before would outlive its certificate, and its node's membership, for as long as nobody cuts the cable.
 *
 * <ul>
 *   <li>A session whose other side's certificate has expired ends, a little later. Who has renewed it dials again.
 *   <li>A session made with a certificate of this side that was renewed since is replaced in the last minutes of the
 *       old one: it ends when another session of its link is there and no call is on it; at the old one's end at the
 *       latest.
 *   <li>A session whose identity would not be admitted now ends.
 * </ul>
 *
 * <p>Level-triggered, by the wall clock, with each liveness tick. Loop only.
 */
final class Expiry {

    /** How long a session outlives the other side's certificate: clocks differ a little. */
    static final long GRACE_MILLIS = 5_000;

    /** How long before the end of a renewed certificate of this side its sessions begin to be replaced. */
    static final long RENEWAL_MARGIN_MILLIS = 600_000;

    /** How many sessions are replaced with each liveness tick: whoever has lost one dials again at once. */
    static final int MAX_REPLACED_PER_TICK = 16;

    /** How old a session must be to take another one's place. */
    static final long SETTLED_MILLIS = 2_000;

    private static final long SPREAD = 7_919;

    private final NodeLoop loop;
    private final Identity identity;
    private final AdmissionPolicy policy;
    private final SessionTable table;

    Expiry(NodeLoop loop, Identity identity, AdmissionPolicy policy, SessionTable table) {
        this.loop = loop;
        this.identity = identity;
        this.policy = policy;
        this.table = table;
    }

    /** When the leaf of a chain expires; never if there is none. */
    static long notAfterMillis(List<X509Certificate> chain) {
        return chain.isEmpty() ? Long.MAX_VALUE : chain.get(0).getNotAfter().getTime();
    }

    void onTick() {
        long now = loop.clock().wallMillis();
        long ownNotAfter = notAfterMillis(identity.credentials().chain());
        for (PeerSession session : table.sessions()) {
            if (session.live()) {
                reasonToEnd(session, now, ownNotAfter).ifPresent(reason -> table.close(session, reason));
            }
        }
        long settled = loop.clock().nanoTime() - SETTLED_MILLIS * 1_000_000;
        int left = MAX_REPLACED_PER_TICK;
        for (PeerLink link : table.links()) {
            markRenewing(link, now, ownNotAfter);
            Optional<PeerSession> due = left > 0 ? dueForRenewal(link, settled) : Optional.empty();
            if (due.isPresent()) {
                left--;
                table.close(due.get(), expired("made with a certificate of this side that was renewed since"));
            }
        }
    }

    private Optional<CloseReason> reasonToEnd(PeerSession session, long now, long ownNotAfter) {
        Optional<RefusalReason> refusal = policy.refusal(session.identity());
        if (refusal.isPresent()) {
            return Optional.of(CloseReason.of(CloseReason.Kind.REFUSED, refusal.get().label()));
        }
        if (now - GRACE_MILLIS > session.certificateNotAfterMillis()) {
            return Optional.of(expired("the certificate of " + session.identity() + " expired at "
                + Instant.ofEpochMilli(session.certificateNotAfterMillis())));
        }
        long own = session.state.ownNotAfterMillis;
        return ownNotAfter > own && now >= own
            ? Optional.of(expired("this side's certificate, which was renewed since, expired at "
                + Instant.ofEpochMilli(own))) : Optional.empty();
    }

    /** From here on the dialer replaces it, and calls take another one if there is room. */
    private static void markRenewing(PeerLink link, long now, long ownNotAfter) {
        for (PeerSession session : link.sessions()) {
            long own = session.state.ownNotAfterMillis;
            // A node with a thousand clients must not have them all dial at the same moment.
            long early = RENEWAL_MARGIN_MILLIS / 2 + session.id() * SPREAD % (RENEWAL_MARGIN_MILLIS / 2);
            session.state.renewing = ownNotAfter > own && now >= own - early && session.confirmed();
        }
    }

    /**
     * One at a time, when no call is on it, and with another one in its place: a leader that ended its only session
     * with a follower would be taken for gone. Who is not dialed from here (an application, which has one session or
     * more as it needs them) dials again by itself.
     */
    private static Optional<PeerSession> dueForRenewal(PeerLink link, long settled) {
        boolean replaced = link.hasSuccessor(settled);
        for (PeerSession session : link.sessions()) {
            if (session.state.renewing && session.state.idle() && (replaced || session.node().isEmpty())) {
                return Optional.of(session);
            }
        }
        return Optional.empty();
    }

    private static CloseReason expired(String detail) {
        return CloseReason.of(CloseReason.Kind.CERTIFICATE_EXPIRED, detail);
    }
}
