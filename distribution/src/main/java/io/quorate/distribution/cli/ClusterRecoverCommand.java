package io.quorate.distribution.cli;

import io.quorate.api.NodeId;
import io.quorate.distribution.problem.ExitCode;
import io.quorate.distribution.problem.Problem;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.StorageInspector;
import io.quorate.spi.consensus.StorageRecovery;
import io.quorate.spi.storage.StorageRefusedException;
import io.quorate.spi.transport.Endpoint;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Makes one node's log the truth, after the majority of the voters is lost for ever. */
@Command(name = "recover", description = "After a majority is lost for ever: make the log of one stopped node the "
    + "truth, with itself as the only voter. Without --yes it only shows what it would do.",
    footer = {"", "Run it on one node alone: the one with the most recent log ('quorate doctor' shows the last entry",
        "and its term). All other nodes must come back with an empty directory AND 'join: true' in their files: with",
        "their first configuration, and nothing else, a majority of them would found a second cluster.", "",
        "Without --yes nothing is changed, and the exit code is 0 if it could be done.", "",
        "Example:", "  quorate cluster recover --data /var/lib/quorate --keep n1",
        "  quorate cluster recover --data /var/lib/quorate --keep n1 --yes"})
final class ClusterRecoverCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Mixin
    private CommonOptions common;

    @Option(names = "--data", required = true, paramLabel = "DIR",
        description = "The data directory of a stopped node.")
    private Path data;

    @Option(names = "--keep", required = true, split = ",", paramLabel = "NODE",
        description = "The voter from now on: the node whose directory this is. The others are added later.")
    private List<String> keep;

    @Option(names = "--endpoint", paramLabel = "NODE=ENDPOINT",
        description = "Where a kept node can be reached, if that has changed; may be given more than once.")
    private List<String> endpoints = new ArrayList<>();

    @Option(names = "--yes", description = "Do it.")
    private boolean yes;

    @Override
    public Integer call() throws Exception {
        Path folder = DoctorCommand.dataDirectory(spec, data);
        StorageInspector inspector = DoctorCommand.inspector(spec);
        PrintWriter out = spec.commandLine().getOut();
        try {
            TreeSet<NodeId> kept = keep.stream().map(NodeId::new).collect(Collectors.toCollection(TreeSet::new));
            SortedMap<NodeId, List<Endpoint>> places = places();
            if (!yes) {
                print(out, inspector.planRecovery(folder, kept, places), false);
                return ExitCode.DONE;
            }
            print(out, inspector.recover(folder, kept, places), true);
            return ExitCode.DONE;
        } catch (IllegalArgumentException e) {
            throw Problem.usage(e.getMessage(), "the form of 'quorate cluster recover --help'",
                "'quorate doctor " + data + "' shows whose directory it is and who the members are");
        } catch (StorageRefusedException e) {
            throw Problem.failed(e.getMessage(), e);
        }
    }

    private SortedMap<NodeId, List<Endpoint>> places() {
        SortedMap<NodeId, List<Endpoint>> places = new TreeMap<>();
        for (String given : endpoints) {
            int equals = given.indexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException("found endpoint '" + given
                    + "', expected the form n1=tcp://host:7001");
            }
            places.computeIfAbsent(new NodeId(given.substring(0, equals)), it -> new ArrayList<>())
                .add(Endpoint.parse(given.substring(equals + 1)));
        }
        return places;
    }

    private void print(PrintWriter out, StorageRecovery recovery, boolean done) {
        out.println((done ? "Recovered" : "Would recover") + " cluster " + recovery.cluster() + " from the log of "
            + recovery.node() + ".");
        out.println("  voters so far  " + voters(recovery.before()) + " (epoch " + recovery.before().epoch() + ")");
        out.println("  voters then    " + voters(recovery.after()) + " (epoch " + recovery.after().epoch() + ")");
        out.println("  kept           all entries of this node, up to " + recovery.lastIndex() + " of term "
            + recovery.lastTerm() + (recovery.certainIndex().value() > 0
                ? "; those up to " + recovery.certainIndex() + " were certainly agreed on" : "")
            + "; the last ones may never have been agreed on, and will be now");
        out.println("  lost           whatever the others had after entry " + recovery.lastIndex()
            + ", also what clients were told was done");
        out.println("  others         are refused with their old data: give each an empty directory and 'join: true',");
        out.println("                 and add it again. Never start one with an empty directory and without "
            + "'join: true'");
        out.println();
        if (done) {
            out.println("Start " + recovery.node() + " now. It leads at once.");
        } else {
            out.println("Nothing was changed. If " + recovery.before().voters().size() / 2 + " or fewer of the voters "
                + "so far can ever come back, and no other node has a more recent log, repeat this with --yes.");
        }
    }

    private static String voters(Membership membership) {
        return membership.voters().stream().map(NodeId::value).collect(Collectors.joining(" "));
    }
}
