package io.quorate.distribution.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.ClusterId;
import io.quorate.api.LogIndex;
import io.quorate.api.NodeId;
import io.quorate.spi.consensus.CommittedEntry;
import io.quorate.spi.consensus.Consensus;
import io.quorate.spi.consensus.ConsensusContext;
import io.quorate.spi.consensus.ConsensusEnvironment;
import io.quorate.spi.consensus.ConsensusHost;
import io.quorate.spi.consensus.ConsensusStatus;
import io.quorate.spi.consensus.FrozenState;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.StateSource;
import io.quorate.spi.plugin.Plugins;
import io.quorate.spi.transport.Endpoint;
import io.quorate.testing.time.VirtualLoop;
import io.quorate.testing.time.VirtualWorld;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code doctor} and {@code cluster recover} say of a real data directory, and what they leave of it. */
final class DoctorTest {

    @TempDir
    private Path folder;

    private String out;
    private String err;

    /** A consensus that has run here, without a state. */
    private Consensus start() throws Exception {
        Path data = Files.createDirectories(folder.resolve("data"));
        VirtualWorld world = new VirtualWorld(1);
        Membership members = Membership.ofVoters(Map.of(
            new NodeId("n1"), List.of(Endpoint.parse("tcp://h1:7001")),
            new NodeId("n2"), List.of(Endpoint.parse("tcp://h2:7001")),
            new NodeId("n3"), List.of(Endpoint.parse("tcp://h3:7001"))));
        Consensus consensus = Plugins.load().consensus(Optional.empty()).create(new ConsensusContext(new NodeId("n1"),
            new ClusterId("demo"), data, members, new VirtualLoop(world),
            (peer, type, request, timeoutMillis, answer) -> { }, new Nobody(), Map.of(), ConsensusEnvironment.REAL));
        consensus.start();
        return consensus;
    }

    private static final class Nobody implements ConsensusHost {

        @Override
        public void committed(List<CommittedEntry> entries, Runnable done) {
            done.run();
        }

        @Override
        public void freeze(Consumer<FrozenState> frozen) {
            throw new AssertionError("nobody has a state here");
        }

        @Override
        public void restore(LogIndex index, StateSource source, Runnable done) {
            throw new AssertionError("nobody has a snapshot here");
        }

        @Override
        public void statusChanged(ConsensusStatus status) {
            assertFalse(status.membership().members().isEmpty());
        }

        @Override
        public void failed(String problem, Throwable cause) {
            throw new AssertionError(problem, cause);
        }
    }

    @Test
    void aHealthyDirectoryIsShown() throws Exception {
        start().close();
        assertEquals(0, run("doctor", "data"), out + err);
        assertTrue(out.startsWith(folder.resolve("data") + ": all is well.\n\ncluster  demo\nnode     n1\nstore    "),
            out);
        assertTrue(out.contains("\nlog      no entries; the next one is 1, noted as durable up to 0\n"), out);
        assertTrue(out.contains("\nmembers  voters n1 n2 n3 (as at the first start, epoch 1)\n"), out);
        assertTrue(out.contains("SEGMENT                   FIRST  LAST  USED   SIZE\n"
            + "00000000000000000001.seg      1     0  64 B  4 MiB\n"), out);
        assertEquals(0, run("doctor", "data", "--json"));
        assertTrue(out.contains("\"healthy\" : true,\n  \"inUseBy\" : null,\n  \"format\" : 2,"), out);
    }

    @Test
    void aRunningNodesDirectoryIsShownAndLeftAlone() throws Exception {
        Consensus consensus = start();
        try {
            assertEquals(0, run("doctor", "data"), out + err);
            assertTrue(out.contains("It is in use by this very process"), out);
            assertEquals(1, run("cluster", "recover", "--data", "data", "--keep", "n1", "--yes"));
            assertTrue(err.contains("in use") && err.contains("Stop that node first"), err);
        } finally {
            consensus.close();
        }
    }

