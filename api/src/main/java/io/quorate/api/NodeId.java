package io.quorate.api;

/**
 * A node's name, unique in its cluster and stable across restarts. It is the last segment of the node's SPIFFE
 * identity.
 *
 * @param value 1 to 63 characters of {@code a-z}, {@code 0-9} and {@code -}, as in a DNS label
 */
public record NodeId(String value) implements Comparable<NodeId> {

    /** @throws IllegalArgumentException if {@code value} is not such a label */
    public NodeId {
        Names.requireLabel("node id", value);
    }

    @Override
    public int compareTo(NodeId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
