package io.quorate.distribution.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.consensus.AdministrationResult;
import io.quorate.api.AccessDeniedException;
import io.quorate.api.Configuration;
import io.quorate.api.NodeId;
import io.quorate.api.NotLeaderException;
import io.quorate.api.OutcomeUnknownException;
import io.quorate.api.OverloadedException;
import io.quorate.api.UnavailableException;
import io.quorate.distribution.config.ClientConfig;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What each command prints, and with which code it exits. */
final class CommandsTest {

    @TempDir
    private Path folder;

    private FakeCluster cluster;
    private ClientConfig asked;
    private String out;
    private String err;

    @BeforeEach
    void configure() throws Exception {
        cluster = new FakeCluster();
        Files.createDirectory(folder.resolve("quorate-quickstart"));
        Files.writeString(folder.resolve("quorate-quickstart/client.yaml"), """
            cluster: demo
            servers: {n1: tcp://127.0.0.1:1, n2: tcp://127.0.0.1:2}
            identity: {certificate: c, key: k, trust: t, trust-domain: d}
            """);
    }

    @Test
    void showsPeers() {
        assertEquals(0, run("peers"));
        assertTrue(out.matches("NODE  STATUS   SINCE +REASON\nn1    ONLINE   \\d+d \\d+h ago  why\n"
            + "n2    OFFLINE  \\d+d \\d+h ago  why\n"), out);
        assertTrue(cluster.closed);
    }

    @Test
    void showsPeersWide() {
        assertEquals(0, run("peers", "--wide"));
        assertTrue(out.contains("tcp://h:1  0.1.0    abababababababab  n1           3  why"), out);
        assertTrue(out.contains("not known yet"), out);
        assertTrue(out.contains("SEES  n1    n2    REPORTED\nn1    self  no    now\nn2    yes   self  900 ms ago\n"),
            out);
        assertTrue(out.endsWith("SESSIONS OF n1  TRANSPORT  KEY EXCHANGE    DIALED  ACCEPTED  TLS\n"
            + "n2              quic       X25519MLKEM768       1         2  TLSv1.3\n"
            + "n2              tcp        not told             2         0  TLSv1.3\n"), out);
    }

    @Test
    void showsPeersAsOneDocument() {
        assertEquals(0, run("peers", "--json"));
        assertTrue(out.startsWith("{\n  \"number\" : 5,\n  \"peers\" : [ {\n    \"id\" : \"n1\","
            + "\n    \"status\" : \"ONLINE\","
            + "\n    \"reason\" : \"why\",\n    \"since\" : \"2025-01-01T00:00:00Z\",\n    "
            + "\"incarnation\" : \"18446744073709551615\","), out);
        assertTrue(out.contains("\"certificateFingerprint\" : null"), out);
        assertTrue(out.endsWith("\"sessions\" : [ {\n    \"peer\" : \"n2\",\n    \"transport\" : \"quic\",\n    "
            + "\"keyExchange\" : \"X25519MLKEM768\",\n    \"tls\" : \"TLSv1.3\",\n    \"dialed\" : 1,\n    "
            + "\"accepted\" : 2\n  }, {\n    \"peer\" : \"n2\",\n    \"transport\" : \"tcp\",\n    "
            + "\"keyExchange\" : null,\n    \"tls\" : \"TLSv1.3\",\n    \"dialed\" : 2,\n    "
            + "\"accepted\" : 0\n  } ]\n}\n"),
            out);
    }

    @Test
    void watchesPeersUntilTheClusterIsGone() {
        assertEquals(3, run("peers", "--watch"));
        assertEquals("2025-01-01T00:00:00Z  n1  ONLINE  why\n2025-01-01T00:00:00Z  n2  OFFLINE  why\n"
            + "2025-01-01T00:00:00Z  n2  OFFLINE -> ONLINE  why\n", out);
    }

