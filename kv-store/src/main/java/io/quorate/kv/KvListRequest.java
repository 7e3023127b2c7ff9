package io.quorate.kv;

import io.quorate.api.Bytes;
import java.util.Optional;

/**
 * What to list.
 *
 * @param prefix with what the keys begin; may be empty
 * @param after list keys behind this one alone
 * @param limit how many entries at most, 1 to {@link KvLimits#MAX_PAGE_ENTRIES}
 * @param keysOnly whether to leave the values out
 */
public record KvListRequest(Bytes prefix, Optional<Bytes> after, int limit, boolean keysOnly) {

    /** @throws IllegalArgumentException if a part is beyond its limit */
    public KvListRequest {
        Kv.requirePrefix(prefix);
        after.ifPresent(Kv::requirePrefix);
        if (limit < 1 || limit > KvLimits.MAX_PAGE_ENTRIES) {
            throw new IllegalArgumentException("limit: found " + limit + ", expected 1 to "
                + KvLimits.MAX_PAGE_ENTRIES + "; ask for the next page with the last key");
        }
    }

    /** The first page of the entries whose keys begin with {@code prefix}. */
    public static KvListRequest of(Bytes prefix) {
        return new KvListRequest(prefix, Optional.empty(), KvLimits.MAX_PAGE_ENTRIES, false);
    }

    /** The same, behind {@code key}. */
    public KvListRequest after(Bytes key) {
        return new KvListRequest(prefix, Optional.of(key), limit, keysOnly);
    }

    /** The same with another limit. */
    public KvListRequest withLimit(int other) {
        return new KvListRequest(prefix, after, other, keysOnly);
    }

    /** The same without values. */
    public KvListRequest withoutValues() {
        return new KvListRequest(prefix, after, limit, true);
    }
}
