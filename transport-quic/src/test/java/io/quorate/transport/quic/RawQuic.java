package io.quorate.transport.quic;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.handler.codec.quic.BoringSSLContextOption;
import io.netty.handler.codec.quic.InsecureQuicTokenHandler;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicClientCodecBuilder;
import io.netty.handler.codec.quic.QuicCodecBuilder;
import io.netty.handler.codec.quic.QuicConnectionCloseEvent;
import io.netty.handler.codec.quic.QuicServerCodecBuilder;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamResetException;
import io.netty.handler.codec.quic.QuicStreamType;
import io.netty.handler.ssl.ClientAuth;
import io.quorate.api.Bytes;
import io.quorate.spi.transport.TlsCredentials;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameDecoder;
import io.quorate.spi.wire.FrameEncoder;
import io.quorate.spi.wire.WireException;
import io.quorate.testing.identity.TestCertificateAuthority;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/** The other side made by hand: a QUIC peer that may open any stream and write anything on it. */
final class RawQuic implements AutoCloseable {

    static final String ALPN = "quorate-quic/1";

    final LinkedBlockingQueue<QuicChannel> connected = new LinkedBlockingQueue<>();
    final LinkedBlockingQueue<Stream> streams = new LinkedBlockingQueue<>();
    final LinkedBlockingQueue<QuicConnectionCloseEvent> closes = new LinkedBlockingQueue<>();
    final LinkedBlockingQueue<Throwable> failures = new LinkedBlockingQueue<>();
    private final MultiThreadIoEventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private Channel socket;
    private QuicChannel channel;

    /** A client as it should be, behind its handshake. */
    static RawQuic connected(TlsCredentials credentials, int port) {
        RawQuic client = new RawQuic();
        client.dial(context(true, credentials, builder -> builder), port, false);
        client.channel = TestNode.await(client.connected, "the handshake");
        return client;
    }

    /** A client that may fail in any way. */
    static RawQuic dialing(QuicSslContext context, int port) {
        RawQuic client = new RawQuic();
        client.dial(context, port, false);
        return client;
    }

    /** TLS with {@code credentials} (null: without a certificate) that trusts everybody. */
    static QuicSslContext context(boolean client, TlsCredentials credentials,
            UnaryOperator<QuicSslContextBuilder> more) {
        X509Certificate[] chain = credentials == null ? null
            : credentials.chain().toArray(X509Certificate[]::new);
        QuicSslContextBuilder builder;
        if (!client) {
            builder = QuicSslContextBuilder.forServer(credentials.key(), null, chain).clientAuth(ClientAuth.REQUIRE);
        } else {
            builder = QuicSslContextBuilder.forClient().endpointIdentificationAlgorithm("");
            if (credentials != null) {
                builder.keyManager(credentials.key(), null, chain);
            }
        }
        return more.apply(builder.applicationProtocols(ALPN)
            .option(BoringSSLContextOption.GROUPS, new String[] {"X25519MLKEM768", "X25519"})
            .trustManager(new TestCertificateAuthority("unused").node("unused", presented -> { }).trust())).build();
    }

    private static <B extends QuicCodecBuilder<B>> B codec(B builder) {
        return builder.maxIdleTimeout(10, TimeUnit.SECONDS)
            .initialMaxData(1 << 20)
            .initialMaxStreamDataBidirectionalLocal(1 << 20)
            .initialMaxStreamDataBidirectionalRemote(1 << 20)
            .initialMaxStreamDataUnidirectional(1 << 20)
            .initialMaxStreamsBidirectional(100)
            .initialMaxStreamsUnidirectional(10);
    }

    /** @param named whether the client remembers sessions of this server by a name for it */
    void dial(QuicSslContext context, int port, boolean named) {
        socket = new Bootstrap().group(loop).channel(NioDatagramChannel.class)
            .handler(codec(new QuicClientCodecBuilder()).sslEngineProvider(quic -> named
                ? context.newEngine(ByteBufAllocator.DEFAULT, "127.0.0.1", port)
                : context.newEngine(ByteBufAllocator.DEFAULT)).build())
            .bind(new InetSocketAddress("127.0.0.1", 0)).syncUninterruptibly().channel();
        QuicChannel.newBootstrap(socket).handler(new Events()).streamHandler(new Accept())
            .remoteAddress(new InetSocketAddress("127.0.0.1", port)).connect();
    }