    @Test
    void watchesPeersAsJsonLines() {
        assertEquals(3, run("peers", "--watch", "--json"));
        List<String> lines = out.lines().toList();
        assertEquals(2, lines.size());
        assertTrue(lines.get(0).startsWith("{\"event\":\"state\",\"number\":5,\"peers\":[{\"id\":\"n1\","), out);
        assertTrue(lines.get(1).startsWith("{\"event\":\"change\",\"number\":6,\"previous\":\"OFFLINE\",\"peer\":"
            + "{\"id\":\"n2\",\"status\":\"ONLINE\""), out);
    }

    @Test
    void showsTheCluster() {
        assertEquals(0, run("cluster", "status", "--counters"));
        assertEquals("""
            Cluster demo, members n1 n2, state machine kv.
            NODE  ROLE       TERM  LEADER  COMMIT  APPLIED  BEHIND  LAST  SEES  UPTIME  VERSION
            n1    leader        3  n1           7        6       1     8  n2     1m 5s  0.1.0
            n2    no answer     -  -            -        -       -     -  -          -  -
            n2 did not answer: nobody listens

            COUNTER OF n1                     VALUE
            handshake.refused.no-certificate      2
            """, out);
        assertEquals(0, run("cluster", "status", "--json"));
        assertTrue(out.startsWith("{\n  \"leader\" : \"n1\",\n  \"nodes\" : [ {\n    \"node\" : \"n1\","), out);
        assertTrue(out.contains("\"behind\" : 1,"), out);
    }

    @Test
    void showsWhoLearnsAndWhatIsChanging() {
        cluster.configuration = Optional.of(new Configuration(2, List.of(new NodeId("n4"), new NodeId("n9")),
            List.of(new NodeId("n4")), List.of(FakeCluster.N1)));
        assertEquals(0, run("cluster", "status"));
        assertTrue(out.contains("joining as voters once they have caught up: n4; learners: n9; the voters are "
            + "changing, those before were: n1; recovery epoch 2\n"), out);
        assertEquals(0, run("cluster", "status", "--json"));
        assertTrue(out.contains("\"joining\" : [ \"n4\" ]"), out);
    }

    @Test
    void showsWhichFeaturesAreOnAndForWhomOthersWait() {
        cluster.configuration = Optional.of(new Configuration(1, List.of(), List.of(), List.of(), List.of("old"),
            new TreeMap<>(Map.of("new", List.of(new NodeId("n2"), new NodeId("n3")), "next", List.of()))));
        assertEquals(0, run("cluster", "status"));
        assertTrue(out.contains("feature new waits until these are upgraded, or met: n2 n3; feature next waits for the "
            + "leader to switch it on\n"), out);
        assertEquals(0, run("cluster", "status", "--json"));
        assertTrue(out.contains("\"features\" : [ \"old\" ]"), out);
        assertTrue(out.contains("\"new\" : [ \"n2\", \"n3\" ]"), out);
    }

    @Test
    void changesWhoBelongsToTheCluster() {
        assertEquals(0, run("cluster", "add", "n4", "--endpoint", "tcp://h:4", "--endpoint", "quic://h:5"));
        assertEquals("n4 is a learner, and becomes a voter once it has caught up; now so it is\n", out);
        assertEquals(0, run("cluster", "add", "n9", "--endpoint", "tcp://h:9", "--learner", "--json"));
        assertEquals("{\n  \"done\" : true,\n  \"detail\" : \"so it is\"\n}\n", out);
        assertEquals(0, run("cluster", "remove", "n3", "--force"));
        assertEquals(0, run("cluster", "promote", "n4"));
        assertEquals(0, run("cluster", "demote", "n4"));
        assertEquals(0, run("cluster", "endpoints", "n2", "--endpoint", "tcp://h:2"));
        assertEquals(0, run("cluster", "transfer"));
        assertEquals(0, run("cluster", "transfer", "--to", "n2"));
        assertEquals(List.of("Add[node=n4, endpoints=[tcp://h:4, quic://h:5], promote=true]",
            "Add[node=n9, endpoints=[tcp://h:9], promote=false]", "Remove[node=n3] by force", "Promote[node=n4]",
            "Demote[node=n4]", "SetEndpoints[node=n2, endpoints=[tcp://h:2]]", "transfer to anybody",
            "transfer to n2"), cluster.orders);
    }

