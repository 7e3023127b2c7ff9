package io.quorate.distribution.cli;

import io.quorate.distribution.compose.ClusterConnection;
import io.quorate.distribution.config.ClientConfig;
import io.quorate.distribution.config.Durations;
import io.quorate.distribution.problem.Problem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Option;

/** Which cluster to ask, as whom, and how long to wait. */
final class ConnectOptions {

    /** Where quickstart leaves a configuration, so that its user need not name one. */
    static final String QUICKSTART_CONFIG = "quorate-quickstart/client.yaml";

    /** Operations have their own time limit; this much later the answer is taken to be lost. */
    private static final long GRACE_MILLIS = 2_000;

    @Option(names = "--config", paramLabel = "FILE",
        description = "Client configuration; otherwise QUORATE_CONFIG, otherwise ./" + QUICKSTART_CONFIG + ".")
    private Path config;

    @Option(names = "--server", paramLabel = "NODE",
        description = "Ask this node alone: scheme://host:port, host:port, or a node id that the configuration names.")
    private String server;

    @Option(names = "--timeout", paramLabel = "TIME", defaultValue = "5s",
        description = "How long an operation may take, such as 500ms or 5s (default ${DEFAULT-VALUE}).")
    private String timeout;

    /** The configuration that the options choose. */
    ClientConfig config(Environment environment) throws Problem {
        ClientConfig read = ClientConfig.read(environment.folder().resolve(file(environment)));
        return server == null ? read : read.withServer(server);
    }

    boolean namesServer() {
        return server != null;
    }

    Duration timeout() throws Problem {
        return Durations.parse("--timeout", timeout);
    }

    /** Connects; the caller closes. */
    ClusterConnection connect(Environment environment) throws Exception {
        return environment.connector().connect(config(environment), timeout());
    }

    /** Waits for an operation's end; a failure comes out as it is. */
    <T> T await(CompletableFuture<T> operation) throws Exception {
        return await(operation, Duration.ZERO);
    }

    /** The same for an operation that waits by itself, for {@code longer} than its time limit. */
    <T> T await(CompletableFuture<T> operation, Duration longer) throws Exception {
        long millis = timeout().plus(longer).toMillis() + GRACE_MILLIS;
        try {
            return operation.get(millis, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw Problem.unavailable("no answer within " + timeout().toMillis() + " ms",
                "a leader and a quorum that answer in time", "try again, or wait longer with --timeout", e);
        }
    }

    private Path file(Environment environment) throws Problem {
        if (config != null) {
            return config;
        }
        String variable = environment.variables().get("QUORATE_CONFIG");
        if (variable != null && !variable.isBlank()) {
            return Path.of(variable);
        }
        Path quickstart = environment.folder().resolve(QUICKSTART_CONFIG);
        if (Files.exists(quickstart)) {
            return quickstart;
        }
        throw Problem.usage("found no client configuration: no --config, no QUORATE_CONFIG, no ./" + QUICKSTART_CONFIG,
            "a file that names servers, cluster and identity",
            "run 'quorate quickstart' in this folder, or name a file with --config");
    }
}
