package io.quorate.client;

import io.quorate.api.NodeId;
import io.quorate.api.NodeStatus;
import java.util.Optional;

/**
 * One member's answer when every member was asked: its account of itself, or why there is none.
 *
 * @param node the member
 * @param status its account; empty if it could not be had
 * @param failure why not, in words for an operator; empty if it could
 */
public record MemberStatus(NodeId node, Optional<NodeStatus> status, Optional<String> failure) {

    static MemberStatus of(NodeId node, NodeStatus status, Throwable failure) {
        Throwable cause = failure != null && failure.getCause() != null ? failure.getCause() : failure;
        return new MemberStatus(node, Optional.ofNullable(status),
            Optional.ofNullable(cause).map(why -> String.valueOf(why.getMessage())));
    }
}
