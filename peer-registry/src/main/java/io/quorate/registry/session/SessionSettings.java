package io.quorate.registry.session;

import io.quorate.spi.transport.TransportLimits;

/**
 * Every limit and interval of this package, in one place, with its unit last.
 *
 * @param handshakeTimeoutMillis how long a handshake may take after TLS
 * @param maxHandshakes how many accepted connections may be in the handshake, overall. Dialed ones are bounded by the
 *     dialer and do not count here: a flood from outside must not keep this side from reaching its peers.
 * @param maxHandshakesPerSource the same, from one source address
 * @param pingIntervalMillis how often each session is pinged
 * @param unresponsiveMillis how long a session may bring no byte before it is closed
 * @param confirmTimeoutMillis how long a session may stay without its first pong before it is closed
 * @param minConnections how many connections (on transports with many streams to a connection: streams) are kept ready
 *     for calls to each target
 * @param maxConnections how many at most, when calls wait for them
 * @param reservedUrgent how many of them are never taken by NORMAL and BULK calls
 * @param reservedNormal how many more are never taken by BULK calls
 * @param idleShrinkMillis how long a connection above the minimum may be without use before it is closed
 * @param maxQueuedCallsPerLane how many calls to one peer may wait for a connection, for each lane
 * @param maxSessionsPerLink how many connections one process of a peer may hold to this side, both directions together
 * @param maxServedCallsPerLink how many calls of one peer's process may be served at a time
 * @param dialBackoffMinMillis how long to wait after the first failed round of dialing a target's endpoints
 * @param dialBackoffMaxMillis how long at most, doubling
 * @param dialSelfBackoffMillis how long to leave a target alone at which this very process answered
 */
public record SessionSettings(
    long handshakeTimeoutMillis,
    int maxHandshakes,
    int maxHandshakesPerSource,
    long pingIntervalMillis,
    long unresponsiveMillis,
    long confirmTimeoutMillis,
    int minConnections,
    int maxConnections,
    int reservedUrgent,
    int reservedNormal,
    long idleShrinkMillis,
    int maxQueuedCallsPerLane,
    int maxSessionsPerLink,
    int maxServedCallsPerLink,
    long dialBackoffMinMillis,
    long dialBackoffMaxMillis,
    long dialSelfBackoffMillis) {

    /** @throws IllegalArgumentException if they contradict each other */
    public SessionSettings {
        require(handshakeTimeoutMillis > 0, "handshakeTimeoutMillis above 0");
        require(maxHandshakes > 0 && maxHandshakesPerSource > 0, "room for at least one handshake");
        require(pingIntervalMillis >= 2 && unresponsiveMillis >= 2 * pingIntervalMillis,
            "unresponsiveMillis of at least two pings");
        require(confirmTimeoutMillis >= pingIntervalMillis, "confirmTimeoutMillis of at least one ping");
        require(reservedUrgent >= 0 && reservedNormal >= 0 && minConnections > reservedUrgent
            && maxConnections >= minConnections && maxConnections > reservedUrgent + reservedNormal,
            "minConnections above reservedUrgent, maxConnections above both reserves");
        require(idleShrinkMillis > 0, "idleShrinkMillis above 0");
        require(maxQueuedCallsPerLane > 0 && maxServedCallsPerLink > 0
            && maxSessionsPerLink >= 2 * maxConnections, "room for at least one call, and for both sides' connections");
        require(dialBackoffMinMillis > 0 && dialBackoffMaxMillis >= dialBackoffMinMillis
            && dialSelfBackoffMillis >= dialBackoffMaxMillis, "dial backoffs in ascending order");
    }

    /** For a node. */
    public static SessionSettings forNode() {
        return new SessionSettings(2_000, TransportLimits.MAX_PENDING_ACCEPTED,
            TransportLimits.MAX_PENDING_ACCEPTED_PER_SOURCE, 500, 1_500, 3_000, 2, 8, 1, 1, 30_000, 1_024, 64, 1_024,
            50, 1_000, 30_000);
    }

    /** For a client: begins with one connection to each target, and one is enough for any call but a waiting one. */
    public static SessionSettings forClient() {
        return new SessionSettings(2_000, TransportLimits.MAX_PENDING_ACCEPTED,
            TransportLimits.MAX_PENDING_ACCEPTED_PER_SOURCE, 500, 1_500, 3_000, 1, 8, 0, 1, 30_000, 4_096, 64, 1_024,
            50, 1_000, 30_000);
    }

    private static void require(boolean holds, String expected) {
        if (!holds) {
            throw new IllegalArgumentException("session settings contradict each other; expected " + expected);
        }
    }
}
