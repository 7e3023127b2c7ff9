package io.quorate.kv;

import io.quorate.api.Bytes;

/**
 * One mutation.
 *
 * @param kind what happened
 * @param key to which key
 * @param value the value put; empty for a delete
 * @param version the key's version after it; 0 for a delete
 * @param revision the mutation's number
 */
public record KvEvent(Kind kind, Bytes key, Bytes value, long version, long revision) {

    /** The closed set of mutations. */
    public enum Kind {
        /** The key has a new value. */
        PUT,
        /** The key is gone. */
        DELETE
    }
}
