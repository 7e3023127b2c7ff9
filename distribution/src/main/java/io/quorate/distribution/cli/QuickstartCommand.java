package io.quorate.distribution.cli;

import io.quorate.distribution.problem.ExitCode;
import io.quorate.distribution.problem.Nearest;
import io.quorate.distribution.problem.Problem;
import io.quorate.distribution.process.Launcher;
import io.quorate.distribution.process.Ports;
import io.quorate.distribution.quickstart.Quickstart;
import io.quorate.distribution.quickstart.QuickstartCheck;
import io.quorate.distribution.quickstart.QuickstartFolder;
import io.quorate.distribution.quickstart.QuickstartTransport;
import io.quorate.spi.plugin.Plugins;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A whole cluster on this machine with one command. */
@Command(name = "quickstart",
    description = "Make certificates and configurations, and run a cluster of node processes on this machine.",
    footer = {"", "Stops every node on Ctrl-C, and goes on with the same data when it is started again.", "",
        "Example:", "  quorate quickstart", "  quorate quickstart --check      run the whole story once, exit 0 or 1",
        "  quorate quickstart --transport quic"})
final class QuickstartCommand implements Callable<Integer> {

    private static final int DEFAULT_NODES = 3;
    private static final int MAX_NODES = 9;
    private static final int DEFAULT_BASE_PORT = 7_401;

    @Spec
    private CommandSpec spec;

    @Mixin
    private CommonOptions common;

    @Option(names = "--dir", paramLabel = "DIR", defaultValue = "quorate-quickstart",
        description = "Where everything is kept (default ./${DEFAULT-VALUE}).")
    private Path directory;

    @Option(names = "--nodes", paramLabel = "N", description = "How many nodes, 1 to " + MAX_NODES + " (default "
        + DEFAULT_NODES + ").")
    private Integer nodes;

    @Option(names = "--base-port", paramLabel = "PORT",
        description = "The first node's port on 127.0.0.1; the others take the next ones (default 7401).")
    private Integer basePort;

    @Option(names = "--transport", paramLabel = "TRANSPORT",
        description = "tcp, quic, or both with quic preferred (default tcp).")
    private String transport;

    @Option(names = "--check",
        description = "Run the story by itself in a temporary folder inside DIR: import real entries, kill the leader, "
            + "verify every write, restart. Exits with 0 or 1.")
    private boolean check;

    @Override
    public Integer call() throws Exception {
        Environment environment = QuorateCommand.environment(spec);
        PrintWriter out = spec.commandLine().getOut();
        Path root = environment.folder().resolve(directory).normalize();
        checkRange();
        Optional<QuickstartTransport> chosen = transport(environment);
        Launcher launcher = Launcher.find(environment.home());
        if (check) {
            int count = nodes == null ? DEFAULT_NODES : nodes;
            if (count < DEFAULT_NODES) {
                throw Problem.usage("found --nodes " + count + " with --check", "at least 3 nodes, so that a quorum "
                    + "survives the leader", "leave --nodes out");
            }
            QuickstartTransport over = chosen.orElse(QuickstartTransport.TCP);
            return check(new QuickstartCheck(root, count, portForCheck(count, over), over, launcher,
                environment.connector(), out));
        }
        QuickstartFolder folder = folder(root, chosen);
        refuseTakenPorts(folder.basePort(), folder.nodes().size(), folder.transport());
        new Quickstart(folder, launcher, environment.connector(), out, environment.terminal()).run();
        return ExitCode.DONE;
    }

    /**
     * Whatever goes wrong on the way is a failed check: exit code 1, and not the code of a cluster without a leader.
     */
    private static int check(QuickstartCheck story) throws Problem {
        try {
            story.run();
            return ExitCode.DONE;
        } catch (Exception e) {
            Problem problem = Problems.of(e);
            throw Problem.failed(problem.found(), problem.expected(), problem.remedy(), e);
        }
    }

