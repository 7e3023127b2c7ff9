package io.quorate.api;

/**
 * A position in the replicated log (thesis §3.5). The first entry has index 1; 0 is the place before it.
 *
 * @param value 0 or more
 */
public record LogIndex(long value) implements Comparable<LogIndex> {

    public static final LogIndex ZERO = new LogIndex(0);

    /** @throws IllegalArgumentException if {@code value} is negative */
    public LogIndex {
        if (value < 0) {
            throw new IllegalArgumentException("index: found " + value + ", expected 0 or more");
        }
    }

    /** The one after this. */
    public LogIndex next() {
        return new LogIndex(Math.addExact(value, 1));
    }

    @Override
    public int compareTo(LogIndex other) {
        return Long.compare(value, other.value);
    }

    @Override
    public String toString() {
        return Long.toString(value);
    }
}
