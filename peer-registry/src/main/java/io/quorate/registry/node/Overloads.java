package io.quorate.registry.node;

import io.quorate.spi.consensus.Overload;

/**
 * The names under which a node counts what it could not take. Those of answers say how many callers were told
 * {@code Overloaded}, by what was full; {@link #deferred} counts what the consensus refused and the node kept, to try
 * it again.
 */
final class Overloads {

    private static final String ANSWERED = "overloaded.";
    private static final String DEFERRED = "proposals.deferred.";

    private Overloads() {
    }

    /** A caller was told that there is no room for so many of them. */
    static String count(String what) {
        return ANSWERED + what;
    }

    /** A caller was told that there is no room for so many bytes of them. */
    static String bytes(String what) {
        return ANSWERED + what + "-bytes";
    }

    /** A caller was told that the consensus has taken nothing for too long. */
    static String answered(Overload cause) {
        return ANSWERED + cause.label();
    }

    /** The consensus took nothing, and it is tried again. */
    static String deferred(Overload cause) {
        return DEFERRED + cause.label();
    }
}
