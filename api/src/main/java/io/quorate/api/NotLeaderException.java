package io.quorate.api;

import java.util.Optional;

/**
 * The asked node is not the leader and could not pass the operation on. Nothing happened; ask {@link #leader()}.
 */
public final class NotLeaderException extends ControlPlaneException {

    private static final long serialVersionUID = 1L;

    private final transient NodeId leader;

    /** @param leader the leader as far as is known, or null */
    public NotLeaderException(String message, NodeId leader) {
        super(message);
        this.leader = leader;
    }

    /** The leader as far as the asked node knows. */
    public Optional<NodeId> leader() {
        return Optional.ofNullable(leader);
    }
}
