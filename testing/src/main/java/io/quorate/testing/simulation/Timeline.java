package io.quorate.testing.simulation;

import io.quorate.testing.time.VirtualWorld;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What has happened in a run: the last of it in words, all of it in a hash, and how often what. */
final class Timeline {

    private static final int MOST_LINES = 400;
    private static final double NANOS_PER_SECOND = 1e9;
    private static final long HASH_PRIME = 0x9E3779B97F4A7C15L;

    /** Put into words only when a failure is told: nearly all lines are never read. */
    private record Line(long nanos, String who, Object what) {

        String text() {
            return String.format("%13.6f  %-4s %s", nanos / NANOS_PER_SECOND, who, what);
        }
    }

    private final VirtualWorld world;
    private final ArrayDeque<Line> lines = new ArrayDeque<>();
    private final Map<String, long[]> counts = new HashMap<>();
    private long hash = HASH_PRIME;

    Timeline(VirtualWorld world) {
        this.world = world;
    }

    /** Something that a reader of a failure wants to see. */
    void add(String who, String what) {
        mix(who);
        mix(what);
        show(who, what);
    }

    /**
     * The same for what was mixed in otherwise.
     *
     * @param what says in words what it is, and never changes
     */
    void show(String who, Object what) {
        lines.add(new Line(world.clock().nanoTime(), who, what));
        if (lines.size() > MOST_LINES) {
            lines.poll();
        }
    }

    long nowNanos() {
        return world.clock().nanoTime();
    }

    void count(String what) {
        counts.computeIfAbsent(what, fresh -> new long[1])[0]++;
    }

    void mix(String text) {
        mix(text.hashCode());
        mix(world.clock().nanoTime());
    }

    void mix(long number) {
        hash = (hash ^ number) * HASH_PRIME;
        hash ^= hash >>> 29;
    }

    /** The same for two runs only if all that was noted was the same, at the same times, in the same order. */
    long hash() {
        return hash;
    }

    SortedMap<String, Long> counts() {
        TreeMap<String, Long> sorted = new TreeMap<>();
        counts.forEach((what, often) -> sorted.put(what, often[0]));
        return Collections.unmodifiableSortedMap(sorted);
    }

    /** The last lines, the oldest first. */
    String text() {
        return lines.stream().map(Line::text).collect(Collectors.joining("\n"));
    }
}
