package io.quorate.testing.simulation;

import io.quorate.testing.time.VirtualWorld;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** What has happened in a run: the last of it in words, all of it in a hash, and how often what. */
final class Timeline {

    private static final int MOST_LINES = 400;
    private static final long HASH_PRIME = 0x9E3779B97F4A7C15L;

    private final VirtualWorld world;
    private final ArrayDeque<String> lines = new ArrayDeque<>();
    private final Map<String, Long> counts = new TreeMap<>();
    private long hash = HASH_PRIME;

    Timeline(VirtualWorld world) {
        this.world = world;
    }

    /** Something that a reader of a failure wants to see. */
    void add(String who, String what) {
        mix(who);
        mix(what);
        String line = String.format("%13.6f  %-4s %s", world.clock().nanoTime() / 1e9, who, what);
        lines.add(line);
        if (lines.size() > MOST_LINES) {
            lines.poll();
        }
    }

    void count(String what) {
        counts.merge(what, 1L, Long::sum);
    }

    void mix(String text) {
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * HASH_PRIME;
        }
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
        return Collections.unmodifiableSortedMap(new TreeMap<>(counts));
    }

    /** The last lines, the oldest first. */
    String text() {
        return String.join("\n", lines);
    }
}
