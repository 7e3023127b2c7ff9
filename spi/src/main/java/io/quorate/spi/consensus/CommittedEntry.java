package io.quorate.spi.consensus;

import io.quorate.api.Bytes;
import io.quorate.api.LogIndex;
import io.quorate.api.Term;

/** A committed entry: every node that gets past {@code index} gets this very entry there. */
public record CommittedEntry(Term term, LogIndex index, EntryType type, Bytes payload) {
}
