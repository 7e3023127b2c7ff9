package io.quorate.api;

/**
 * One change of a member's record, numbered by the replicated registry: every node gives the same change the same
 * number.
 *
 * @param number from 1, without gaps
 * @param previous the status before
 * @param peer the record after
 */
public record PeerEvent(long number, PeerStatus previous, Peer peer) {
}
