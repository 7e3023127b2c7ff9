package io.quorate.benchmarks;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.quorate.api.Bytes;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameDecoder;
import io.quorate.spi.wire.FrameEncoder;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.RpcType;
import io.quorate.spi.wire.WireException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The measure of the others: the same frames with the same checksums on a TCP connection for each caller, without TLS
 * and without any of the states, limits and leases of a transport.
 */
final class PlainPair implements CallPair {

    private static final int BUDGET_MILLIS = 60_000;

    private final MultiThreadIoEventLoopGroup near = new MultiThreadIoEventLoopGroup(1, handlers());
    private final MultiThreadIoEventLoopGroup far = new MultiThreadIoEventLoopGroup(1, handlers());
    private final List<PlainCaller> callers = new ArrayList<>();

    PlainPair() throws InterruptedException {
        Channel listener = new ServerBootstrap().group(far)
            .channel(Epoll.isAvailable() ? EpollServerSocketChannel.class : NioServerSocketChannel.class)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(new ChannelInitializer<Channel>() {
                @Override
                protected void initChannel(Channel channel) {
                    channel.pipeline().addLast(new PlainEcho());
                }
            }).bind("127.0.0.1", 0).sync().channel();
        for (int i = 0; i < CONCURRENT; i++) {
            PlainCaller caller = new PlainCaller();
            caller.channel = new Bootstrap().group(near)
                .channel(Epoll.isAvailable() ? EpollSocketChannel.class : NioSocketChannel.class)
                .option(ChannelOption.TCP_NODELAY, true)
                .handler(caller)
                .connect(listener.localAddress()).sync().channel();
            callers.add(caller);
        }
    }

    private static IoHandlerFactory handlers() {
        return Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    }

    @Override
    public Caller caller(int number) {
        return callers.get(number);
    }

    @Override
    public void close() {
        near.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
        far.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    /** Reads frames and writes frames. */
    private abstract static class Plain extends ChannelInboundHandlerAdapter {
        private final FrameDecoder decoder = new FrameDecoder(() -> true);

        abstract void onFrame(Channel channel, Frame frame);

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) throws WireException {
            ByteBuf bytes = (ByteBuf) message;
            try {
                ByteBuffer view = bytes.nioBuffer();
                Frame frame;
                while ((frame = decoder.decode(view)) != null) {
                    onFrame(ctx.channel(), frame);
                }
            } finally {
                bytes.release();
            }
        }

        static void write(Channel channel, Frame frame) {
            Bytes header = FrameEncoder.header(frame);
            Bytes trailer = FrameEncoder.trailer();
            int size = header.length() + frame.payloadLength() + trailer.length();
            ByteBuf buffer = channel.alloc().directBuffer(size, size);
            ByteBuffer into = buffer.internalNioBuffer(0, size);
            header.copyTo(into);
            frame.payload().forEach(part -> part.copyTo(into));
            trailer.copyTo(into);
            buffer.writerIndex(size);
            channel.writeAndFlush(buffer, channel.voidPromise());
        }
    }

    private static final class PlainEcho extends Plain {
        @Override
        void onFrame(Channel channel, Frame request) {
            write(channel, new Frame(FrameKind.RESPONSE, true, request.rpcType(), request.correlationId(), 0,
                request.payload()));
        }
    }

    private static final class PlainCaller extends Plain implements Caller {
        private Channel channel;
        private Bytes payload;
        private int left;
        private long nextCall;
        private CountDownLatch done;

        @Override
        public void call(Bytes bytes, int calls, CountDownLatch latch) {
            channel.eventLoop().execute(() -> {
                payload = bytes;
                left = calls;
                done = latch;
                begin();
            });
        }

        private void begin() {
            write(channel, new Frame(FrameKind.REQUEST, true, RpcType.APPEND_ENTRIES.code(), ++nextCall, BUDGET_MILLIS,
                List.of(payload)));
        }

        @Override
        void onFrame(Channel from, Frame response) {
            if (response.correlationId() != nextCall || response.payloadLength() != payload.length()) {
                throw new IllegalStateException("found another answer than to call " + nextCall);
            }
            if (--left > 0) {
                begin();
            } else {
                done.countDown();
            }
        }
    }
}
