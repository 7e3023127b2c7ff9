package io.quorate.distribution.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.NodeId;
import io.quorate.distribution.problem.Problem;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes are started, watched and ended, whatever they do; a shell script stands in for the node. */
final class NodeProcessTest {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @TempDir
    private Path folder;

    @Test
    void tellsWhenTheNodeServesAndEndsIt() throws Exception {
        NodeProcess node = start("echo noise; echo \"quorate node n1 ready: $*\"; exec cat");

        assertEquals("quorate node n1 ready: node --config node.yaml --exit-with-parent", node.awaitReady(PATIENCE));
        assertTrue(node.isAlive());
        node.askToStop();
        assertTrue(node.awaitEnd(PATIENCE));
        assertEquals("ended by signal 15", node.ending());
    }

    @Test
    void tellsTheNodesOwnReasonIfItDoesNotStart() throws Exception {
        Files.writeString(folder.resolve("node.log"), "quorate: of an earlier start\n");
        NodeProcess node = start("echo 'a log line' >&2; echo 'quorate: found the port in use' >&2; "
            + "echo '  remedy:   another one' >&2; exit 1");

        Problem problem = assertThrows(Problem.class, () -> node.awaitReady(PATIENCE));
        assertEquals("node n1 ended with exit code 1:\n    quorate: found the port in use\n      remedy:   another one",
            problem.found());
    }

    @Test
    void givesUpOnANodeThatNeverServes() throws Exception {
        NodeProcess node = start("exec cat");

        Problem problem = assertThrows(Problem.class, () -> node.awaitReady(Duration.ofMillis(50)));
        assertTrue(problem.found().startsWith("node n1 was not ready within 0 s"), problem.found());
        node.kill();
        node.ended().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertEquals("ended by signal 9", node.ending());
    }

    @Test
    void killsANodeThatDoesNotEndByItself() throws Exception {
        // Not tail -f: it ends when its output is closed, and asking a process to end closes it.
        NodeProcess node = start("trap '' TERM; echo 'quorate node n1 ready: '; exec sleep 600");

        node.awaitReady(PATIENCE);
        node.askToStop();
        assertFalse(node.awaitEnd(Duration.ofMillis(100)));
        node.ended().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    @Test
    void needsALauncher() {
        assertThrows(Problem.class, () -> Launcher.find(Optional.empty()));
        assertThrows(Problem.class, () -> Launcher.find(Optional.of(folder)));
    }

    @Test
    void findsTakenPortsAndFreeOnes() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            int port = taken.getLocalPort();
            assertEquals(List.of(port), Ports.taken(port, 1, false));
            assertTrue(Ports.freeRange(port, 1, false).orElseThrow() > port);
        }
    }

    private NodeProcess start(String script) throws IOException {
        Path launcher = folder.resolve("launcher");
        Files.writeString(launcher, "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(launcher, PosixFilePermissions.fromString("rwx------"));
        return NodeProcess.start(new Launcher(launcher, Optional.empty()), new NodeId("n1"), Path.of("node.yaml"),
            folder.resolve("node.log"), 3);
    }
}