    @Test
    void saysWhyTheClusterIsNotChangedAndWhatToDo() {
        assertEquals(2, run("cluster", "add", "n4"));
        assertEquals(2, run("cluster", "add", "n4", "--endpoint", "nonsense"));
        assertTrue(err.contains("found \"nonsense\", expected scheme://host:port"), err);
        assertEquals(2, run("cluster", "remove", "N 4"));
        assertEquals(List.of(), cluster.orders);
        cluster.result = new AdministrationResult.Refused("found one voter of three that answers", true);
        assertEquals(1, run("cluster", "remove", "n3"));
        assertTrue(err.contains("found one voter of three that answers") && err.contains("--force"), err);
        assertEquals(1, run("cluster", "remove", "n3", "--force"));
        assertFalse(err.contains("--force"), err);
        assertEquals(1, run("cluster", "remove", "n3", "--json"));
        assertTrue(out.contains("\"forcible\" : true"), out);
        cluster.failure = new UnavailableException("no leader");
        assertEquals(3, run("cluster", "transfer"));
        cluster.failure = new OutcomeUnknownException("the leader fell silent");
        assertEquals(1, run("cluster", "remove", "n3"));
        assertTrue(err.contains("it may have happened or not"), err);
    }

    @Test
    void readsAsFreshAsItIsTold() {
        assertEquals(0, run("kv", "put", "a", "1"));
        for (String kind : List.of("linearizable", "lease", "local")) {
            assertEquals(0, run("kv", "get", "a", "--consistency", kind));
        }
        assertEquals(2, run("kv", "get", "a", "--consistency", "fresh"));
        assertEquals(2, run("kv", "get", "a", "--consistency", "lease", "--local"));
    }

    @Test
    void asksTheServerThatIsNamed() {
        assertEquals(0, run("cluster", "status", "--server", "n2"));
        assertEquals("[tcp://127.0.0.1:2]", asked.servers().toString());
        assertEquals(0, run("peers", "--server", "other:9"));
        assertEquals("[tcp://other:9]", asked.servers().toString());
    }

    @Test
    void putsGetsListsAndDeletes() throws Exception {
        assertEquals(0, run("kv", "put", "a", "one"));
        assertEquals("created, version 1, revision 1\n", out);
        assertEquals(0, run("kv", "put", "a", "two", "--json"));
        assertEquals("{\n  \"key\" : \"a\",\n  \"version\" : 2,\n  \"revision\" : 2\n}\n", out);
        assertEquals(0, run("kv", "get", "a"));
        assertEquals("two\n", out);
        assertEquals(0, run("kv", "list"));
        assertEquals("KEY  VERSION  VALUE\na          2  two\n", out);
        assertEquals(0, run("kv", "list", "b"));
        assertEquals("There is no key that begins with 'b'.\n", out);
        assertEquals(0, run("kv", "delete", "a"));
        assertEquals("deleted, revision 3\n", out);
        assertEquals(0, run("kv", "delete", "a"));
        assertEquals("there was no such key\n", out);
        assertEquals(1, run("kv", "get", "a"));
        assertTrue(err.startsWith("quorate: found no key 'a'"), err);
    }

    @Test
    void keepsBytesThatAreNoText() throws Exception {
        Files.write(folder.resolve("in"), new byte[] {(byte) 0xFF, 0});
        assertEquals(0, run("kv", "put", "raw", "--file", "in"));
        assertEquals(0, run("kv", "get", "raw"));
        assertEquals("base64:/wA=\n", out);
        assertEquals(0, run("kv", "get", "raw", "--json"));
        assertTrue(out.contains("\"valueBase64\" : \"/wA=\""), out);
        assertEquals(0, run("kv", "get", "raw", "--out", "copy"));
        assertEquals(-1, Files.mismatch(folder.resolve("in"), folder.resolve("copy")));
    }

