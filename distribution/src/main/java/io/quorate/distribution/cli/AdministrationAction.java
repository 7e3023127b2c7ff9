package io.quorate.distribution.cli;

import io.quorate.api.NodeId;
import io.quorate.api.NotLeaderException;
import io.quorate.api.OutcomeUnknownException;
import io.quorate.distribution.compose.ClusterConnection;
import io.quorate.distribution.output.Json;
import io.quorate.distribution.problem.ExitCode;
import io.quorate.distribution.problem.Problem;
import io.quorate.spi.consensus.AdministrationResult;
import io.quorate.spi.transport.Endpoint;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** An operator's order to the leader: connects, waits for the outcome, and says what is so now. */
abstract class AdministrationAction implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Mixin
    private CommonOptions common;

    @Mixin
    private ConnectOptions connection;

    @Option(names = "--json", description = "Print one JSON document.")
    private boolean json;

    /** Checks what can be checked before anybody is asked. */
    abstract void prepare() throws Problem;

    abstract CompletableFuture<AdministrationResult> order(ClusterConnection cluster, Duration atMost) throws Problem;

    /** Whether {@code --force} was given. */
    abstract boolean forced();

    /** What to print when it is done. */
    String said(String detail) {
        return detail;
    }

    @Override
    public final Integer call() throws Exception {
        prepare();
        AdministrationResult result;
        try (ClusterConnection cluster = connection.connect(QuorateCommand.environment(spec))) {
            Duration atMost = connection.timeout();
            result = connection.await(order(cluster, atMost), atMost);
        }
        PrintWriter out = spec.commandLine().getOut();
        return switch (result) {
            case AdministrationResult.Done done -> {
                out.println(json ? Json.document(Json.object("done", true, "detail", done.detail()))
                    : said(done.detail()));
                yield ExitCode.DONE;
            }
            case AdministrationResult.Refused refused -> {
                boolean forcible = refused.forcible() && !forced();
                if (json) {
                    out.println(Json.document(Json.object("done", false, "detail", refused.reason(), "forcible",
                        refused.forcible())));
                }
                throw Problem.failed(refused.reason(), "a change that keeps the cluster safe", forcible
                    ? "nothing was changed; mend the cause, or give --force if you know better"
                    : "nothing was changed; 'quorate cluster status' shows who is there");
            }
            // The client tells of these two as failures.
            case AdministrationResult.NotLeader other ->
                throw new NotLeaderException("the asked node does not lead", other.leader().orElse(null));
            case AdministrationResult.Unknown unknown -> throw new OutcomeUnknownException(unknown.reason());
        };
    }

    static NodeId node(String text) throws Problem {
        try {
            return new NodeId(text);
        } catch (IllegalArgumentException e) {
            throw Problem.usage(e.getMessage(), "a node's name, such as n4", "correct the name");
        }
    }

    static List<Endpoint> endpoints(List<String> texts) throws Problem {
        List<Endpoint> endpoints = new ArrayList<>();
        for (String text : texts) {
            try {
                endpoints.add(Endpoint.parse(text));
            } catch (IllegalArgumentException e) {
                throw Problem.usage("--endpoint: " + e.getMessage(), "", "correct the endpoint");
            }
        }
        return endpoints;
    }
}
