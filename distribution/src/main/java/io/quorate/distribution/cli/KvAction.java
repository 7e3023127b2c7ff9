package io.quorate.distribution.cli;

import io.quorate.api.Bytes;
import io.quorate.distribution.compose.ClusterConnection;
import io.quorate.distribution.problem.Problem;
import io.quorate.kv.KvClient;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A command on the store: connects, acts, closes. */
abstract class KvAction implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Mixin
    private CommonOptions common;

    @Mixin
    private ConnectOptions connection;

    @Option(names = "--json", description = "Print JSON: one document, or one object a line where there are many.")
    private boolean json;

    @Override
    public final Integer call() throws Exception {
        prepare();
        try (ClusterConnection connected = connection.connect(environment())) {
            return act(new KvClient(connected.plane()), out());
        } catch (IllegalArgumentException e) {
            throw Problem.usage(e.getMessage(), "", "'" + spec.qualifiedName() + " --help' shows what is possible");
        }
    }

    /** Checks the command line before anything is connected. */
    void prepare() throws Exception {
    }

    /** Returns the exit code. */
    abstract int act(KvClient kv, PrintWriter out) throws Exception;

    final boolean json() {
        return json;
    }

    final ConnectOptions connection() {
        return connection;
    }

    final Environment environment() {
        return QuorateCommand.environment(spec);
    }

    final PrintWriter out() {
        return spec.commandLine().getOut();
    }

    final PrintWriter err() {
        return spec.commandLine().getErr();
    }

    final <T> T await(CompletableFuture<T> operation) throws Exception {
        return connection.await(operation);
    }

    static Bytes key(String text) {
        return Bytes.utf8(text);
    }
}
