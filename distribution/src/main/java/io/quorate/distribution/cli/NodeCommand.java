package io.quorate.distribution.cli;

import io.quorate.distribution.compose.NodeComposition;
import io.quorate.distribution.config.NodeConfig;
import io.quorate.distribution.problem.ExitCode;
import io.quorate.distribution.problem.Problem;
import io.quorate.distribution.process.NodeProcess;
import io.quorate.registry.node.NodeFailure;
import io.quorate.spi.transport.Endpoint;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs one node in the foreground. */
@Command(name = "node", description = "Run one node in the foreground; logs go to standard error.",
    footer = {"", "Prints one line on standard output when it serves. Ends in order on SIGTERM.", "",
        "Example:", "  quorate node --config conf/node.yaml"})
final class NodeCommand implements Callable<Integer> {

    /** More than a node's close takes at most. */
    private static final long CLOSE_SECONDS = 20;

    @Spec
    private CommandSpec spec;

    @Mixin
    private CommonOptions common;

    @Option(names = "--config", paramLabel = "FILE", required = true,
        description = "The node's configuration; conf/node.yaml is an example with every key explained.")
    private Path file;

    @Option(names = "--exit-with-parent",
        description = "End in order when standard input closes: a node that another process starts does not outlive "
            + "it.")
    private boolean exitWithParent;

    @Override
    public Integer call() throws Exception {
        Environment environment = QuorateCommand.environment(spec);
        NodeConfig config = NodeConfig.read(environment.folder().resolve(file));
        if (!environment.debug() && !common.debug()) {
            // Before the first logger is made, which is when the level is read.
            System.setProperty("quorate.log.level", config.logLevel());
        }
        NodeComposition composition = NodeComposition.of(config, environment.home());
        AtomicBoolean ending = new AtomicBoolean();
        CountDownLatch ended = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> endBySignal(composition, ending, ended), "shutdown"));
        try {
            composition.node().start();
            ready(composition);
            return await(composition, config);
        } finally {
            if (ending.compareAndSet(false, true)) {
                composition.close();
                ended.countDown();
            }
        }
    }

    private void ready(NodeComposition composition) {
        PrintWriter out = spec.commandLine().getOut();
        out.println(NodeProcess.READY_PREFIX + composition.node().self() + " ready: "
            + composition.node().listening().stream().map(Endpoint::toString).collect(Collectors.joining(" ")));
        out.flush();
    }

    /** Returns when the parent is gone; never on a signal, which ends the process through the hook. */
    private int await(NodeComposition composition, NodeConfig config) throws Exception {
        CompletableFuture<Optional<NodeFailure>> end = composition.node().failure().thenApply(Optional::of);
        if (exitWithParent) {
            EndOfInput.then(() -> end.complete(Optional.empty()));
        }
        Optional<NodeFailure> failure = end.get();
        if (failure.isPresent()) {
            throw Problem.failed("node " + config.node() + " stopped serving: " + failure.get().problem(),
                "a disk that keeps what is written, and a state machine that does not fail",
                "see the log above, mend the cause, and start the node again; its data is in " + config.dataDirectory(),
                failure.get().cause());
        }
        return ExitCode.DONE;
    }

    /**
     * A node that was asked to end and did is no failure: exit code 0, and not the JVM's 143. If it is ending already,
     * because its parent closed the pipe and sent the signal too, the JVM must not be gone before that is done.
     */
    private static void endBySignal(NodeComposition composition, AtomicBoolean ending, CountDownLatch ended) {
        if (ending.compareAndSet(false, true)) {
            composition.close();
            Runtime.getRuntime().halt(ExitCode.DONE);
        }
        try {
            if (!ended.await(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                LoggerFactory.getLogger(NodeCommand.class).warn("The node did not close within {} s", CLOSE_SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
