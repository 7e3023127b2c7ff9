package io.quorate.transport.tcp;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoop;
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
import java.net.UnknownHostException;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * One attempt to reach an endpoint: its name is resolved, its addresses are tried in turn, and the first socket that
 * connects goes to {@link Upgrade}. All of that has one budget of time.
 *
 * <p>On one event loop, but for the resolving.
 */
final class Dial implements LiveSet.Live {

    private final Surroundings surroundings;
    private final Bootstrap bootstrap;
    private final NameResolver resolver;
    private final EventLoop loop;
    private final Endpoint target;
    private final long dialId;
    private final long beganNanos = System.nanoTime();
    private Future<?> deadline;
    private ChannelFuture connecting;
    private boolean settled;

    Dial(Surroundings surroundings, Bootstrap bootstrap, NameResolver resolver, EventLoop loop, Endpoint target,
            long dialId) {
        this.surroundings = surroundings;
        this.bootstrap = bootstrap;
        this.resolver = resolver;
        this.loop = loop;
        this.target = target;
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
            resolve();
        }
    }

    private void resolve() {
        resolver.resolve(target.host(), addresses -> loop.execute(() -> connect(addresses, 0)),
            why -> loop.execute(() -> fail(why)));
    }

    private void connect(List<InetAddress> addresses, int next) {
        if (settled) {
            return;
        }
        long leftMillis = surroundings.limits().connectMillis()
            - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - beganNanos);
        int timeoutMillis = (int) Math.max(1, leftMillis / (addresses.size() - next));
        connecting = bootstrap.clone(loop)
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, timeoutMillis)
            .handler(new Quiet())
            .connect(new InetSocketAddress(addresses.get(next), target.port()));
        connecting.addListener(future -> {
            if (settled) {
                connecting.channel().close();
            } else if (future.isSuccess()) {
                settle();
                Upgrade.begin(surroundings, connecting.channel(), Origin.DIALED, OptionalLong.of(dialId), beganNanos,
                    () -> { });
            } else if (next + 1 < addresses.size()) {
                connect(addresses, next + 1);
            } else {
                fail(reason(future.cause(), addresses.get(next)));
            }
        });
    }

    private String reason(Throwable cause, InetAddress address) {
        String at = Address.of(new InetSocketAddress(address, target.port())).text();
        if (cause instanceof ConnectTimeoutException) {
            return "found no answer at " + at + ", expected one";
        }
        if (cause instanceof ConnectException || cause instanceof NoRouteToHostException) {
            return "found nobody listening at " + at + " (" + lastWords(cause) + "), expected a node";
        }
        return "cannot connect to " + at + ": " + lastWords(cause);
    }

    /** "Connection refused" out of "finishConnect(..) failed with error(-111): Connection refused: /127.0.0.1:7400". */
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
            if (connecting != null) {
                connecting.channel().close();
            }
            surroundings.sink().onFailure(new ConnectionFailure(TcpTransportProvider.SCHEME, Origin.DIALED,
                OptionalLong.of(dialId), target.host() + ":" + target.port(), reason, detail));
        }
    }

    private void settle() {
        settled = true;
        deadline.cancel(false);
        surroundings.live().remove(this);
    }

    /** A socket that is being connected has nothing to say yet. */
    private static final class Quiet extends ChannelInboundHandlerAdapter {
        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            // The socket belongs to Upgrade from here on.
            ctx.fireChannelActive();
            ctx.pipeline().remove(this);
        }
    }
}
