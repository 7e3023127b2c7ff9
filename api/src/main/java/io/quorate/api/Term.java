package io.quorate.api;

/**
 * A Raft term (thesis §3.3): a logical clock that only grows. 0 is the time before the first election.
 *
 * @param value 0 or more
 */
public record Term(long value) implements Comparable<Term> {

    public static final Term ZERO = new Term(0);

    /** @throws IllegalArgumentException if {@code value} is negative */
    public Term {
        if (value < 0) {
            throw new IllegalArgumentException("term: found " + value + ", expected 0 or more");
        }
    }

    /** The one after this. */
    public Term next() {
        return new Term(Math.addExact(value, 1));
    }

    @Override
    public int compareTo(Term other) {
        return Long.compare(value, other.value);
    }

    @Override
    public String toString() {
        return Long.toString(value);
    }
}