    private void checkRange() throws Problem {
        if (nodes != null && (nodes < 1 || nodes > MAX_NODES)) {
            throw Problem.usage("found --nodes " + nodes, "1 to " + MAX_NODES, "three is a good number");
        }
        if (basePort != null && (basePort < 1 || basePort > 65_535 - MAX_NODES)) {
            throw Problem.usage("found --base-port " + basePort, "1 to " + (65_535 - MAX_NODES), "leave it out");
        }
    }

    /** What is asked for, if it is there: a node's own complaint would be found in its log alone. */
    private Optional<QuickstartTransport> transport(Environment environment) throws Exception {
        if (transport == null) {
            return Optional.empty();
        }
        QuickstartTransport chosen = QuickstartTransport.of(transport).orElseThrow(() -> Problem.usage(
            "found --transport " + transport, "one of " + QuickstartTransport.words(),
            Nearest.to(transport, List.of("tcp", "quic", "both")).map(near -> "did you mean '" + near + "'?")
                .orElse("leave it out for tcp")));
        Optional<Path> home = environment.home();
        Plugins plugins = home.isPresent() ? Plugins.load(home.get().resolve("plugins")) : Plugins.load();
        for (String scheme : chosen.schemes()) {
            if (!plugins.transports().containsKey(scheme)) {
                throw Problem.failed("found no transport " + scheme, "one of those that are present: "
                    + String.join(", ", plugins.transports().keySet()),
                    "add the plugin; 'quorate plugins' lists what is there");
            }
        }
        return Optional.of(chosen);
    }

    private QuickstartFolder folder(Path root, Optional<QuickstartTransport> chosen) throws Exception {
        if (!QuickstartFolder.exists(root)) {
            int count = nodes == null ? DEFAULT_NODES : nodes;
            int port = basePort == null ? DEFAULT_BASE_PORT : basePort;
            QuickstartTransport over = chosen.orElse(QuickstartTransport.TCP);
            refuseTakenPorts(port, count, over);
            QuickstartFolder made = QuickstartFolder.create(root, count, port, over);
            spec.commandLine().getOut().println("Made a certificate authority, identities and configurations for "
                + count + (count == 1 ? " node in " : " nodes in ") + root + ".");
            return made;
        }
        QuickstartFolder folder = QuickstartFolder.open(root);
        if (nodes != null && nodes != folder.nodes().size() || basePort != null && basePort != folder.basePort()
            || chosen.isPresent() && chosen.get() != folder.transport()) {
            throw Problem.failed("found a cluster of " + folder.nodes().size() + " nodes from port " + folder.basePort()
                + " on, over " + folder.transport().word() + ", in " + root,
                "no other --nodes, --base-port or --transport than those, since it was made with them",
                "leave these options out, or make another cluster with another --dir");
        }
        spec.commandLine().getOut().println("Going on with the cluster of " + folder.nodes().size() + " nodes in "
            + root + ".");
        return folder;
    }

    private static void refuseTakenPorts(int base, int count, QuickstartTransport over) throws Problem {
        List<Integer> taken = Ports.taken(base, count, over.usesUdp());
        if (!taken.isEmpty()) {
            throw Problem.failed("found port " + taken.get(0) + " of 127.0.0.1 in use",
                "the ports " + base + " to " + (base + count - 1) + " to be free",
                "stop what listens there (another quickstart?), or make a cluster on other ports with --base-port and "
                    + "--dir");
        }
    }

    private int portForCheck(int count, QuickstartTransport over) throws Problem {
        if (basePort != null) {
            refuseTakenPorts(basePort, count, over);
            return basePort;
        }
        OptionalInt free = Ports.freeRange(DEFAULT_BASE_PORT, count, over.usesUdp());
        return free.orElseThrow(() -> Problem.failed("found no " + count + " free ports in a row from "
            + DEFAULT_BASE_PORT + " on", "room for the nodes", "free some ports, or name others with --base-port"));
    }
}
