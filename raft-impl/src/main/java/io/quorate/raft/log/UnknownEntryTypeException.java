package io.quorate.raft.log;

import io.quorate.api.MalformedBytesException;

/**
 * A whole entry of this cluster, of a type that this build does not know: a later build has written it. Skipping it
 * would let this replica diverge, and refusing it would have the leader send it for ever: the node has to stop.
 */
public final class UnknownEntryTypeException extends MalformedBytesException {

    private static final long serialVersionUID = 1L;

    UnknownEntryTypeException(long index, long term, int typeCode) {
        super(describe(index, term, typeCode));
    }

    static String describe(long index, long term, int typeCode) {
        return "found entry " + index + " of term " + term + " with the type " + typeCode + ", expected a type "
            + "that this build knows; a later build has written it: start this node with that build. Its "
            + "data stays as it is";
    }
}