    @Test
    void comparesAndSets() {
        assertEquals(0, run("kv", "cas", "a", "one", "--version", "0"));
        assertEquals("set, version 1, revision 1\n", out);
        assertEquals(1, run("kv", "cas", "a", "two", "--version", "0"));
        assertEquals("not set: found version 1, expected no such key\n", out);
        assertEquals(1, run("kv", "delete", "a", "--version", "7", "--json"));
        assertTrue(out.contains("\"applied\" : false"), out);
    }

    @Test
    void watchesTheStore() {
        run("kv", "put", "a", "one");
        run("kv", "delete", "a");
        assertEquals(0, run("kv", "watch", "--from", "1", "--count", "2"));
        assertEquals("1  put     a  version 1  one\n2  delete  a\n", out);
        assertEquals(0, run("kv", "watch", "--from", "1", "--count", "1", "--json"));
        assertEquals("{\"event\":\"put\",\"key\":\"a\",\"value\":\"one\",\"version\":1,\"revision\":1}\n", out);
    }

    @Test
    void importsAFileAndNamesTheLinesThatAreWrong() throws Exception {
        Files.writeString(folder.resolve("in.jsonl"), "{\"key\":\"a\",\"value\":\"1\"}\nnonsense\n"
            + "{\"key\":\"\",\"value\":1}\n"
            + "{\"key\":\"b\",\"value\":2}\n");
        assertEquals(1, run("kv", "import", "in.jsonl", "--prefix", "p/"));
        assertTrue(out.startsWith("3 entries imported, 1 failed, in "), out);
        assertTrue(err.startsWith("in.jsonl:2: this is not JSON"), err);
        assertEquals(0, run("kv", "get", "p/b"));
        assertEquals("2\n", out);

        assertEquals(1, run("kv", "import", "in.jsonl"));
        assertTrue(err.contains("in.jsonl:3: key: found none"), err);

        Files.writeString(folder.resolve("in.txt"), "x=y\n");
        assertEquals(2, run("kv", "import", "in.txt"));
        assertEquals(0, run("kv", "import", "in.txt", "--format", "properties", "--json"));
        assertTrue(out.contains("\"imported\" : 1"), out);
    }

    @Test
    void stopsAnImportWhenTheClusterFails() throws Exception {
        Files.writeString(folder.resolve("in.properties"), "a=1\nb=2\n");
        cluster.failure = new UnavailableException("no quorum");
        assertEquals(3, run("kv", "import", "in.properties"));
        assertTrue(out.startsWith("0 entries imported, 1 failed"), out);
        assertTrue(err.contains("quorate: no quorum"), err);
    }

    @Test
    void exitsWithTheCodeOfTheFailure() {
        assertFails(3, new UnavailableException("no quorum"), "quorate: no quorum");
        assertFails(1, new UnavailableException("no server can be reached: tcp://h:1: wrong-cluster: found cluster a",
            Optional.of("wrong-cluster")),
            "correct 'cluster' or 'servers'");
        assertFails(1, new UnavailableException("no server can be reached: tcp://h:1: certificate-expired: found x",
            Optional.of("certificate-expired")), "quorate pki renew");
        assertFails(3, new UnavailableException("words are not what counts: wrong-cluster: x"), "try again");
        assertFails(3, new NotLeaderException("not me", FakeCluster.N2), "the leader may be n2");
        assertFails(1, new OverloadedException("full", Duration.ofMillis(20)), "try again in 20 ms");
        assertFails(1, new OutcomeUnknownException("lost"), "read before you try again");
        assertFails(1, new AccessDeniedException("a client may not"), "use another certificate");
        assertFails(1, new IllegalStateException("odd"), "this is a defect");
    }

