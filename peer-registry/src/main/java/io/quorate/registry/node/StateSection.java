package io.quorate.registry.node;

import io.quorate.spi.consensus.StateWriter;
import java.io.IOException;
import java.io.InputStream;

/** One named part of a node's replicated state. Apply thread only; what {@link #freeze} gives goes to another one. */
interface StateSection {

    /** What it is called in a snapshot; stored, never reused for anything else. */
    String name();

    /** Freezes the part within a bounded time; see {@link io.quorate.api.StateMachine#snapshot}. */
    StateWriter freeze();

    /**
     * Replaces the part by one that was written.
     *
     * @param in exactly what was written
     */
    void restore(InputStream in) throws IOException;
}
