package io.quorate.client;

import io.quorate.api.Bytes;
import io.quorate.api.NodeId;
import java.util.List;

/** A batch on its way to a node and back. Loop only. */
final class Flight<P extends Pending<?>> {

    /** In the order of their deadlines. */
    final List<P> items;

    /** The encoded request; dropped when it was handed on. */
    List<Bytes> request;
    NodeId node;

    /** When it was sent, or when its silence was last noticed. */
    long heardNanos;

    /** Whether it has been silent for so long that another node would be better. */
    boolean suspected;

    /** How many of the items, from the first one on, have ended already because their time was over. */
    int expired;

    Flight(List<P> items, List<Bytes> request) {
        this.items = items;
        this.request = request;
    }

    /** Those that still wait. */
    List<P> open() {
        return items.subList(expired, items.size());
    }
}
