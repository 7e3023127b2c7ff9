package io.quorate.api;

/**
 * A query's answer.
 *
 * @param appliedIndex the state that answered: every entry up to and including this one was applied
 * @param payload what {@link StateMachine#query} returned
 */
public record QueryResult(LogIndex appliedIndex, Bytes payload) {
}
