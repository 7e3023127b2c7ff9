package io.quorate.transport.quic;

import io.quorate.api.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The handshakes with one remote address; usually one. For one thread. */
final class ObservedRemote {

    /** How many are followed at a time; of more, those that no server has answered make room first. */
    static final int MOST_HANDSHAKES = 4;

    private final List<ObservedHandshake> handshakes = new ArrayList<>(1);

    /** The handshake of this client's connection ID; a new one if there is none. */
    ObservedHandshake of(Bytes client) {
        return known(client).orElseGet(() -> {
            if (handshakes.size() == MOST_HANDSHAKES) {
                ObservedHandshake victim = handshakes.stream().filter(one -> !one.isAnswered()).findFirst()
                    .orElse(handshakes.getFirst());
                handshakes.remove(victim);
            }
            ObservedHandshake added = new ObservedHandshake(client);
            handshakes.add(added);
            return added;
        });
    }

    Optional<ObservedHandshake> known(Bytes client) {
        return handshakes.stream().filter(one -> one.client().equals(client)).findFirst();
    }

    /**
     * The group on which all answered handshakes with this address agree. A peer that opens two connections from one
     * socket, one with a post-quantum exchange and one without, does not get the better name for both.
     */
    Optional<String> group() {
        List<Optional<String>> groups =
            handshakes.stream().filter(ObservedHandshake::isAnswered).map(ObservedHandshake::group).distinct().toList();
        return groups.size() == 1 ? groups.getFirst() : Optional.empty();
    }
}
