package io.quorate.transport.quic;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicChannelOption;
import io.netty.handler.codec.quic.QuicClientCodecBuilder;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.Future;
import io.quorate.spi.transport.ConnectionFailure;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.support.Address;
import io.quorate.spi.transport.support.Causes;
import io.quorate.spi.transport.support.LiveSet;
import io.quorate.spi.transport.support.NameResolver;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.PortUnreachableException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One attempt to reach an endpoint: its name is resolved, its addresses are tried in turn, and the first one that
 * answers goes on in {@link Upgrade}. All of that has one budget of time. Each attempt has a UDP socket of its own,
 * connected, so that the kernel tells when nobody listens there.
 *
 * <p>On one event loop, but for the resolving.
 */
final class Dial implements LiveSet.Live {

    private static final Logger LOG = LoggerFactory.getLogger(Dial.class);

    private static final int LONG_HEADER = 0x80;
    private static final int MAX_SHOWN_BYTES = 24;

    private final Surroundings surroundings;
    private final Sockets sockets;
    private final NameResolver resolver;
    private final EventLoop loop;
    private final Endpoint target;
    private final OptionalInt payloadBytes;
    private final long dialId;
    private final long beganNanos = System.nanoTime();
    private Future<?> deadline;
    private Future<?> attemptDeadline;
    private Channel attempt;
    private boolean settled;

    /** @param payloadBytes how large datagrams may become; empty to go by the address */
    Dial(Surroundings surroundings, NameResolver resolver, EventLoop loop, Endpoint target,
            OptionalInt payloadBytes, long dialId) {
        this.surroundings = surroundings;
        this.sockets = surroundings.sockets();
        this.resolver = resolver;
        this.loop = loop;
        this.target = target;
        this.payloadBytes = payloadBytes;
        this.dialId = dialId;
    }

    void begin() {
        surroundings.live().add(this);
        long millis = surroundings.limits().connectMillis();
        deadline = loop.schedule(() -> fail("found no answer within " + millis + " ms, expected one"), millis,
            TimeUnit.MILLISECONDS);
        byte[] literal = NetUtil.createByteArrayFromIpAddressString(target.host());
        if (literal != null) {
            try {
                connect(List.of(InetAddress.getByAddress(target.host(), literal)), 0);
            } catch (UnknownHostException e) {
                fail("found an address of " + literal.length + " bytes, expected 4 or 16");
            }
        } else {
            resolver.resolve(target.host(), addresses -> loop.execute(() -> connect(addresses, 0)),
                why -> loop.execute(() -> fail(why)));
        }
    }

