package io.quorate.distribution.process;

import io.quorate.api.NodeId;
import io.quorate.distribution.problem.Problem;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * One node in a process of its own. Its standard input is a pipe from this process: if this process dies, however it
 * dies, the pipe closes and the node ends itself, so that none is left behind.
 *
 * <p>Thread-safe.
 */
public final class NodeProcess {

    /** What a node prints first when it serves. */
    public static final String READY_PREFIX = "quorate node ";

    /** The share of the machine's memory that all nodes together may take as heap, in percent. */
    private static final int HEAP_PERCENT_OF_ALL = 50;

    private static final int LOG_TAIL_BYTES = 4_096;

    private final NodeId id;
    private final Path log;
    private final long logStart;
    private final Process process;
    private final CompletableFuture<String> ready = new CompletableFuture<>();

    private NodeProcess(NodeId id, Path log, long logStart, Process process) {
        this.id = id;
        this.log = log;
        this.logStart = logStart;
        this.process = process;
    }

    /**
     * Starts a node.
     *
     * @param config its configuration
     * @param log takes its standard error, after what is there already
     * @param siblings how many nodes share this machine, for the size of their heaps
     */
    public static NodeProcess start(Launcher launcher, NodeId id, Path config, Path log, int siblings)
            throws IOException {
        ProcessBuilder builder = new ProcessBuilder(launcher.script().toString(), "node", "--config", config.toString(),
            "--exit-with-parent");
        Map<String, String> environment = builder.environment();
        launcher.java().ifPresent(java -> environment.put("QUORATE_JAVA", java.toString()));
        environment.put("QUORATE_JAVA_OPTS", "-XX:MaxRAMPercentage=" + Math.max(1, HEAP_PERCENT_OF_ALL / siblings) + " "
            + environment.getOrDefault("QUORATE_JAVA_OPTS", ""));
        builder.redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
        long logStart = Files.exists(log) ? Files.size(log) : 0;
        NodeProcess node = new NodeProcess(id, log, logStart, builder.start());
        Thread reader = new Thread(node::readOutput, "node-output-" + id);
        reader.setDaemon(true);
        reader.start();
        return node;
    }

    public NodeId id() {
        return id;
    }

    public long pid() {
        return process.pid();
    }

    public Path log() {
        return log;
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** How it ended, in words; only after its end. */
    public String ending() {
        int code = process.exitValue();
        return code > 128 ? "ended by signal " + (code - 128) : "ended with exit code " + code;
    }

    /** Completes when the process has ended. */
    public CompletableFuture<Void> ended() {
        return process.onExit().thenApply(gone -> null);
    }

    /**
     * Waits until the node serves.
     *
     * @return what it said
     * @throws Problem with the node's own reason, if it ends instead or takes longer than {@code atMost}
     */
    public String awaitReady(Duration atMost) throws Problem, InterruptedException {
        try {
            return ready.get(atMost.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw Problem.failed("node " + id + " was not ready within " + atMost.toSeconds() + " s" + reason(),
                "a ready line on its standard output", "see its log " + log, e);
        } catch (ExecutionException e) {
            throw Problem.failed("node " + id + " " + e.getCause().getMessage() + reason(), "a node that starts",
                "mend that, then start again; its log is " + log, e);
        }
    }

    /** kill -9: the node gets no chance to do anything. */
    public void kill() {
        process.destroyForcibly();
    }

    /** Asks the node to close; returns at once. */
    public void askToStop() {
        process.destroy();
    }

    /**
     * Waits for the end, and kills the node if it takes longer than {@code atMost}. Returns whether it ended by itself.
     */
    public boolean awaitEnd(Duration atMost) throws InterruptedException {
        if (process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
            return true;
        }
        kill();
        process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS);
        return false;
    }

    private void readOutput() {
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                if (line.startsWith(READY_PREFIX)) {
                    ready.complete(line);
                }
            }
            process.waitFor();
            ready.completeExceptionally(new IllegalStateException(ending()));
        } catch (IOException | UncheckedIOException e) {
            ready.completeExceptionally(new IllegalStateException("closed its output: " + e.getMessage(), e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            ready.completeExceptionally(new IllegalStateException("was not waited for", e));
        }
    }

    /** What the node itself wrote to its log since this start: its message, without the log lines before it. */
    private String reason() {
        try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
            file.seek(Math.max(logStart, file.length() - LOG_TAIL_BYTES));
            byte[] tail = new byte[(int) (file.length() - file.getFilePointer())];
            file.readFully(tail);
            List<String> lines = new String(tail, StandardCharsets.UTF_8).lines().toList();
            for (int i = lines.size() - 1; i >= 0; i--) {
                if (lines.get(i).startsWith("quorate: ")) {
                    return ":\n    " + String.join("\n    ", lines.subList(i, lines.size()));
                }
            }
            return lines.isEmpty() ? "" : ":\n    " + lines.get(lines.size() - 1);
        } catch (IOException e) {
            return " (its log cannot be read: " + e.getMessage() + ")";
        }
    }
}
