package io.quorate.distribution.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.ClusterId;
import io.quorate.api.NodeId;
import io.quorate.distribution.problem.ExitCode;
import io.quorate.distribution.problem.Problem;
import io.quorate.spi.transport.Endpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The strict reading of a node's file: what it takes, and every way in which it refuses. */
final class NodeConfigTest {

    private static final String GOOD = """
        cluster: demo
        node: n1
        data-directory: data
        listen: tcp://127.0.0.1:7401
        members:
          n1: tcp://127.0.0.1:7401
          n2: [tcp://127.0.0.1:7402, quic://127.0.0.1:7402]
        identity:
          certificate: c.pem
          key: k.pem
          trust: t.pem
          trust-domain: example.org
        """;

    @TempDir
    private Path folder;

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void readsTheDocumentedExampleOfTheDistribution() throws Exception {
        Path example = Path.of("src/main/image/conf/node.yaml");
        NodeConfig config = NodeConfig.read(example);

        assertEquals(new ClusterId("example"), config.cluster());
        assertEquals(new NodeId("n1"), config.node());
        assertEquals(3, config.members().size());
        assertEquals(example.toAbsolutePath().getParent().resolve("../data/n1").normalize(), config.dataDirectory());
        assertEquals(Optional.of("x509"), config.identity().provider());
        assertEquals(Optional.of("raft"), config.consensus().provider());
        assertEquals(Optional.of("kv"), config.stateMachine());
        assertEquals("info", config.logLevel());
        assertEquals("auto", config.transports().get("tcp").settings().get("tls-engine"));
        assertEquals("100", config.consensus().settings().get("heartbeat-millis"));
        String text = Files.readString(example);
        for (String key : NodeConfig.KEYS) {
            assertTrue(text.contains("\n" + key + ":"), "the example explains " + key);
        }
    }

    @Test
    void readsTheExampleOfAClient() throws Exception {
        ClientConfig config = ClientConfig.read(Path.of("src/main/image/conf/client.yaml"));

        assertEquals(3, config.servers().size());
        assertEquals(List.of(Endpoint.parse("tcp://127.0.0.1:7402")), config.withServer("n2").servers());
        assertEquals(List.of(Endpoint.parse("tcp://host:9")), config.withServer("host:9").servers());
        assertThrows(Problem.class, () -> config.withServer("nowhere"));
    }

    @Test
    void readsPreferenceAndSecurity() throws Exception {
        NodeConfig plain = read(GOOD);
        assertEquals(List.of(), plain.prefer());
        assertFalse(plain.requirePostQuantum());
        NodeConfig config = read(GOOD + "prefer: [quic, tcp]\nsecurity:\n  require-post-quantum: true\n");
        assertEquals(List.of("quic", "tcp"), config.prefer());
        assertTrue(config.requirePostQuantum());
        assertEquals(List.of("quic"), read(GOOD + "prefer: quic\n").prefer());
        assertTrue(refused(GOOD + "prefer: [tcp, tcp]\n").found().contains(
            "found a transport twice in 'prefer': tcp, tcp"));
        assertTrue(refused(GOOD + "prefer: []\n").found().contains(
            "found an empty list 'prefer'"));
        assertTrue(refused(GOOD + "security:\n  require-post-quantum: maybe\n").found().contains(
            "found 'maybe'"));
        assertTrue(refused(GOOD + "security:\n  require-post-quantm: true\n").found().contains(
            "unknown key 'security.require-post-quantm'"));
    }

    @Test
    void readsThatTheServersAreOneNodes() throws Exception {
        Path file = folder.resolve("client.yaml");
        Files.writeString(file, """
            cluster: demo
            servers: {n1: [quic://127.0.0.1:1, tcp://127.0.0.1:1], n2: [quic://127.0.0.1:2, tcp://127.0.0.1:2]}
            identity: {certificate: c, key: k, trust: t, trust-domain: d}
            prefer: [quic, tcp]
            security: {require-post-quantum: true}
            """);
        ClientConfig config = ClientConfig.read(file);
        assertFalse(config.isOneNode());
        assertTrue(config.requirePostQuantum());
        ClientConfig one = config.withServer("n2");
        assertEquals(2, one.servers().size());
        assertTrue(one.isOneNode());
        assertEquals(List.of("quic", "tcp"), one.prefer());
        assertTrue(one.requirePostQuantum());
        assertTrue(config.withServer("tcp://127.0.0.1:9").isOneNode());
    }

    @Test
    void readsTheLeast() throws Exception {
        NodeConfig config = read(GOOD);

        assertEquals(config.listen(), config.advertise());
        assertEquals(2, config.members().get(new NodeId("n2")).size());
        assertEquals(Map.of("certificate", "c.pem", "key", "k.pem", "trust", "t.pem", "trust-domain", "example.org"),
            config.identity().settings());
        assertEquals(Optional.empty(), config.stateMachine());
        assertEquals(folder.resolve("data"), config.dataDirectory());
    }

    @Test
    void refusesAnUnknownKeyAndSuggestsTheNearest() {
        Problem problem = refused(GOOD + "lisen: tcp://127.0.0.1:1\n");

        assertTrue(problem.found().contains("node.yaml:13: found unknown key 'lisen'"), problem.text());
        assertTrue(problem.expected().contains("cluster, node, data-directory, listen"), problem.text());
        assertTrue(problem.remedy().contains("'listen'"), problem.text());
    }

