package io.quorate.spi.node;

import io.quorate.api.PeerEvent;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Hears how a node's replicated state beside the state machine's own follows from the log: the registry of peers and
 * the clients' sessions. For checking in a simulation that it is the same everywhere; production leaves it
 * {@link #NONE}.
 *
 * <p>Called on the apply thread, before anybody is told of what was applied. Must not call back.
 */
public interface StateTrace {

    /** Hears nothing. */
    StateTrace NONE = new StateTrace() { };

    /**
     * Everything up to entry {@code index} was applied.
     *
     * @param hash a hash of the registry and the sessions, which costs as much as a snapshot of them; to be asked for
     *     within this call or not at all
     */
    default void applied(long index, LongSupplier hash) {
    }

    /** A snapshot up to entry {@code index} has replaced everything; the last change in it has this number. */
    default void restored(long index, long registryNumber) {
    }

    /** What an entry has changed in the registry. */
    default void registryChanged(List<PeerEvent> changes) {
    }

    /** A command that was applied before was found in the log again and is answered from its session. */
    default void commandRepeated() {
    }

    /** By an entry so many sessions have ended that were not used for too long. */
    default void sessionsExpired(int count) {
    }
}
