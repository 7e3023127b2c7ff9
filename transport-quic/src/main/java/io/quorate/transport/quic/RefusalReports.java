package io.quorate.transport.quic;

import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.concurrent.TimeUnit;

/**
 * Which refusals of connections that found no room are told. One that is turned away asks again and again with the same
 * packet (RFC 9002 §6.2), which is one attempt and not several. For one thread.
 */
final class RefusalReports {

    private static final int MOST = 1_024;

    private final SequencedMap<String, Long> told = new LinkedHashMap<>();
    private final long quietNanos;

    /** @param quietMillis how long the same address is not told again */
    RefusalReports(long quietMillis) {
        this.quietNanos = TimeUnit.MILLISECONDS.toNanos(quietMillis);
    }

    /** Whether a refusal of {@code address}, with its port, is told at {@code nanos}. */
    boolean isDue(String address, long nanos) {
        Long before = told.get(address);
        if (before != null && nanos - before < quietNanos) {
            return false;
        }
        told.putLast(address, nanos);
        if (told.size() > MOST) {
            told.pollFirstEntry();
        }
        return true;
    }
}
