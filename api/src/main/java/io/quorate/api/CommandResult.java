package io.quorate.api;

/**
 * A command's outcome: it was committed at {@code index} and applied exactly once there.
 *
 * @param index the log entry that carried the command; several commands may share one entry
 * @param payload what {@link StateMachine#apply} returned
 */
public record CommandResult(LogIndex index, Bytes payload) {
}
