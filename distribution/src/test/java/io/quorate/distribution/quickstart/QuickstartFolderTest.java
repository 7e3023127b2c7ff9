package io.quorate.distribution.quickstart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.distribution.config.ClientConfig;
import io.quorate.distribution.config.NodeConfig;
import io.quorate.spi.transport.Endpoint;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class QuickstartFolderTest {

    @TempDir
    private Path folder;

    @ParameterizedTest
    @EnumSource(QuickstartTransport.class)
    void whatIsMadeForATransportIsReadBack(QuickstartTransport transport) throws Exception {
        QuickstartFolder made = QuickstartFolder.create(folder.resolve("q"), 2, 9_100, transport);
        QuickstartFolder opened = QuickstartFolder.open(folder.resolve("q"));

        assertEquals(transport, opened.transport());
        assertEquals(9_100, opened.basePort());
        NodeConfig node = opened.nodes().get(1);
        List<Endpoint> expected = transport.schemes().stream()
            .map(scheme -> new Endpoint(scheme, "127.0.0.1", 9_101)).toList();
        assertEquals(expected, node.listen());
        assertEquals(expected, node.members().get(node.node()));
        assertEquals(transport == QuickstartTransport.BOTH ? List.of("quic", "tcp") : List.of(), node.prefer());
        ClientConfig client = made.client();
        assertEquals(2 * expected.size(), client.servers().size());
        assertEquals(node.prefer(), client.prefer());
        assertTrue(client.withServer("n2").isOneNode());
    }

    @Test
    void knowsTheWordsOfTheCommandLine() {
        assertEquals(Optional.of(QuickstartTransport.BOTH), QuickstartTransport.of("both"));
        assertEquals(Optional.empty(), QuickstartTransport.of("udp"));
        assertEquals("tcp, quic, both", QuickstartTransport.words());
    }
}
