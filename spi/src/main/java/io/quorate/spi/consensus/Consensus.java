package io.quorate.spi.consensus;

import io.quorate.api.Bytes;
import io.quorate.api.LogIndex;
import io.quorate.api.NodeId;
import io.quorate.api.Term;
import io.quorate.spi.wire.RpcType;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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
     * @throws ConsensusException if the state is in use, damaged, of another cluster or node, or of a newer format
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
     * @param answer called on the loop, once: with the index, or with empty if there was no leader or no quorum in time
     */
    void readIndex(Consumer<ReadIndexResult> answer);

    /** The procedures that this consensus serves; the host passes exactly these to {@link #serve}. */
    Set<RpcType> procedures();

    /** Serves a call from another node that the host has authorised. {@code responder} is used once, now or later. */
    void serve(NodeId from, RpcType type, Bytes request, RpcResponder responder);

    /**
     * The host's sessions to a member have appeared, or all are gone. A hint: it may speed an election, never decide
     * it.
     */
    void peerPresence(NodeId peer, boolean present);

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
        record Overloaded(String what, long retryAfterMillis) implements ProposalResult {
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
