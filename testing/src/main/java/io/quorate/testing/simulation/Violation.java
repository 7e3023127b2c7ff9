package io.quorate.testing.simulation;

/** An invariant does not hold: what was found and what was expected. */
final class Violation extends AssertionError {

    private static final long serialVersionUID = 1L;

    Violation(String rule, String found) {
        super(rule + ": " + found);
    }
}
