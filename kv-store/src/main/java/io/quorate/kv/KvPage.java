package io.quorate.kv;

import io.quorate.api.Bytes;
import java.util.List;
import java.util.Optional;

/**
 * One page of a listing, in order of key (unsigned bytes).
 *
 * @param revision the store's revision that answered; every page has its own
 * @param entries the entries
 * @param more whether further keys follow
 */
public record KvPage(long revision, List<KvEntry> entries, boolean more) {

    public KvPage {
        entries = List.copyOf(entries);
    }

    /** The key behind which to go on, if there is more. */
    public Optional<Bytes> last() {
        return more ? Optional.of(entries.get(entries.size() - 1).key()) : Optional.empty();
    }
}
