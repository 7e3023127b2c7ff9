package io.quorate.registry.directory;

import io.quorate.api.NodeId;
import io.quorate.api.Peer;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The registry after some entry of the log. Immutable.
 *
 * @param number the number of the last change
 * @param records in order of node id
 */
public record RegistrySnapshot(long number, SortedMap<NodeId, Entry> records) {

    /** The registry before anything was agreed. */
    public static final RegistrySnapshot EMPTY = new RegistrySnapshot(0, new TreeMap<>());

    /**
     * A record.
     *
     * @param revision counts the record's own changes, from 1
     */
    public record Entry(Peer peer, long revision) {
    }

    public RegistrySnapshot {
        records = Collections.unmodifiableSortedMap(new TreeMap<>(records));
    }

    public Optional<Entry> get(NodeId id) {
        return Optional.ofNullable(records.get(id));
    }

    /** The records in order of node id. */
    public List<Peer> peers() {
        return records.values().stream().map(Entry::peer).toList();
    }
}
