package io.quorate.transport.quic;

import io.quorate.api.Bytes;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.Optional;

/**
 * What has been seen of one connection's handshake. The connection ID that the client chose for itself names it: the
 * client must keep it through a Retry (RFC 9000 §17.2.5.2), and the server sends to it. For one thread.
 */
final class ObservedHandshake {

    /**
     * How many of the client's Destination Connection IDs are kept until the server answers: the one before a Retry
     * and the one after it. Which of them the keys come from shows in which opens the answer.
     */
    static final int MOST_DESTINATIONS = 2;

    private final Bytes client;
    private final Deque<Bytes> destinations = new ArrayDeque<>(MOST_DESTINATIONS);
    private InitialKeys keys;
    private HelloPrefix prefix;
    private Optional<String> group = Optional.empty();
    private boolean disputed;

    ObservedHandshake(Bytes client) {
        this.client = client;
    }

    Bytes client() {
        return client;
    }

    /** Whether an Initial of the server has been opened. */
    boolean isAnswered() {
        return keys != null;
    }

    /** Whether two Initials of the server contradict each other, so that nothing is known. */
    boolean isDisputed() {
        return disputed;
    }

    Optional<String> group() {
        return disputed ? Optional.empty() : group;
    }

    /** The client has sent an Initial. */
    void asked(Bytes destination) {
        // From the server's first Initial on, the client sends to the ID that the server chose; the keys stay.
        if (isAnswered() || destinations.contains(destination)) {
            return;
        }
        if (destinations.size() == MOST_DESTINATIONS) {
            destinations.removeFirst();
        }
        destinations.addLast(destination);
    }

    /** The server has sent an Initial, or somebody has who may be it. */
    void answered(InitialPacket packet) {
        Optional<byte[]> frames = isAnswered() ? packet.open(keys) : openFirst(packet);
        if (frames.isEmpty() || disputed) {
            return;
        }
        for (CryptoFrame frame : CryptoFrame.in(frames.get())) {
            if (group.isEmpty()) {
                learn(frame);
            } else if (frame.offset() == 0) {
                compare(frame);
            }
        }
    }

    // From the newest on: after a Retry the older one is dead.
    private Optional<byte[]> openFirst(InitialPacket packet) {
        Iterator<Bytes> newestFirst = destinations.descendingIterator();
        while (newestFirst.hasNext()) {
            InitialKeys candidate = InitialKeys.of(newestFirst.next(), InitialKeys.Sender.SERVER);
            Optional<byte[]> frames = packet.open(candidate);
            if (frames.isPresent()) {
                keys = candidate;
                destinations.clear();
                return frames;
            }
        }
        return Optional.empty();
    }

    private void learn(CryptoFrame frame) {
        if (prefix == null) {
            prefix = new HelloPrefix();
        }
        if (prefix.add(frame)) {
            group = ServerHelloGroup.of(prefix.known());
        } else {
            disputed = true;
        }
        if (disputed || group.isPresent()) {
            prefix = null;
        }
    }

    // Anyone on the path can make an Initial that opens, send it ahead of the server's, and have the client's TLS
    // ignore it, with a packet number that is used already, say. TLS would agree on X25519 and this class report the
    // forged X25519MLKEM768; the true one, arriving later, is what gives it away.
    private void compare(CryptoFrame frame) {
        Optional<String> again = ServerHelloGroup.of(frame.data());
        disputed = again.isPresent() && !again.equals(group);
    }
}
