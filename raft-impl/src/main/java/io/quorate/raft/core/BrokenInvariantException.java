package io.quorate.raft.core;

/**
 * Something that cannot be while every node keeps Raft's rules. The node must stop before it does harm; the message
 * says what was found and what was expected.
 */
public final class BrokenInvariantException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public BrokenInvariantException(String message) {
        super(message);
    }
}
