package io.quorate.transport.quic;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicChannelOption;
import io.netty.handler.codec.quic.QuicServerCodecBuilder;
import io.netty.handler.codec.quic.QuicSslEngine;
import io.netty.util.AttributeKey;
import io.quorate.spi.transport.ConnectionFailure;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.TransportException;
import io.quorate.spi.transport.support.Address;
import io.quorate.spi.transport.support.Admission;
import io.quorate.spi.transport.support.Causes;
import io.quorate.spi.transport.support.ListenAddress;
import java.net.InetSocketAddress;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The socket on which connections are accepted: all of them, on one thread. Whoever asks has proved his address before
 * anything is kept for him ({@link RetryTokens}), and finds room or is turned away before TLS has done any work.
 */
final class Listener {

    private static final Logger LOG = LoggerFactory.getLogger(Listener.class);
    private static final AttributeKey<TlsContexts.Prepared> TLS = AttributeKey.valueOf("quorate.quic.tls");

    private final Surroundings surroundings;
    private final Sockets sockets;
    private final Admission admission;
    private final KeyExchangeObserver observer;
    private final RefusalReports reports = new RefusalReports(QuicLimits.REFUSAL_QUIET_MILLIS);
    private Channel socket;

    Listener(Surroundings surroundings, Admission admission) {
        this.surroundings = surroundings;
        this.sockets = surroundings.sockets();
        this.admission = admission;
        this.observer = new KeyExchangeObserver(KeyExchangeObserver.Side.LISTENING,
            surroundings.limits().maxAccepted());
    }

    /** Binds, and returns where it listens. Blocks. */
    Endpoint bind(Endpoint endpoint, EventLoopGroup loops) throws TransportException {
        InetSocketAddress address = ListenAddress.of(endpoint);
        var bound = sockets.datagrams(QuicLimits.MAX_UDP_PAYLOAD_BYTES)
            .group(loops)
            .handler(new ChannelInitializer<Channel>() {
                @Override
                protected void initChannel(Channel channel) {
                    channel.pipeline().addLast(new SmallInitials(), observer, codec());
                }
            })
            .bind(address)
            .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw ListenAddress.cannotBind(endpoint, bound.cause());
        }
        socket = bound.channel();
        return new Endpoint(QuicTransportProvider.SCHEME, endpoint.host(),
            ((InetSocketAddress) socket.localAddress()).getPort());
    }

    private ChannelHandler codec() {
        // How large datagrams become is the dialer's choice: this side takes any size, and sends what it is asked for.
        return sockets.quic(new QuicServerCodecBuilder(), QuicLimits.MAX_UDP_PAYLOAD_BYTES,
                QuicLimits.MAX_UDP_PAYLOAD_BYTES)
            .tokenHandler(new RetryTokens(QuicLimits.RETRY_TOKEN_MILLIS, System::nanoTime))
            .option(QuicChannelOption.SEGMENTED_DATAGRAM_PACKET_ALLOCATOR,
                sockets.segments(QuicLimits.LEAST_UDP_PAYLOAD_BYTES)) // until the other side's is known
            .sslEngineProvider(this::engine)
            .handler(new ChannelInitializer<QuicChannel>() {
                @Override
                protected void initChannel(QuicChannel channel) {
                    accept(channel);
                }
            })
            .build();
    }

    private QuicSslEngine engine(QuicChannel channel) {
        Address remote = Address.of(channel.remoteSocketAddress());
        // Only a question: the place is taken in accept, on this thread too, where it is sure to be given back. Whoever
        // finds none must not cost TLS and a connection of QUIC's for each time that he repeats his packet.
        switch (admission.admit(remote.host())) {
            case Admission.Full full -> {
                refused(remote, full);
                throw new NoRoom();
            }
            case Admission.Place place -> place.gone();
        }
        try {
            TlsContexts.Prepared tls = surroundings.tls().prepare(Origin.ACCEPTED);
            channel.attr(TLS).set(tls);
            return tls.engine();
        } catch (RuntimeException e) {
            LOG.error("cannot begin TLS with {} ({})", remote.text(), Origin.ACCEPTED, e);
            failed(remote, RefusalReason.TLS_FAILED, "this side's own TLS cannot begin: " + Causes.root(e)
                + "; expected a private key and a certificate chain that belong together");
            throw e;
        }
    }

    private void accept(QuicChannel channel) {
        TlsContexts.Prepared tls = channel.attr(TLS).getAndSet(null);
        InetSocketAddress peer = (InetSocketAddress) channel.remoteSocketAddress();
        Address remote = Address.of(peer);
        switch (admission.admit(remote.host())) {
            case Admission.Full full -> {
                surroundings.tls().release(tls);
                channel.close();
                refused(remote, full);
            }
            case Admission.Place place -> {
                channel.closeFuture().addListener(closed -> place.gone());
                Upgrade upgrade = new Upgrade(surroundings, channel, tls, Origin.ACCEPTED, OptionalLong.empty(), peer,
                    observer, System.nanoTime(), place::activated, QuicLimits.MAX_UDP_PAYLOAD_BYTES);
                channel.pipeline().addLast(upgrade);
                upgrade.begin();
            }
        }
    }

    private void refused(Address remote, Admission.Full full) {
        if (reports.isDue(remote.text(), System.nanoTime())) {
            failed(remote, full.reason(), full.detail());
        }
    }

    private void failed(Address remote, RefusalReason reason, String detail) {
        surroundings.sink().onFailure(new ConnectionFailure(QuicTransportProvider.SCHEME, Origin.ACCEPTED,
            OptionalLong.empty(), remote.text(), reason, detail));
    }

    /** Takes no more datagrams; connections that it has accepted must have ended before. */
    void close() {
        if (socket != null) {
            socket.close();
        }
    }

    /** Ends the making of a connection; Netty catches it and drops the packet. Nobody looks at its trace. */
    private static final class NoRoom extends RuntimeException {
        private static final long serialVersionUID = 1;

        private NoRoom() {
            super("found no room for a connection, see its failure", null, false, false);
        }
    }
}
