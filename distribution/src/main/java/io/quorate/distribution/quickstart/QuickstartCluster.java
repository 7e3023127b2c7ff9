package io.quorate.distribution.quickstart;

import io.quorate.api.NodeId;
import io.quorate.distribution.config.NodeConfig;
import io.quorate.distribution.problem.Problem;
import io.quorate.distribution.process.Launcher;
import io.quorate.distribution.process.NodeProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * The node processes of a quickstart folder. Whatever ends this process ends them: {@link #close} also runs as a
 * shutdown hook (Ctrl-C, SIGTERM), and where no hook runs (kill -9) the nodes see their standard input close.
 *
 * <p>Thread-safe.
 */
public final class QuickstartCluster implements AutoCloseable {

    /** How long a node may take to serve, on a busy machine. */
    public static final Duration READY_TIMEOUT = Duration.ofSeconds(60);

    /** How long a node may take to close in order before it is killed. */
    public static final Duration STOP_TIMEOUT = Duration.ofSeconds(12);

    private final QuickstartFolder folder;
    private final Launcher launcher;
    private final SortedMap<NodeId, NodeProcess> processes = new TreeMap<>();
    private final Thread hook = new Thread(this::stopAtEnd, "stop-nodes");
    private final Consumer<String> farewell;
    private boolean closed;

    /** @param farewell is told what happens when a signal ends the process; called on another thread */
    public QuickstartCluster(QuickstartFolder folder, Launcher launcher, Consumer<String> farewell) {
        this.folder = folder;
        this.farewell = farewell;
        this.launcher = launcher;
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Starts every node at once, and waits until all of them serve. */
    public void start() throws IOException, Problem, InterruptedException {
        List<NodeProcess> started = new ArrayList<>();
        for (NodeConfig node : folder.nodes()) {
            started.add(launch(node));
        }
        for (NodeProcess process : started) {
            process.awaitReady(READY_TIMEOUT);
        }
    }

    /** Starts one node again after its process has ended; returns without waiting for it. */
    public NodeProcess restart(NodeId id) throws IOException, Problem {
        for (NodeConfig node : folder.nodes()) {
            if (node.node().equals(id)) {
                return launch(node);
            }
        }
        throw Problem.failed("found no node " + id + " in " + folder.root(), "one of its nodes", "");
    }

    /** The latest process of each node, alive or not. */
    public synchronized SortedMap<NodeId, NodeProcess> processes() {
        return new TreeMap<>(processes);
    }

    private synchronized NodeProcess launch(NodeConfig node) throws IOException, Problem {
        if (closed) {
            throw Problem.failed("the nodes are being stopped", "", "");
        }
        NodeProcess process = NodeProcess.start(launcher, node.node(), node.file(), folder.log(node.node()),
            folder.nodes().size());
        processes.put(node.node(), process);
        return process;
    }

    private void stopAtEnd() {
        farewell.accept("Stopping the nodes ...");
        farewell.accept(stopAll() ? "All nodes have stopped." : "A node had to be killed; its log says more.");
    }

    /** Stops every node; returns when all have ended. Returns whether all of them ended in order. */
    public boolean stopAll() {
        List<NodeProcess> all;
        synchronized (this) {
            closed = true;
            all = new ArrayList<>(processes.values());
        }
        all.forEach(NodeProcess::askToStop);
        boolean inOrder = true;
        boolean interrupted = false;
        for (NodeProcess process : all) {
            try {
                inOrder &= process.awaitEnd(STOP_TIMEOUT);
            } catch (InterruptedException e) {
                interrupted = true;
                process.kill();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return inOrder;
    }

    @Override
    public void close() {
        stopAll();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException ignored) {
            // The process is ending and the hook runs, or has run: nothing is left to remove.
        }
    }
}
