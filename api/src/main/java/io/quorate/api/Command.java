package io.quorate.api;

/**
 * One command for the state machine. Its meaning is the state machine's alone.
 *
 * @param payload at most {@link #MAX_PAYLOAD_BYTES}
 */
public record Command(Bytes payload) {

    /** The largest payload of one command, in bytes (1 MiB). */
    public static final int MAX_PAYLOAD_BYTES = 1 << 20;

    /** @throws IllegalArgumentException if the payload is too large */
    public Command {
        if (payload.length() > MAX_PAYLOAD_BYTES) {
            throw new IllegalArgumentException("command: found " + payload.length() + " bytes, expected at most "
                + MAX_PAYLOAD_BYTES + "; split the command");
        }
    }
}