    @Test
    void showsAStackTraceOnRequestAlone() {
        cluster.failure = new UnavailableException("no quorum");
        assertEquals(3, run("kv", "get", "a"));
        assertFalse(err.contains("\tat "), err);
        assertEquals(3, run("kv", "get", "a", "--debug"));
        assertTrue(err.contains("\tat "), err);
    }

    @Test
    void suggestsWhatWasMeant() {
        assertEquals(2, run("peer"));
        assertTrue(err.contains("found unknown command 'peer'"), err);
        assertTrue(err.contains("did you mean 'peers'?"), err);
        assertEquals(2, run("peers", "--wid"));
        assertTrue(err.contains("found unknown option '--wid'"), err);
        assertTrue(err.contains("did you mean '--wide'?"), err);
        assertEquals(2, run("kv", "gt", "a"));
        assertTrue(err.contains("did you mean 'get'?"), err);
    }

    @Test
    void refusesWrongUsage() {
        assertEquals(2, run());
        assertTrue(err.startsWith("Usage: quorate"), err);
        assertEquals(2, run("kv"));
        assertEquals(2, run("kv", "put", "a"));
        assertTrue(err.contains("found neither a value nor --file"), err);
        assertEquals(2, run("kv", "get"));
        assertEquals(2, run("kv", "get", "a", "b"));
        assertTrue(err.contains("found 'b' where nothing more was expected"), err);
        assertEquals(2, run("kv", "get", "a", "--local", "--at-least", "3"));
        assertEquals(2, run("kv", "put", "", "value"));
        assertTrue(err.contains("key: found none"), err);
        assertEquals(2, run("peers", "--timeout", "5"));
        assertTrue(err.contains("found '5' for --timeout"), err);
        assertEquals(2, run("bench", "--value-bytes", "4"));
        assertEquals(2, run("bench", "--outstanding", "64", "--keys", "8"));
        assertEquals(2, run("kv", "list", "--limit", "0"));
        assertEquals(2, run("pki", "issue", "wizard", "merlin"));
        assertEquals(2, run("node", "--config", "missing.yaml"));
        assertTrue(err.contains("found no file"), err);
    }

    @Test
    void saysWhereAConfigurationIsLookedFor() throws Exception {
        Files.delete(folder.resolve("quorate-quickstart/client.yaml"));
        assertEquals(2, run("peers"));
        assertTrue(err.contains("no --config, no QUORATE_CONFIG, no ./quorate-quickstart/client.yaml"), err);
    }

    @Test
    void showsAnExampleInTheHelpOfEveryCommand() {
        for (String command : List.of("", "quickstart", "node", "pki", "pki init", "pki issue", "pki show", "pki renew",
                "peers", "cluster", "cluster status", "cluster add", "cluster remove", "cluster promote",
                "cluster demote", "cluster endpoints", "cluster transfer", "kv",
                "kv put", "kv get", "kv delete", "kv list", "kv cas",
                "kv watch", "kv import", "plugins", "bench")) {
            String line = (command + " --help").strip();
            assertEquals(0, run(line.split(" ")), line);
            assertTrue(out.startsWith("Usage: " + ("quorate " + command).strip()), out);
            assertTrue(out.contains("Example:\n  quorate "), line + ": " + out);
            assertTrue(out.lines().allMatch(text -> text.length() <= 100), line + ": " + out);
        }
    }