    @Test
    void damageIsNamedWithPlaceAndRemedy() throws Exception {
        start().close();
        Path state = folder.resolve("data/bootstrap");
        Files.write(state, new byte[] {1}, StandardOpenOption.APPEND);
        assertEquals(1, run("doctor", "data"));
        assertTrue(out.contains(": damaged, 1 finding.\n"), out);
        assertTrue(out.contains("DAMAGE  " + state + "\n  found:    "), out);
        assertTrue(out.contains("\n  remedy:   "), out);
        assertEquals(1, run("doctor", "data", "--json"));
        assertTrue(out.contains("\"severity\" : \"damage\""), out);
        assertEquals(1, run("cluster", "recover", "--data", "data", "--keep", "n1", "--yes"));
        assertTrue(err.contains(state.toString()), err);
    }

    @Test
    void whatIsNoDataDirectoryIsWrongUsageOrDamage() throws Exception {
        assertEquals(2, run("doctor", "nowhere"));
        assertTrue(err.contains("found no directory") && err.contains("data-directory"), err);
        assertEquals(2, run("doctor"));
        Files.createDirectory(folder.resolve("empty"));
        assertEquals(0, run("doctor", "empty"));
        assertTrue(out.contains("no data of a node yet"), out);
        Files.writeString(folder.resolve("empty/holiday.txt"), "sun");
        assertEquals(1, run("doctor", "empty"));
        assertTrue(out.contains("holiday.txt"), out);
    }

    @Test
    void aRecoveryIsShownBeforeItIsDone() throws Exception {
        start().close();
        assertEquals(0, run("cluster", "recover", "--data", "data", "--keep", "n1"));
        assertTrue(out.startsWith("Would recover cluster demo from the log of n1.\n"
            + "  voters so far  n1 n2 n3 (epoch 1)\n  voters then    n1 (epoch 2)\n"), out);
        assertTrue(out.contains("an empty directory and 'join: true'"), out);
        assertTrue(out.contains("Nothing was changed. If 1 or fewer of the voters so far can ever come back"), out);
        assertEquals(0, run("doctor", "data"));
        assertTrue(out.contains("epoch 1"), out);

        assertEquals(0, run("cluster", "recover", "--data", "data", "--keep", "n1", "--yes"), out + err);
        assertTrue(out.startsWith("Recovered cluster demo") && out.contains("Start n1 now."), out);
        assertEquals(0, run("doctor", "data"), out + err);
        assertTrue(out.contains("log      entries 1 to 1, the last of term 1: 1 configuration"), out);
        assertTrue(out.contains("members  voters n1 (entry 1, epoch 2)"), out);

        assertEquals(1, run("cluster", "recover", "--data", "data", "--keep", "n1", "--yes"), out + err);
        assertTrue(err.contains("only voter and the only member already, in epoch 2") && err.contains("Start the node"),
            err);
        assertEquals(0, run("doctor", "data"));
        assertTrue(out.contains("epoch 2"), out);
    }

    @Test
    void aRecoveryAsksForNodesThatMakeSense() throws Exception {
        start().close();
        assertEquals(2, run("cluster", "recover", "--data", "data", "--keep", "n2", "--yes"));
        assertTrue(err.contains("expected n1 among them"), err);
        assertEquals(2, run("cluster", "recover", "--data", "data", "--keep", "n1,n2", "--yes"));
        assertTrue(err.contains("expected n1 alone"), err);
        assertEquals(2, run("cluster", "recover", "--data", "data", "--keep", "n1", "--endpoint", "x", "--yes"));
        assertTrue(err.contains("found endpoint 'x'"), err);
        assertEquals(2, run("cluster", "recover", "--data", "data", "--keep", "n1", "--endpoint",
            "n9=tcp://h9:7001", "--yes"));
        assertTrue(err.contains("expected only of [n1]"), err);
        assertEquals(0, run("cluster", "recover", "--data", "data", "--keep", "n1", "--endpoint",
            "n1=tcp://h9:7001", "--yes"), err);
    }

    private int run(String... args) {
        StringWriter outText = new StringWriter();
        StringWriter errText = new StringWriter();
        Environment environment = new Environment(Map.of(), folder, Optional.empty(), false, (config, timeout) -> {
            throw new AssertionError("asked the cluster");
        });
        int code = new CommandRunner(environment, new PrintWriter(outText), new PrintWriter(errText)).run(args);
        out = outText.toString();
        err = errText.toString();
        return code;
    }
}
