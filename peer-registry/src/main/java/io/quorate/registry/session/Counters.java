package io.quorate.registry.session;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/**
 * Counts events by name. Thread-safe and without locks on the counting path; as a {@link Consumer} it is what
 * transports count with.
 *
 * <p>Names come from closed lists in code, never from the other side of a connection, so that their number is bounded.
 */
public final class Counters implements Consumer<String> {

    private final Map<String, LongAdder> byName = new ConcurrentHashMap<>();

    /** Counts one event. */
    @Override
    public void accept(String name) {
        counter(name).increment();
    }

    /** The counter itself, for paths on which looking it up each time would show. */
    public LongAdder counter(String name) {
        LongAdder known = byName.get(name);
        return known != null ? known : byName.computeIfAbsent(name, ignored -> new LongAdder());
    }

    /** How often {@code name} was counted. */
    public long get(String name) {
        LongAdder adder = byName.get(name);
        return adder == null ? 0 : adder.sum();
    }

    /** Every counter that exists, in order of name; a copy. */
    public SortedMap<String, Long> snapshot() {
        TreeMap<String, Long> copy = new TreeMap<>();
        byName.forEach((name, adder) -> copy.put(name, adder.sum()));
        return copy;
    }
}