    private void connect(List<InetAddress> addresses, int next) {
        if (settled) {
            return;
        }
        InetSocketAddress peer = new InetSocketAddress(addresses.get(next), target.port());
        int payload = payloadBytes.orElse(peer.getAddress().isLoopbackAddress()
            ? QuicLimits.LOOPBACK_UDP_PAYLOAD_BYTES : QuicLimits.NETWORK_UDP_PAYLOAD_BYTES);
        TlsContexts.Prepared tls;
        try {
            tls = surroundings.tls().prepare(Origin.DIALED);
        } catch (RuntimeException e) {
            LOG.error("cannot begin TLS with {}", target, e);
            fail(RefusalReason.TLS_FAILED, "this side's own TLS cannot begin: " + Causes.root(e)
                + "; expected a private key and a certificate chain that belong together");
            return;
        }
        KeyExchangeObserver observer = new KeyExchangeObserver(KeyExchangeObserver.Side.DIALING);
        Attempt tried = new Attempt(addresses, next, peer, payload, tls, observer);
        Bootstrap bootstrap = sockets.datagrams(payload).group(loop).handler(tried.initializer());
        ChannelFuture connected = bootstrap.connect(peer);
        attempt = connected.channel();
        attempt.closeFuture().addListener(closed -> surroundings.tls().release(tls));
        if (next + 1 < addresses.size()) {
            long leftMillis = surroundings.limits().connectMillis()
                - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - beganNanos);
            attemptDeadline = loop.schedule(() -> tried.refused("found no answer at " + Address.of(peer).text()
                + ", expected one"), Math.max(1, leftMillis / (addresses.size() - next)), TimeUnit.MILLISECONDS);
        }
        connected.addListener(future -> {
            if (future.isSuccess()) {
                tried.begin(connected.channel());
            } else {
                tried.refused(future.cause());
            }
        });
    }

    /** One address. */
    private final class Attempt {
        private final List<InetAddress> addresses;
        private final int number;
        private final InetSocketAddress peer;
        private final int payload;
        private final TlsContexts.Prepared tls;
        private final KeyExchangeObserver observer;
        private Upgrade upgrade;
        private boolean over;
        private boolean answered;

        private Attempt(List<InetAddress> addresses, int number, InetSocketAddress peer, int payload,
                TlsContexts.Prepared tls, KeyExchangeObserver observer) {
            this.addresses = addresses;
            this.number = number;
            this.peer = peer;
            this.payload = payload;
            this.tls = tls;
            this.observer = observer;
        }

        private ChannelInitializer<Channel> initializer() {
            return new ChannelInitializer<>() {
                @Override
                protected void initChannel(Channel channel) {
                    channel.pipeline().addLast(new Arrival(Attempt.this::answered, Attempt.this::refused), observer,
                        sockets.quic(new QuicClientCodecBuilder(), payload, payload)
                            .sslEngineProvider(quic -> tls.engine())
                            .build());
                }
            };
        }

        private void begin(Channel socket) {
            if (over || settled) {
                socket.close();
                return;
            }
            Future<QuicChannel> connecting = QuicChannel.newBootstrap(socket)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0)
                .option(QuicChannelOption.SEGMENTED_DATAGRAM_PACKET_ALLOCATOR,
                    sockets.segments(QuicLimits.LEAST_UDP_PAYLOAD_BYTES)) // until the other side's is known
                .handler(new ChannelInitializer<QuicChannel>() {
                    @Override
                    protected void initChannel(QuicChannel channel) {
                        upgrade = new Upgrade(surroundings, channel, tls, Origin.DIALED, OptionalLong.of(dialId), peer,
                            observer, beganNanos, () -> { }, payload);
                        channel.pipeline().addLast(upgrade);
                        channel.closeFuture().addListener(closed -> socket.close());
                    }
                })
                .remoteAddress(peer)
                .connect();
            connecting.addListener(future -> {
                if (future.isSuccess()) {
                    return;
                }
                if (answered) {
                    upgrade.failed(future.cause());
                } else {
                    refused(future.cause());
                }
            });
        }

        private void answered(ByteBuf first) {
            if (!over && !settled && !isQuic(first)) {
                over = true;
                fail(RefusalReason.TLS_NOT_SPOKEN, "found " + shown(first) + ", expected QUIC");
            } else if (!over && !settled && upgrade != null) {
                answered = true;
                upgrade.begin();
                settle(); // behind it: one of the two is told if the transport ends
            }
        }

        private void refused(Throwable cause) {
            if (answered) {
                LOG.debug("{}: the socket to {} failed", target, peer, cause);
            } else {
                refused(reason(cause, peer));
            }
        }

        private void refused(String why) {
            if (over || settled) {
                return;
            }
            over = true;
            attempt.close();
            if (number + 1 < addresses.size()) {
                connect(addresses, number + 1);
            } else {
                fail(why);
            }
        }
    }

    /** Before the handshake is done a server sends packets with long headers alone (RFC 9000 §17.2). */
    private static boolean isQuic(ByteBuf first) {
        return first.isReadable() && (first.getByte(first.readerIndex()) & LONG_HEADER) != 0;
    }

    private static String shown(ByteBuf first) {
        int size = Math.min(first.readableBytes(), MAX_SHOWN_BYTES);
        String text = first.toString(first.readerIndex(), size, StandardCharsets.ISO_8859_1);
        String line = text.lines().findFirst().orElse("").replaceAll("[^\\x20-\\x7E]", "?");
        return "an answer that begins with \"" + line + "\"";
    }

    private static String reason(Throwable cause, InetSocketAddress peer) {
        String at = Address.of(peer).text();
        if (cause instanceof PortUnreachableException || cause instanceof ConnectException
            || cause instanceof NoRouteToHostException) {
            return "found nobody listening at " + at + " (" + lastWords(cause) + "), expected a node";
        }
        return "cannot connect to " + at + ": " + lastWords(cause);
    }

    /** "Connection refused" out of "recvmmsg(..) failed with error(-111): Connection refused". */
    private static String lastWords(Throwable cause) {
        return Causes.root(cause).replaceAll("^.*error\\(-?\\d+\\): ", "").replaceAll(": \\S*/\\S+$", "");
    }

    @Override
    public void shutDown() {
        loop.execute(() -> fail(RefusalReason.SHUTTING_DOWN, "this node is stopping"));
    }

    private void fail(String detail) {
        fail(RefusalReason.CONNECT_FAILED, detail);
    }

    private void fail(RefusalReason reason, String detail) {
        if (!settled) {
            settle();
            if (attempt != null) {
                attempt.close();
            }
            surroundings.sink().onFailure(new ConnectionFailure(QuicTransportProvider.SCHEME, Origin.DIALED,
                OptionalLong.of(dialId), target.host() + ":" + target.port(), reason, detail));
        }
    }

    private void settle() {
        settled = true;
        deadline.cancel(false);
        if (attemptDeadline != null) {
            attemptDeadline.cancel(false);
        }
        surroundings.live().remove(this);
    }
}
