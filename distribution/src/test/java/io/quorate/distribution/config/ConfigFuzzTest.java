package io.quorate.distribution.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.distribution.problem.ExitCode;
import io.quorate.distribution.problem.Problem;
import io.quorate.fuzz.Fuzzing;
import io.quorate.fuzz.FuzzInput;
import io.quorate.fuzz.Reached;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Configurations with lines left out, doubled, moved and mistyped, and what is no YAML at all. */
public final class ConfigFuzzTest {

    private static final Reached REACHED = new Reached();
    private static final Path FILE = newFile();
    private static final List<String> COMMON = List.of("cluster: demo", "identity:\n  certificate: c.pem\n"
        + "  key: k.pem\n  trust: t.pem\n  trust-domain: example.org", "transports:\n  tcp:\n    tls-engine: auto");
    private static final List<String> NODE = List.of("node: n1", "data-directory: data",
        "listen: tcp://127.0.0.1:7401", "members:\n  n1: tcp://127.0.0.1:7401\n  n2: [tcp://h:2, quic://h:2]");
    private static final List<String> CLIENT = List.of("servers: [tcp://127.0.0.1:7401]");
    private static final List<String> STRANGE = List.of("advertise: tcp://h:0", "listen: tcp://0.0.0.0:1",
        "listen: [tcp://a:1, tcp://b:2]", "listen: []", "members: {n2: tcp://h:1}", "members: 7", "log-level: LOUD",
        "log-level: debug", "consensus:\n  provider: raft\n  settings: {a: b}", "consensus: [1]", "state-machine: kv",
        "clustr: demo", "? [a]\n: b", "&a cluster: *a", "node: !!java.io.File x", "{", "\t- x", "a: &x [*x]", "---",
        "servers:\n  n1: tcp://h:1\n  n2: [tcp://h:2]", "servers: tcp://h:65536", "identity: ~", "node: ''",
        "identity:\n  provider: other\n  x: y", "transports: {tcp: ~, quic: {a: [b]}}", "!!set {cluster, node}",
        "%YAML 1.3", "cluster: |\n  demo", "cluster: >-\n  demo", "'cluster': \"\\u0041\"", "\ufeffcluster: demo");

    private static Path newFile() {
        try {
            Path file = Files.createTempFile("quorate-config", ".yaml");
            file.toFile().deleteOnExit();
            return file;
        } catch (IOException e) {
            throw new IllegalStateException("no temporary file could be made", e);
        }
    }

    @AfterAll
    static void tidyUp() throws IOException {
        Files.deleteIfExists(FILE);
    }

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void holdsOnKeptAndSeededInputs() throws Exception {
        Fuzzing.shortRun(getClass(), 600, ConfigFuzzTest::fuzzerTestOneInput);
        REACHED.requirePercent(5, "node", "no node");
        REACHED.requirePercent(5, "client", "no client");
        REACHED.require(5, "server", "no server", "duration", "no duration", "not YAML");
    }

    public static void fuzzerTestOneInput(byte[] data) throws Exception {
        FuzzInput in = new FuzzInput(data);
        switch (in.below(8)) {
            case 0 -> duration(in);
            case 1, 2, 3 -> client(in);
            default -> node(in);
        }
    }

    private static void node(FuzzInput in) throws Exception {
        Files.write(FILE, file(in, NODE));
        try {
            NodeConfig config = NodeConfig.read(FILE);
            REACHED.count("node");
            assertTrue(config.members().containsKey(config.node()));
            assertFalse(config.listen().isEmpty() || config.advertise().isEmpty());
            // Read once more, it is the same: no order of a hash shows.
            assertEquals(config, NodeConfig.read(FILE));
        } catch (Problem e) {
            explained(e);
            REACHED.count("no node");
        }
    }

    private static void client(FuzzInput in) throws Exception {
        String server = in.oneIn(3) ? in.text(30) : in.pick("n1", "n9", "h:1", "tcp://h:1", "quic://[::1]:7", "");
        Files.write(FILE, file(in, CLIENT));
        ClientConfig config;
        try {
            config = ClientConfig.read(FILE);
            REACHED.count("client");
            assertFalse(config.servers().isEmpty());
        } catch (Problem e) {
            explained(e);
            REACHED.count("no client");
            return;
        }
        try {
            assertFalse(config.withServer(server).servers().isEmpty());
            REACHED.count("server");
        } catch (Problem e) {
            assertTrue(e.text().contains("expected"), e.text());
            REACHED.count("no server");
        }
    }

    private static void duration(FuzzInput in) {
        String text = in.oneIn(4) ? in.text(20) : in.number() + in.pick("ms", "s", "m", "h", "d", "", "S", " s");
        try {
            Duration read = Durations.parse("--timeout", text);
            assertTrue(read.isPositive() && !Durations.text(read).isEmpty());
            REACHED.count("duration");
        } catch (Problem e) {
            assertEquals(ExitCode.USAGE, e.exitCode());
            REACHED.count("no duration");
        }
    }

    private static void explained(Problem e) {
        assertEquals(ExitCode.USAGE, e.exitCode() == ExitCode.FAILED && e.found().contains("MalformedInput")
            ? ExitCode.USAGE : e.exitCode(), e.text());
        assertTrue(e.text().contains(FILE.toString()), e.text());
        if (e.text().contains("not YAML")) {
            REACHED.count("not YAML");
        }
    }

    private static byte[] file(FuzzInput in, List<String> own) {
        if (in.oneIn(12)) {
            return in.rest();
        }
        List<String> lines = new ArrayList<>(COMMON);
        lines.addAll(own);
        for (int i = in.below(4); i > 0; i--) {
            int at = in.below(lines.size());
            switch (in.below(5)) {
                case 0 -> lines.remove(at);
                case 1 -> lines.set(at, in.pick(STRANGE));
                case 2 -> lines.add(at, lines.get(in.below(lines.size())));
                case 3 -> lines.add(at, in.text(12) + ": " + in.text(30));
                default -> lines.add(in.pick(STRANGE));
            }
            if (lines.isEmpty()) {
                return new byte[0];
            }
        }
        byte[] file = String.join("\n", lines).getBytes(StandardCharsets.UTF_8);
        if (in.oneIn(4)) {
            in.damage(file, 0, file.length);
        }
        return file;
    }
}
