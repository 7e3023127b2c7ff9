package io.quorate.fuzz;

import java.util.Map;
import java.util.TreeMap;

/**
 * What a target's inputs have led to. A target that refuses everything at the door finds nothing and fails nobody; so
 * each of them says how much must come through, and fails if it does not. One thread.
 */
public final class Reached {

    private final Map<String, Long> counts = new TreeMap<>();

    public void count(String what) {
        counts.merge(what, 1L, Long::sum);
    }

    public void count(Enum<?> what) {
        count(what.name());
    }

    public long of(String what) {
        return counts.getOrDefault(what, 0L);
    }

    /** Asserts that each of these happened at least so many times. */
    public void require(long atLeast, String... whats) {
        for (String what : whats) {
            if (of(what) < atLeast) {
                throw new AssertionError("found " + what + " " + of(what) + " times, expected at least " + atLeast
                    + " of it among " + counts);
            }
        }
    }

    /** Asserts that each of these happened at least so many times. */
    public void require(long atLeast, Enum<?>... whats) {
        for (Enum<?> what : whats) {
            require(atLeast, what.name());
        }
    }

    /** Asserts that {@code part} is at least so many percent of {@code part} and {@code rest}. */
    public void requirePercent(int percent, String part, String rest) {
        long all = of(part) + of(rest);
        if (all == 0 || of(part) * 100 < all * percent) {
            throw new AssertionError("found " + part + " in " + of(part) + " of " + all + " cases, expected at least "
                + percent + " percent, among " + counts);
        }
    }

    @Override
    public String toString() {
        return counts.toString();
    }
}