    /** A server of any kind. */
    static RawQuic server(QuicSslContext context) {
        RawQuic server = new RawQuic();
        server.socket = new Bootstrap().group(server.loop).channel(NioDatagramChannel.class)
            .handler(codec(new QuicServerCodecBuilder())
                .sslEngineProvider(quic -> context.newEngine(ByteBufAllocator.DEFAULT))
                .tokenHandler(InsecureQuicTokenHandler.INSTANCE)
                .handler(server.new Events()).streamHandler(server.new Accept()).build())
            .bind(new InetSocketAddress("127.0.0.1", 0)).syncUninterruptibly().channel();
        return server;
    }

    int port() {
        return ((InetSocketAddress) socket.localAddress()).getPort();
    }

    /** Waits for a client, if this is a server. */
    void accept() {
        channel = TestNode.await(connected, "a client");
    }

    QuicChannel channel() {
        return channel;
    }

    Stream open(QuicStreamType type) {
        Stream stream = new Stream();
        stream.channel = channel.createStream(type, stream).syncUninterruptibly().getNow();
        return stream;
    }

    /** A control stream on which {@code frames} are said at once. */
    Stream control(Frame... frames) {
        Stream control = open(QuicStreamType.UNIDIRECTIONAL);
        for (Frame frame : frames) {
            control.write(FrameEncoder.encode(frame));
        }
        return control;
    }

    Stream call() {
        return open(QuicStreamType.BIDIRECTIONAL);
    }

    @Override
    public void close() {
        if (channel != null) {
            channel.close().syncUninterruptibly();
        }
        socket.close().syncUninterruptibly();
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    /** Cuts the connection without a word, as a killed process does. */
    void vanish() {
        socket.close().syncUninterruptibly();
    }

    @ChannelHandler.Sharable
    private final class Events extends ChannelInboundHandlerAdapter {
        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            connected.add((QuicChannel) ctx.channel());
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof QuicConnectionCloseEvent closed) {
                closes.add(closed);
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            failures.add(cause); // Netty closes by itself, and tells the other side before
        }
    }

    @ChannelHandler.Sharable
    private final class Accept extends ChannelInitializer<QuicStreamChannel> {
        @Override
        protected void initChannel(QuicStreamChannel opened) {
            Stream stream = new Stream();
            stream.channel = opened;
            opened.pipeline().addLast(stream);
            streams.add(stream);
        }
    }

    /** One stream: what was read from it, and any bytes into it. */
    static final class Stream extends ChannelInboundHandlerAdapter {
        final LinkedBlockingQueue<Frame> frames = new LinkedBlockingQueue<>();
        final LinkedBlockingQueue<Long> resets = new LinkedBlockingQueue<>();
        private final FrameDecoder decoder = new FrameDecoder();
        private volatile QuicStreamChannel channel;

        QuicStreamChannel channel() {
            return channel;
        }

        Stream write(Frame frame) {
            return write(FrameEncoder.encode(frame));
        }

        Stream write(Bytes bytes) {
            ByteBuf buffer = Unpooled.wrappedBuffer(bytes.toByteArray());
            channel.writeAndFlush(buffer);
            return this;
        }

        void end() {
            channel.shutdownOutput();
        }

        void reset(int code) {
            channel.shutdown(code, channel.newPromise());
        }

        Frame frame() {
            return TestNode.await(frames, "a frame");
        }

        long resetCode() {
            return TestNode.await(resets, "a reset");
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) throws WireException {
            ByteBuf bytes = (ByteBuf) message;
            try {
                var view = bytes.nioBuffer();
                Frame frame = decoder.decode(view);
                while (frame != null) {
                    frames.add(frame);
                    frame = decoder.decode(view);
                }
            } finally {
                bytes.release();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            if (cause instanceof QuicStreamResetException reset) {
                resets.add(reset.applicationProtocolCode());
            }
        }
    }
}
