package io.quorate.raft.core;

import io.quorate.api.NodeId;
import io.quorate.spi.consensus.ConsensusStatus;

/**
 * What a node is at present; one object for one stay in a role, so nothing of an earlier stay can linger.
 *
 * <table>
 * <caption>Transitions, all made by {@link RaftCore}</caption>
 * <tr><th>from</th><th>when</th><th>to</th></tr>
 * <tr><td>Follower</td><td>election timeout, or 20 to 100 ms after the leader's sessions are gone; only a voter with
 *     room on its disk</td><td>Candidate, asking for pre-votes</td></tr>
 * <tr><td>Candidate, asking for pre-votes</td><td>a majority would vote for it</td>
 *     <td>Candidate in the next term</td></tr>
 * <tr><td>Candidate, asking for pre-votes</td><td>no majority, or timeout</td>
 *     <td>the same anew, later and later</td></tr>
 * <tr><td>Candidate</td><td>its own vote is durable and a majority votes for it</td><td>Leader</td></tr>
 * <tr><td>Candidate</td><td>no majority, or timeout</td><td>Candidate, asking for pre-votes</td></tr>
 * <tr><td>Candidate</td><td>a leader of its term speaks</td><td>Follower of it</td></tr>
 * <tr><td>Leader</td><td>no quorum answered within an election timeout; or the disk is full while a majority could go
 *     on; or a configuration without it is committed</td><td>Follower of nobody, same term</td></tr>
 * <tr><td>any</td><td>a higher term, except in a pre-vote and in a vote's request that loyalty refuses</td>
 *     <td>Follower in that term</td></tr>
 * </table>
 */
sealed interface Role permits Follower, Candidate, Leader {

    ConsensusStatus.Role kind();

    /** The leader of the term as far as is known, or null. */
    NodeId leader();

    /** When {@link #tick} has something to do; {@link Long#MAX_VALUE}: not by time alone. */
    long deadlineNanos();

    void tick(long now);
}
