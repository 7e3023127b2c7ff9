package io.quorate.api;

/**
 * A committed command on its way into the state machine.
 *
 * @param term the term of the entry that carries it
 * @param index that entry's index; several commands may share one entry
 * @param position the command's place within its entry, from 0
 * @param payload the command
 */
public record AppliedCommand(Term term, LogIndex index, int position, Bytes payload) {
}
