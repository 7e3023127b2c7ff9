package io.quorate.api;

/**
 * The cluster's name. Every connection, log record and message is bound to it, so that two clusters never merge
 * by mistake; a blank one does not exist.
 *
 * @param value 1 to 63 characters of {@code a-z}, {@code 0-9} and {@code -}, as in a DNS label
 */
public record ClusterId(String value) implements Comparable<ClusterId> {

    /** @throws IllegalArgumentException if {@code value} is not such a label */
    public ClusterId {
        Names.requireLabel("cluster id", value);
    }

    @Override
    public int compareTo(ClusterId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
