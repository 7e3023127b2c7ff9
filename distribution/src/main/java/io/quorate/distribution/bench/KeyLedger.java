package io.quorate.distribution.bench;

import java.util.HashSet;
import java.util.Set;

/**
 * What one key must hold in the end. One writer at a time uses a key, so that its writes have an order. A write whose
 * outcome is not known may take effect at any later time, even after writes that were acknowledged since: then its
 * number may be what is found.
 */
final class KeyLedger {

    private long lastNumber;
    private long lastAcknowledged;
    private long acknowledged;
    private Set<Long> unknown;

    /** The number to write next; from 1. */
    long next() {
        return ++lastNumber;
    }

    void acknowledged(long number) {
        lastAcknowledged = number;
        acknowledged++;
    }

    void unknown(long number) {
        if (unknown == null) {
            unknown = new HashSet<>();
        }
        unknown.add(number);
    }

    long acknowledgedWrites() {
        return acknowledged;
    }

    /** What is wrong with what was found, or null. */
    String judge(long number, long version) {
        boolean numberFits = number == lastAcknowledged || unknown != null && unknown.contains(number);
        long most = acknowledged + (unknown == null ? 0 : unknown.size());
        boolean versionFits = version >= acknowledged && version <= most;
        if (numberFits && versionFits) {
            return null;
        }
        return "found write " + number + " at version " + version + ", expected write " + lastAcknowledged
            + (unknown == null ? "" : " or one of " + unknown.size() + " of unknown outcome") + " at version "
            + acknowledged + (most == acknowledged ? "" : " to " + most);
    }

    /** What is wrong with there being nothing, or null. */
    String judgeMissing() {
        return acknowledged == 0 ? null : "found nothing, expected write " + lastAcknowledged;
    }
}