    @Test
    void refusesAnUnknownKeyOfASectionByItsFullName() {
        Problem problem = refused(GOOD.replace("trust-domain", "trust_domain"));

        assertTrue(problem.found().contains("node.yaml:12: found unknown key 'identity.trust_domain'"), problem.text());
        assertTrue(problem.remedy().contains("'trust-domain'"), problem.text());
    }

    @Test
    void leavesTheKeysOfAnotherIdentityProviderToIt() throws Exception {
        NodeConfig config = read(GOOD.replaceAll("(?s)identity:.*", "identity:\n  provider: vault\n  path: x\n"));

        assertEquals(Optional.of("vault"), config.identity().provider());
        assertEquals(Map.of("path", "x"), config.identity().settings());
    }

    @Test
    void refusesWhatIsMissing() {
        for (String key : List.of("cluster", "node", "data-directory", "listen", "members", "identity", "key")) {
            String without = GOOD.replaceAll("(?m)^( *)" + key + ":.*\n(\\1 +.*\n)*", "");
            Problem problem = refused(without);
            assertTrue(problem.found().contains(key), key + ": " + problem.text());
            assertTrue(!problem.expected().isEmpty() && !problem.remedy().isEmpty(), problem.text());
        }
    }

    @Test
    void refusesWrongTypesAndValues() {
        assertFound(GOOD.replace("cluster: demo", "cluster: [a, b]"), ":1: found a list for 'cluster'");
        assertFound(GOOD.replace("cluster: demo", "cluster:"), ":1: found no value for 'cluster'");
        assertFound(GOOD.replace("cluster: demo", "cluster: ''"), ":1: found no value for 'cluster'");
        assertFound(GOOD.replace("cluster: demo", "cluster: De Mo"), ":1: 'cluster': cluster id: found \"De Mo\"");
        assertFound(GOOD.replace("node: n1", "node: N1"), ":2: 'node': node id: found \"N1\"");
        assertFound(GOOD.replace("listen: tcp://127.0.0.1:7401", "listen: 7401"), ":4: 'listen': endpoint: found");
        assertFound(GOOD.replace("listen: tcp://127.0.0.1:7401", "listen: []"), ":4: found an empty list 'listen'");
        assertFound(GOOD.replaceFirst("(?s)members:.*?identity", "members: n1\nidentity"),
            ":5: found the value \"n1\" for 'members'");
        assertFound(GOOD + "log-level: loud\n", ":13: found log level 'loud'");
        assertFound(GOOD + "consensus: raft\n", ":13: found the value \"raft\" for 'consensus'");
        assertFound(GOOD + "transports:\n  tcp:\n    backlog: [1]\n", ":15: found a list for 'transports.tcp.backlog'");
    }

    @Test
    void refusesANodeThatIsNoMember() {
        assertFound(GOOD.replace("node: n1", "node: n9"), ":2: found node id 'n9', which is not among the members");
    }

    @Test
    void refusesTwoListenersOfOneScheme() {
        assertFound(GOOD.replace("listen: tcp://127.0.0.1:7401", "listen: [tcp://127.0.0.1:1, tcp://127.0.0.1:2]"),
            ":4: found two endpoints of scheme 'tcp'");
    }

    @Test
    void refusesAWildcardThatNobodyCouldConnectTo() throws Exception {
        String wildcard = GOOD.replace("listen: tcp://127.0.0.1:7401", "listen: tcp://0.0.0.0:7401");
        assertFound(wildcard, ":4: found tcp://0.0.0.0:7401 in 'listen' and no 'advertise'");
        assertEquals(List.of(Endpoint.parse("tcp://host:7401")),
            read(wildcard + "advertise: tcp://host:7401\n").advertise());
    }

    @Test
    void refusesAKeyThatStandsTwice() {
        assertFound(GOOD + "node: n2\n", ":13: found key 'node' a second time, first in line 2");
    }

    @Test
    void refusesWhatIsNoYamlNoMappingOrNotThere() {
        assertFound("cluster: [a\n", "this is not YAML");
        assertFound("\tcluster: a\n", "this is not YAML");
        assertFound("- a\n- b\n", "found a list");
        assertFound("", "found nothing");
        Problem missing = assertThrows(Problem.class, () -> NodeConfig.read(folder.resolve("other.yaml")));
        assertTrue(missing.found().contains("found no file"), missing.text());
        assertEquals(ExitCode.USAGE, missing.exitCode());
    }

    private void assertFound(String text, String found) {
        Problem problem = refused(text);
        assertTrue(problem.found().contains(found), problem.text());
        assertTrue(!problem.remedy().isEmpty(), problem.text());
    }

    private Problem refused(String text) {
        Problem problem = assertThrows(Problem.class, () -> read(text));
        assertEquals(ExitCode.USAGE, problem.exitCode());
        return problem;
    }

    private NodeConfig read(String text) throws Problem, IOException {
        return NodeConfig.read(Files.writeString(folder.resolve("node.yaml"), text));
    }
}
