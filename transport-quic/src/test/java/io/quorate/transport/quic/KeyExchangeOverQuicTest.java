package io.quorate.transport.quic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.SegmentedDatagramPacket;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.handler.codec.quic.BoringSSLContextOption;
import io.netty.handler.codec.quic.InsecureQuicTokenHandler;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicChannelOption;
import io.netty.handler.codec.quic.QuicClientCodecBuilder;
import io.netty.handler.codec.quic.QuicServerCodecBuilder;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.netty.handler.codec.quic.SegmentedDatagramPacketAllocator;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.quorate.transport.quic.KeyExchangeObserver.Side;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Netty's own client and server, each with an observer that is asked at the moment its handshake is complete. */
class KeyExchangeOverQuicTest {

    private static final String POST_QUANTUM = "X25519MLKEM768";
    private static final String CLASSICAL = "X25519";
    private static final String PASSWORD = "for tests";
    private static final long DEADLINE_SECONDS = 30;

    private static PrivateKey key;
    private static X509Certificate certificate;
    private static MultiThreadIoEventLoopGroup loops;
    private static MultiThreadIoEventLoopGroup epollLoops;

    @BeforeAll
    static void makeAnIdentity(@TempDir Path directory) throws Exception {
        loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        Path store = directory.resolve("identity.p12");
        Path keytool = Path.of(System.getProperty("java.home"), "bin", "keytool");
        Process made = new ProcessBuilder(keytool.toString(), "-genkeypair", "-alias", "node", "-keyalg", "EC",
            "-groupname", "secp256r1", "-dname", "CN=node", "-validity", "2", "-storetype", "PKCS12",
            "-keystore", store.toString(), "-storepass", PASSWORD).redirectErrorStream(true)
            .redirectOutput(directory.resolve("keytool.txt").toFile()).start();
        assertTrue(made.waitFor(DEADLINE_SECONDS, TimeUnit.SECONDS), "keytool has ended");
        assertEquals(0, made.exitValue(), () -> "keytool's exit code");
        KeyStore identity = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            identity.load(in, PASSWORD.toCharArray());
        }
        key = (PrivateKey) identity.getKey("node", PASSWORD.toCharArray());
        certificate = (X509Certificate) identity.getCertificate("node");
    }

    @AfterAll
    static void end() throws Exception {
        loops.shutdownGracefully(0, DEADLINE_SECONDS, TimeUnit.SECONDS).sync();
        if (epollLoops != null) {
            epollLoops.shutdownGracefully(0, DEADLINE_SECONDS, TimeUnit.SECONDS).sync();
        }
    }

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void bothSidesReportThePostQuantumGroupThatBothOffer() throws Exception {
        for (boolean retry : new boolean[] {false, true}) {
            assertEquals(List.of(Optional.of(POST_QUANTUM), Optional.of(POST_QUANTUM)),
                groups(List.of(POST_QUANTUM, CLASSICAL), List.of(POST_QUANTUM, CLASSICAL), retry), "retry: " + retry);
        }
    }

    @Test
    void bothSidesReportTheClassicalGroupThatOneOffersAlone() throws Exception {
        for (boolean retry : new boolean[] {false, true}) {
            assertEquals(List.of(Optional.of(CLASSICAL), Optional.of(CLASSICAL)),
                groups(List.of(CLASSICAL), List.of(POST_QUANTUM, CLASSICAL), retry), "client alone, retry: " + retry);
            assertEquals(List.of(Optional.of(CLASSICAL), Optional.of(CLASSICAL)),
                groups(List.of(POST_QUANTUM, CLASSICAL), List.of(CLASSICAL), retry), "server alone, retry: " + retry);
        }
    }

    @Test
    void bothSidesReportTheGroupForWhichTlsHadToAskAgain() throws Exception {
        // The client sends shares of its first groups only; the server's HelloRetryRequest asks for the last one.
        for (boolean retry : new boolean[] {false, true}) {
            assertEquals(List.of(Optional.of("P-384"), Optional.of("P-384")),
                groups(List.of(POST_QUANTUM, CLASSICAL, "P-384"), List.of("P-384"), retry), "retry: " + retry);
        }
    }

    @Test
    void bothSidesReportTheGroupWhereManyDatagramsAreWrittenAsOne() throws Exception {
        assumeTrue(Epoll.isAvailable() && EpollDatagramChannel.isSegmentedDatagramPacketSupported(),
            "segmentation by the kernel");
        epollLoops = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        for (boolean retry : new boolean[] {false, true}) {
            assertEquals(List.of(Optional.of(POST_QUANTUM), Optional.of(POST_QUANTUM)),
                groups(epollLoops, EpollDatagramChannel.class, segments(),
                    List.of(POST_QUANTUM), List.of(CLASSICAL, POST_QUANTUM), retry), "retry: " + retry);
        }
    }

    // Netty's own EpollQuicUtils fails on the module path: its module does not read epoll's. And the class that is to
    // be preferred to this one lies in a module that nothing else here needs.
    @SuppressWarnings("deprecation")
    private static SegmentedDatagramPacketAllocator segments() {
        return SegmentedDatagramPacket::new;
    }

    private static List<Optional<String>> groups(List<String> client, List<String> server, boolean retry)
        throws Exception {
        return groups(loops, NioDatagramChannel.class, SegmentedDatagramPacketAllocator.NONE, client, server, retry);
    }

    // What the client's observer says, and the server's.
    private static List<Optional<String>> groups(MultiThreadIoEventLoopGroup loops,
        Class<? extends DatagramChannel> type, SegmentedDatagramPacketAllocator segments, List<String> client,
        List<String> server, boolean retry) throws Exception {
        KeyExchangeObserver listening = new KeyExchangeObserver(Side.LISTENING);
        CompletableFuture<Optional<String>> accepted = new CompletableFuture<>();
        Channel serverSocket = bind(loops, type, listening, new QuicServerCodecBuilder()
            .sslContext(serverTls(server)).maxIdleTimeout(DEADLINE_SECONDS, TimeUnit.SECONDS)
            .tokenHandler(retry ? InsecureQuicTokenHandler.INSTANCE : null)
            .option(QuicChannelOption.SEGMENTED_DATAGRAM_PACKET_ALLOCATOR, segments)
            .handler(new AskWhenActive(listening, accepted)).streamHandler(new ChannelInboundHandlerAdapter())
            .build());
        KeyExchangeObserver dialing = new KeyExchangeObserver(Side.DIALING);
        CompletableFuture<Optional<String>> dialed = new CompletableFuture<>();
        Channel clientSocket = bind(loops, type, dialing, new QuicClientCodecBuilder()
            .sslContext(clientTls(client)).maxIdleTimeout(DEADLINE_SECONDS, TimeUnit.SECONDS).build());
        try {
            QuicChannel.newBootstrap(clientSocket).handler(new AskWhenActive(dialing, dialed))
                .option(QuicChannelOption.SEGMENTED_DATAGRAM_PACKET_ALLOCATOR, segments)
                .streamHandler(new ChannelInboundHandlerAdapter()).remoteAddress(serverSocket.localAddress())
                .connect().sync();
            return List.of(dialed.get(DEADLINE_SECONDS, TimeUnit.SECONDS),
                accepted.get(DEADLINE_SECONDS, TimeUnit.SECONDS));
        } finally {
            clientSocket.close().sync();
            serverSocket.close().sync();
        }
    }

    private static Channel bind(MultiThreadIoEventLoopGroup loops, Class<? extends DatagramChannel> type,
        KeyExchangeObserver observer, ChannelHandler codec) throws InterruptedException {
        return new Bootstrap().group(loops).channel(type)
            .handler(new ChannelInitializer<Channel>() {
                @Override
                protected void initChannel(Channel channel) {
                    channel.pipeline().addLast(observer, codec);
                }
            }).bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)).sync().channel();
    }

    private static QuicSslContext serverTls(List<String> groups) {
        return QuicSslContextBuilder.forServer(key, null, certificate)
            .trustManager(InsecureTrustManagerFactory.INSTANCE).clientAuth(ClientAuth.REQUIRE)
            .applicationProtocols("test").option(BoringSSLContextOption.GROUPS, groups.toArray(String[]::new)).build();
    }

    private static QuicSslContext clientTls(List<String> groups) {
        return QuicSslContextBuilder.forClient().keyManager(key, null, certificate)
            .trustManager(InsecureTrustManagerFactory.INSTANCE)
            .applicationProtocols("test").option(BoringSSLContextOption.GROUPS, groups.toArray(String[]::new)).build();
    }

    private static final class AskWhenActive extends ChannelInboundHandlerAdapter {

        private final KeyExchangeObserver observer;
        private final CompletableFuture<Optional<String>> answer;

        AskWhenActive(KeyExchangeObserver observer, CompletableFuture<Optional<String>> answer) {
            this.observer = observer;
            this.answer = answer;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            QuicChannel connection = (QuicChannel) context.channel();
            answer.complete(observer.group((InetSocketAddress) connection.remoteSocketAddress()));
            context.fireChannelActive();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            answer.completeExceptionally(cause);
        }
    }
}
