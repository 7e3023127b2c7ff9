package io.quorate.kv;

import java.util.List;

/** A watch's answer. */
public sealed interface KvWatchBatch {

    /**
     * What has happened, in order, with nothing left out between the revision asked for and {@code nextRevision}.
     *
     * @param nextRevision ask again from here
     * @param events may be empty: then only other keys have changed, or the watch was asked to begin now, and the
     *     answer is there for its number
     */
    record Events(long nextRevision, List<KvEvent> events) implements KvWatchBatch {

        public Events {
            events = List.copyOf(events);
        }
    }

    /**
     * The store does not remember that far back. List the present state and watch on from its revision.
     *
     * @param oldestRevision the oldest revision that can be asked for
     * @param revision the store's present one
     */
    record Compacted(long oldestRevision, long revision) implements KvWatchBatch {
    }
}
