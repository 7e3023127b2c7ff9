package io.quorate.testing.transport;

/** A group of rules. */
interface Rules {

    /** What the current test works with. */
    Bench bench();
}
