package io.quorate.transport.quic;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DatagramPacket;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * Learns from a UDP socket's own datagrams which key-exchange group each TLS handshake on it has agreed on, because
 * Netty's QUIC does not tell. It stands between the datagram channel and the QUIC codec and passes everything on as it
 * is, indexes of the buffers included.
 *
 * <p>The server names the group in its ServerHello, and the packets that carry it are protected with keys that follow
 * from the client's first packet (RFC 9001 §5.2); both pass here. The answer is for listings and counters, and for a
 * check by a host. It is as truthful as the path: whoever can forge packets on the path can make it empty; a host that
 * must rely on a group offers no other to TLS.
 *
 * <p>Not sharable: one for each channel. Everything runs on the channel's event loop, {@link #group} and
 * {@link #forget} too. Memory is bounded by the number of remotes; of each it keeps at most some 4 KiB during the
 * handshakes, and then connection IDs, keys that are no secret, and the name. A datagram whose first packet has a
 * short header, as all have after the handshake, costs the look at its first byte.
 */
final class KeyExchangeObserver extends ChannelDuplexHandler {

    /** Which side of its connections this socket is. */
    enum Side { DIALING, LISTENING }

    /** How many remote addresses are kept unless told otherwise; see the constructor. */
    static final int MOST_REMOTES = 1_024;

    private final Side side;
    private final int mostRemotes;
    // Two maps, so that a flood of first packets from forged addresses pushes out only its like: with Retry, a server
    // answers an address with an Initial only after it has proved to receive there (RFC 9000 §8.1.2).
    private final SequencedMap<InetSocketAddress, ObservedRemote> unanswered = new LinkedHashMap<>();
    private final SequencedMap<InetSocketAddress, ObservedRemote> answered = new LinkedHashMap<>();

    KeyExchangeObserver(Side side) {
        this(side, MOST_REMOTES);
    }

    /**
     * An observer for one socket.
     *
     * @param mostRemotes how many remote addresses are kept, the oldest dropped, of those that the server has answered
     *     and again as many of those that it has not; to be at least the number of connections that the socket admits,
     *     handshakes included
     */
    KeyExchangeObserver(Side side, int mostRemotes) {
        this.side = side;
        this.mostRemotes = mostRemotes;
    }

    /**
     * The group of the handshake with this address, known from the moment at which the handshake is complete.
     *
     * @return the group's name; empty if it was not seen, or is in doubt: the server's packets contradict each other,
     *     or several connections with this address differ
     */
    Optional<String> group(InetSocketAddress remote) {
        ObservedRemote seen = answered.get(remote);
        return seen == null ? Optional.empty() : seen.group();
    }

    /**
     * The connection with this address is gone. To be called then, or a later connection from the same port is judged
     * together with it.
     */
    void forget(InetSocketAddress remote) {
        unanswered.remove(remote);
        answered.remove(remote);
    }

    /** How many remote addresses are kept. */
    int remotes() {
        return unanswered.size() + answered.size();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
        if (message instanceof DatagramPacket packet && hasLongHeader(packet.content())) {
            observe(packet.sender(), packet.content(), side == Side.LISTENING);
        }
        super.channelRead(context, message);
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) throws Exception {
        if (message instanceof DatagramPacket packet && hasLongHeader(packet.content())) {
            observe(packet.recipient(), packet.content(), side == Side.DIALING);
        }
        super.write(context, message, promise);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        unanswered.clear();
        answered.clear();
    }

    // The first bit says it, and header protection leaves it readable (RFC 9000 §17, RFC 9001 §5.4.1).
    private static boolean hasLongHeader(ByteBuf content) {
        return content.isReadable() && content.getByte(content.readerIndex()) < 0;
    }

    private void observe(InetSocketAddress remote, ByteBuf datagram, boolean clientSends) {
        if (remote == null) {
            return;
        }
        InitialPacket.each(datagram,
            clientSends ? packet -> asked(remote, packet) : packet -> answered(remote, packet));
    }

    private void asked(InetSocketAddress remote, InitialPacket packet) {
        ObservedRemote seen = answered.getOrDefault(remote, unanswered.get(remote));
        if (seen == null) {
            seen = new ObservedRemote();
            keep(unanswered, remote, seen);
        }
        seen.of(packet.source()).asked(packet.destination());
    }

    private void answered(InetSocketAddress remote, InitialPacket packet) {
        ObservedRemote early = unanswered.get(remote);
        ObservedRemote seen = early == null ? answered.get(remote) : early;
        if (seen == null) {
            return;
        }
        ObservedHandshake handshake = seen.known(packet.destination()).orElse(null);
        if (handshake == null) {
            return;
        }
        handshake.answered(packet);
        if (early != null && handshake.isAnswered()) {
            unanswered.remove(remote);
            keep(answered, remote, early);
        }
    }

    private void keep(SequencedMap<InetSocketAddress, ObservedRemote> map, InetSocketAddress remote,
        ObservedRemote seen) {
        map.put(remote, seen);
        if (map.size() > mostRemotes) {
            map.pollFirstEntry();
        }
    }
}
