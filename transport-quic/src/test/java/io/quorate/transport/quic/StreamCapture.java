package io.quorate.transport.quic;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.handler.codec.quic.BoringSSLContextOption;
import io.netty.handler.codec.quic.QuicSslContext;
import io.quorate.api.Bytes;
import io.quorate.spi.transport.TlsCredentials;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.RpcType;
import io.quorate.testing.identity.TestCertificateAuthority;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Makes a few calls to the transport and writes the secrets of that one connection to a file, for whoever wants to see
 * with a protocol analyser that each call has a stream of its own; {@code docs/wire.md} says how. Its name keeps it out
 * of the build's tests. The secrets come from the test's own end: the transport has no way to give any away.
 */
final class StreamCapture {

    private static final List<RpcType> CALLS = List.of(RpcType.REQUEST_VOTE, RpcType.HEARTBEAT, RpcType.APPEND_ENTRIES,
        RpcType.HEARTBEAT, RpcType.SUBMIT, RpcType.STATUS);
    private static final int APPEND_BYTES = 512;
    private static final int SMALL_BYTES = 64;
    private static final int BUDGET_MILLIS = 1_000;

    @Test
    void eachCallHasAStreamOfItsOwn() {
        Path keys = Path.of(System.getProperty("capture.keys", "target/capture.keys"));
        TlsCredentials credentials = new TestCertificateAuthority("capture").node("node", presented -> { });
        QuicSslContext tls = RawQuic.context(true, credentials,
            // A classical key exchange: analysers do not put a hello together that needs two packets.
            builder -> builder.option(BoringSSLContextOption.GROUPS, new String[] {"X25519"})
                .keylog((engine, line) -> append(keys, line)));
        try (TestNode node = new TestNode(credentials); RawQuic client = RawQuic.dialing(tls, node.port())) {
            append(keys, "# udp port " + node.port());
            client.accept();
            Peer server = Peer.active(node.connection()).silent();
            client.control();
            Set<Long> streams = new HashSet<>();
            for (RpcType type : CALLS) {
                Bytes payload = Bytes.wrap(new byte[type == RpcType.APPEND_ENTRIES ? APPEND_BYTES : SMALL_BYTES]);
                RawQuic.Stream stream = client.call();
                stream.write(new Frame(FrameKind.REQUEST, true, type.code(), streams.size() + 1, BUDGET_MILLIS,
                    List.of(payload)));
                stream.end();
                Peer.Call served = TestNode.await(server.served, "the call");
                Frame request = served.frame();
                served.stream.send(new Frame(FrameKind.RESPONSE, true, request.rpcType(), request.correlationId(), 0,
                    request.payload()));
                assertEquals(payload.length(), stream.frame().payloadLength());
                streams.add(stream.channel().streamId());
            }
            assertEquals(CALLS.size(), streams.size());
        }
    }

    private static void append(Path file, String line) {
        try {
            Files.writeString(file, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
