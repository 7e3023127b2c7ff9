package io.quorate.spi.consensus;

import io.quorate.api.Bytes;
import io.quorate.api.LogIndex;
import io.quorate.api.NodeId;
import io.quorate.api.Term;
import io.quorate.spi.wire.RpcType;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.function.Consumer;

/**
 * An agreed, durable sequence of entries.
 *
 * <p><b>Threading.</b> Everything but {@link #start} and {@link #close} is called on the node loop and does not
 * block. It may gather work and do it at the end of the loop's turn.
 */
public interface Consensus extends AutoCloseable {

    /** How many batches of committed entries may be with the host at a time. */
    int MAX_UNAPPLIED_BATCHES = 2;

    /**
     * Opens the durable state, checks it, and takes part from then on. Blocks; called once, before the loop runs or
     * on it.
     *
     * @throws ConsensusException if the state is in use, damaged, of another cluster or node, of a newer format, or
     *     with features on that this build lacks
     */
    void start() throws ConsensusException;

    /**
     * Proposes an entry. If accepted, it has a term and an index at once, and nothing more is reported: it is
     * committed if and only if {@link ConsensusHost#committed} brings an entry with that term at that index. If
     * another entry arrives at that index, this one never will.
     *
     * @param type COMMANDS, REGISTRY or SESSIONS
     * @param payload in parts; kept, not copied
     */
    ProposalResult propose(EntryType type, List<Bytes> payload);

    /**
     * Finds an index such that a state that has applied it reflects everything acknowledged before this call (thesis
     * §6.4). Works on any node; calls of one turn share one round.
     *
     * @param leaseSuffices whether a leader's lease may stand in for a round of heartbeats (thesis §6.4.1). It saves
     *     the round where leases are switched on and one is in force, and rests on clocks that do not drift further
     *     apart than is configured; otherwise it changes nothing
     * @param answer called on the loop, once: with the index, or with a reason if there was no leader or no quorum in
     *     time
     */
    void readIndex(boolean leaseSuffices, Consumer<ReadIndexResult> answer);

    /** The same without trust in clocks. */
    default void readIndex(Consumer<ReadIndexResult> answer) {
        readIndex(false, answer);
    }

    /**
     * Changes who belongs to the cluster (thesis §4). Only the leader can; one change is under way at a time, and what
     * is asked for meanwhile waits for its turn. A change of the voters goes through a joint configuration. A change
     * that would leave a majority without enough members that were heard lately is refused.
     *
     * @param force whether the change is made although it would endanger the quorum; nothing else is forced
     * @param timeoutMillis how long to wait for the outcome, 1 or more
     * @param answer called on the loop, once: {@code Done} when the final configuration is committed; {@code Unknown}
     *     when the leadership or the time ended after it was begun
     */
    void changeMembership(MembershipChange change, boolean force, long timeoutMillis,
        Consumer<AdministrationResult> answer);

    /**
     * Hands the leadership over (thesis §3.10). Proposals are refused as overloaded until another node leads, or for
     * an election timeout at most. Only the leader can.
     *
     * @param to the voter that is to lead; empty: whichever is best prepared
     * @param timeoutMillis how long to wait for the outcome, 1 or more
     * @param answer called on the loop, once: {@code Done} when that node leads (any other one, if none was named),
     *     {@code Refused} if this node still leads and nothing was risked, {@code Unknown} if the other one may lead
     *     yet, or a third one does
     */
    void transferLeadership(Optional<NodeId> to, long timeoutMillis, Consumer<AdministrationResult> answer);

    /** The procedures that this consensus serves; the host passes exactly these to {@link #serve}. */
    Set<RpcType> procedures();

    /** Serves a call from another node that the host has authorised. {@code responder} is used once, now or later. */
    void serve(NodeId from, RpcType type, Bytes request, RpcResponder responder);

    /**
     * The host's sessions to a member have appeared, or all are gone. A hint: it may speed an election, never decide
     * it.
     */
    void peerPresence(NodeId peer, boolean present);

    /**
     * The host has met a node that has data of this cluster. A consensus with nothing stored then neither founds the
     * cluster anew nor helps another one to that has nothing either: it waits for those who have the data. Holds until
     * the process ends.
     */
    void clusterExists();

    /**
     * The host has learnt which {@link Feature}s another node's build has, a member or one that may become one;
     * replaces what it said of that node before. A leader switches on what every member has, and adds nobody who lacks
     * what is on.
     */
    void peerFeatures(NodeId peer, SortedSet<String> features);

    ConsensusStatus status();

    /** Stops; blocks at most 5 seconds until what was handed to the disk is there; idempotent. */
    @Override
    void close();

    /** What became of a proposal at once. */
    sealed interface ProposalResult {

        /** It is in the leader's log, not committed yet. */
        record Accepted(Term term, LogIndex index) implements ProposalResult {
        }

        /** Nothing happened: this node does not lead, or does not yet or no longer. */
        record NotLeader(Optional<NodeId> leader) implements ProposalResult {
        }

        /** Nothing happened: too much is under way; {@code retryAfterMillis} is a hint. */
        record Overloaded(Overload cause, long retryAfterMillis) implements ProposalResult {
        }
    }

    /** What became of a read's question. */
    sealed interface ReadIndexResult {

        /** Apply up to {@code index}, then read. */
        record At(LogIndex index) implements ReadIndexResult {
        }

        /** No leader or no quorum answered in time. */
        record Unavailable(String reason) implements ReadIndexResult {
        }
    }
}
