package io.quorate.registry.session;

import io.quorate.spi.transport.CloseReason;

/**
 * Hears of sessions. Called on the loop, in order: for one session admitted, then at most once confirmed, then closed,
 * each once. When a newer incarnation replaces an older one, the older sessions' ends come before the newer one's
 * admission.
 *
 * <p>An event is a hint to look; what counts is {@link Sessions#presence()}, which can be read again at any time. A
 * reader that does so after each event, and now and then, loses nothing if it misses one. Sessions of clients and
 * operators are told too: {@link PeerSession#node()} is empty for them, and they are no peers.
 */
public interface SessionListener {

    /** Both sides have accepted; {@link Sessions#presence()} shows it already. */
    default void sessionAdmitted(PeerSession session) {
    }

    /** A round trip on the session has succeeded: the second confirmation. */
    default void sessionConfirmed(PeerSession session) {
    }

    /** The session is gone; {@link Sessions#presence()} no longer counts it. */
    default void sessionClosed(PeerSession session, CloseReason reason) {
    }

    /** A connection has not become a session. Told every time; {@link RefusalEvent#repeats} says how often before. */
    default void refused(RefusalEvent event) {
    }
}