    @Test
    void makesIssuesShowsAndRenewsCertificates() {
        assertEquals(0, run("pki", "init", "--trust-domain", "example.org"));
        assertEquals(1, run("pki", "init", "--trust-domain", "example.org"));
        assertTrue(err.contains("found an authority in"), err);
        assertEquals(0, run("pki", "issue", "node", "n1"));
        assertTrue(out.startsWith("The identity spiffe://example.org/node/n1 is issued, valid until "), out);
        assertEquals(1, run("pki", "issue", "node", "n1"));
        assertTrue(err.contains("quorate pki renew"), err);
        assertEquals(2, run("pki", "issue", "node", "N 1"));
        assertEquals(0, run("pki", "issue", "operator", "alice", "--valid", "30d", "--json"));
        assertTrue(out.contains("\"identity\" : \"spiffe://example.org/operator/alice\""), out);
        assertEquals(0, run("pki", "show", "pki/node/n1"));
        String before = out;
        assertTrue(out.startsWith("spiffe://example.org/node/n1\n  valid "), out);
        assertEquals(0, run("pki", "renew", "pki/node/n1"));
        assertEquals(0, run("pki", "show", "pki/node/n1"));
        assertFalse(before.equals(out), out);
        assertEquals(0, run("pki", "show", "pki", "--json"));
        assertTrue(out.contains("\"authority\" : true"), out);
        assertEquals(1, run("pki", "issue", "node", "n1", "--dir", "elsewhere"));
    }

    @Test
    void refusesATransportThatQuickstartDoesNotKnow() {
        assertEquals(2, run("quickstart", "--transport", "udp"));
        assertTrue(err.contains("found --transport udp"), err);
        assertTrue(err.contains("one of tcp, quic, both"), err);
        assertEquals(2, run("quickstart", "--transport", "boht", "--check"));
        assertTrue(err.contains("did you mean 'both'?"), err);
    }

    @Test
    void listsThePlugins() {
        assertEquals(0, run("plugins"));
        assertTrue(out.startsWith("SERVICE        NAME  MODULE "), out);
        assertTrue(out.contains("\nidentity       x509  io.quorate.identity.x509"), out);
        assertEquals(0, run("plugins", "--json"));
        assertTrue(out.contains("\"module\" : \"io.quorate.kv\""), out);
    }

    @Test
    void measuresAndVerifies() {
        assertEquals(0, run("bench", "--outstanding", "2", "--seconds", "1", "--warmup", "0", "--read-percent", "20",
            "--json"));
        assertEquals(1, out.lines().count());
        assertTrue(out.startsWith("{\"outstanding\":2,\"valueBytes\":256,\"readPercent\":20,\"keys\":1024,"
            + "\"seconds\":1.0,"), out);
        assertTrue(out.contains("\"errors\":0"), out);
        assertTrue(out.contains("\"longestPauseMillis\":"), out);
        assertTrue(out.contains("\"verified\":true"), out);
        assertEquals(0, run("kv", "list"));
        assertEquals("There is no key.\n", out);
    }

    @Test
    void saysWhatItHasMeasuredInWords() {
        assertEquals(0, run("bench", "--outstanding", "2", "--seconds", "1", "--warmup", "0", "--value-bytes", "1024"));
        assertTrue(out.matches("[\\d,]+ writes of 1,024 bytes in 1 s, 2 at a time, on 1,024 keys: "
            + "[\\d,]+ a second\\.\n"
            + "\n +MEDIAN +99 % +99.9 % +LONGEST\ntook( +[\\d.]+ ms){4}\n\n"
            + "The longest time in which none succeeded: [\\d.]+ ms\\.\n"
            + "All [\\d,]+ acknowledged writes were found again\\.\n"), out);
    }

    private void assertFails(int code, Exception failure, String text) {
        cluster.failure = failure;
        assertEquals(code, run("kv", "get", "a"), failure.toString());
        assertEquals("", out);
        assertTrue(err.contains(text), err);
        assertFalse(err.contains("\tat "), err);
    }

    private int run(String... args) {
        StringWriter outText = new StringWriter();
        StringWriter errText = new StringWriter();
        Environment environment = new Environment(Map.of(), folder, Optional.empty(), false, (config, timeout) -> {
            asked = config;
            return cluster;
        });
        int code = new CommandRunner(environment, new PrintWriter(outText), new PrintWriter(errText)).run(args);
        out = outText.toString();
        err = errText.toString();
        return code;
    }
}
