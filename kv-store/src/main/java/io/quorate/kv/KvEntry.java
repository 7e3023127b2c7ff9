package io.quorate.kv;

import io.quorate.api.Bytes;

/**
 * A key and what it holds.
 *
 * @param key the key
 * @param value the value; empty in a listing of keys alone
 * @param createRevision the mutation that created it
 * @param modRevision the mutation that changed it last
 * @param version how often it was changed since, its creation included
 */
public record KvEntry(Bytes key, Bytes value, long createRevision, long modRevision, long version) {
}
