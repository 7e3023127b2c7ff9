package io.quorate.distribution.cli;

import io.quorate.api.ControlPlane;
import io.quorate.api.Peer;
import io.quorate.api.PeerChanges;
import io.quorate.api.PeerEvent;
import io.quorate.api.PeerView;
import io.quorate.distribution.compose.ClusterConnection;
import io.quorate.distribution.output.Json;
import io.quorate.distribution.problem.ExitCode;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows who is there. */
@Command(name = "peers", description = "Show the members and who is there, as the asked node knows it.",
    footer = {"", "Example:", "  quorate peers --wide", "  quorate peers --watch --json"})
final class PeersCommand implements Callable<Integer> {

    /** How long one question for changes waits at the node before it is asked anew. */
    private static final Duration WATCH_WAIT = Duration.ofSeconds(20);

    @Spec
    private CommandSpec spec;

    @Mixin
    private CommonOptions common;

    @Mixin
    private ConnectOptions connection;

    @Option(names = "--watch", description = "Show the present state, then every change as it happens, until Ctrl-C.")
    private boolean watch;

    @Option(names = "--wide", description = "Show endpoints, versions and fingerprints too, who sees whom, and over "
        + "which transports and key exchanges the asked node is connected.")
    private boolean wide;

    @Option(names = "--json", description = "Print one JSON document; with --watch, one JSON object a line.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        try (ClusterConnection connected = connection.connect(QuorateCommand.environment(spec))) {
            ControlPlane cluster = connected.plane();
            PeerView view = connection.await(cluster.peers());
            PrintWriter out = spec.commandLine().getOut();
            if (watch) {
                follow(cluster, view, out);
            } else if (json) {
                out.println(Json.document(PeerListing.json(view)));
            } else {
                PeerListing.text(view, wide, Instant.now()).forEach(out::println);
            }
            return ExitCode.DONE;
        }
    }

    private void follow(ControlPlane cluster, PeerView first, PrintWriter out) throws Exception {
        state(first.number(), first.peers(), out);
        long number = first.number();
        // Ends with the process, or with the failure of a question.
        while (!Thread.currentThread().isInterrupted()) {
            PeerChanges changes = connection.await(cluster.peerChanges(number, WATCH_WAIT), WATCH_WAIT);
            if (changes.snapshot()) {
                state(changes.upTo(), changes.peers(), out);
            }
            for (PeerEvent event : changes.events()) {
                out.println(json ? Json.line(Json.object("event", "change", "number", event.number(),
                    "previous", event.previous(), "peer", PeerListing.json(event.peer())))
                    : PeerListing.line(event));
            }
            out.flush();
            number = changes.upTo();
        }
    }

    private void state(long number, List<Peer> peers, PrintWriter out) {
        if (json) {
            List<Object> list = new ArrayList<>();
            peers.forEach(peer -> list.add(PeerListing.json(peer)));
            out.println(Json.line(Json.object("event", "state", "number", number, "peers", list)));
        } else {
            peers.forEach(peer -> out.println(PeerListing.line(peer)));
        }
        out.flush();
    }
}
