package io.quorate.distribution.cli;

import io.quorate.api.Configuration;
import io.quorate.api.NodeId;
import io.quorate.api.NodeStatus;
import io.quorate.client.MemberStatus;
import io.quorate.distribution.compose.ClusterConnection;
import io.quorate.distribution.config.Durations;
import io.quorate.distribution.output.Json;
import io.quorate.distribution.output.Table;
import io.quorate.distribution.problem.ExitCode;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows each node's own account: role, term, indexes, whom it sees. */
@Command(name = "status", description = "Show every node's own account: role, term, indexes, whom it sees.",
    footer = {"", "BEHIND is how many entries a node has not applied of those that are known to be committed.",
        "Exits with 3 if no node that answered knows a leader.", "", "Example:", "  quorate cluster status",
        "  quorate cluster status --server n2 --json"})
final class ClusterStatusCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Mixin
    private CommonOptions common;

    @Mixin
    private ConnectOptions connection;

    @Option(names = "--counters", description = "Show each node's counters too.")
    private boolean counters;

    @Option(names = "--json", description = "Print one JSON document.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        List<MemberStatus> answers = ask();
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            List<Object> nodes = new ArrayList<>();
            long committed = committed(answers);
            answers.forEach(answer -> nodes.add(json(answer, committed)));
            out.println(Json.document(Json.object("leader", leader(answers).map(NodeId::value), "nodes", nodes)));
        } else {
            print(out, answers);
        }
        return leader(answers).isPresent() ? ExitCode.DONE : ExitCode.UNAVAILABLE;
    }

    private List<MemberStatus> ask() throws Exception {
        try (ClusterConnection connected = connection.connect(QuorateCommand.environment(spec))) {
            if (connection.namesServer()) {
                NodeStatus status = connection.await(connected.plane().status());
                return List.of(new MemberStatus(status.node(), Optional.of(status), Optional.empty()));
            }
            return connection.await(connected.memberStatuses());
        }
    }

    private static Optional<NodeId> leader(List<MemberStatus> answers) {
        return answers.stream().flatMap(answer -> answer.status().stream())
            .filter(status -> status.leader().isPresent())
            .max((a, b) -> a.term().compareTo(b.term())).flatMap(NodeStatus::leader);
    }

    /** What is committed, as far as anybody who answered knows. */
    private static long committed(List<MemberStatus> answers) {
        return answers.stream().flatMap(answer -> answer.status().stream())
            .mapToLong(status -> status.commitIndex().value()).max().orElse(0);
    }

    /** How many committed entries a node has not applied. Nodes answer one by one: under load it is never quite 0. */
    private static long behind(NodeStatus node, long committed) {
        return Math.max(0, committed - node.appliedIndex().value());
    }

    private void print(PrintWriter out, List<MemberStatus> answers) {
        Table table = new Table("NODE", "ROLE", ">TERM", "LEADER", ">COMMIT", ">APPLIED", ">BEHIND", ">LAST", "SEES",
            ">UPTIME", "VERSION");
        long committed = committed(answers);
        List<String> notes = new ArrayList<>();
        for (MemberStatus answer : answers) {
            if (answer.status().isEmpty()) {
                table.row(answer.node(), "no answer", null, null, null, null, null, null, null, null, null);
                notes.add(answer.node() + " did not answer: " + answer.failure().orElse("unknown reason"));
                continue;
            }
            NodeStatus node = answer.status().get();
            table.row(node.node(), node.role(), node.term(), node.leader().map(NodeId::value).orElse(""),
                node.commitIndex(), node.appliedIndex(), behind(node, committed), node.lastIndex(), sees(node),
                Durations.text(Duration.ofMillis(node.uptimeMillis())), node.version());
            node.problem().ifPresent(problem -> notes.add(node.node() + " does not serve: " + problem));
        }
        answers.stream().flatMap(answer -> answer.status().stream()).findFirst().ifPresent(any ->
            out.println("Cluster " + any.cluster() + ", members " + any.members().stream().map(NodeId::value)
                .collect(Collectors.joining(" ")) + ", state machine " + any.stateMachine() + "."));
        leaderAccount(answers).flatMap(NodeStatus::configuration).map(ClusterStatusCommand::describe)
            .filter(text -> !text.isEmpty()).ifPresent(out::println);
        out.println(table);
        notes.forEach(out::println);
        if (counters) {
            printCounters(out, answers);
        }
    }

    /** What the leader says, otherwise whoever is furthest: its configuration is the newest. */
    private static Optional<NodeStatus> leaderAccount(List<MemberStatus> answers) {
        return answers.stream().flatMap(answer -> answer.status().stream())
            .max(Comparator.comparing(NodeStatus::term).thenComparing(NodeStatus::lastIndex)
                .thenComparing(status -> status.role().equals("leader")));
    }

    /** What is not as it is in a cluster at rest; empty if nothing is. */
    private static String describe(Configuration configuration) {
        List<String> parts = new ArrayList<>();
        List<NodeId> staying = new ArrayList<>(configuration.learners());
        staying.removeAll(configuration.joining());
        if (!configuration.joining().isEmpty()) {
            parts.add("joining as voters once they have caught up: " + names(configuration.joining()));
        }
        if (!staying.isEmpty()) {
            parts.add("learners: " + names(staying));
        }
        if (!configuration.outgoing().isEmpty()) {
            parts.add("the voters are changing, those before were: " + names(configuration.outgoing()));
        }
        if (configuration.epoch() > 1) {
            parts.add("recovery epoch " + configuration.epoch());
        }
        configuration.waiting().forEach((feature, nodes) -> parts.add("feature " + feature + " waits"
            + (nodes.isEmpty() ? " for the leader to switch it on" : " until these are upgraded, or met: "
                + names(nodes))));
        return String.join("; ", parts);
    }

    private static String names(List<NodeId> nodes) {
        return nodes.stream().map(NodeId::value).collect(Collectors.joining(" "));
    }

    private static void printCounters(PrintWriter out, List<MemberStatus> answers) {
        for (MemberStatus answer : answers) {
            answer.status().ifPresent(node -> {
                Table table = new Table("COUNTER OF " + node.node(), ">VALUE");
                node.counters().forEach(table::row);
                out.println();
                out.println(table);
            });
        }
    }

    private static String sees(NodeStatus node) {
        return node.reachable().stream().filter(id -> !id.equals(node.node())).map(NodeId::value)
            .collect(Collectors.joining(" "));
    }

    private static Object json(MemberStatus answer, long committed) {
        if (answer.status().isEmpty()) {
            return Json.object("node", answer.node(), "failure", answer.failure());
        }
        NodeStatus node = answer.status().get();
        return Json.object("node", node.node(), "cluster", node.cluster(),
            "incarnation", Long.toUnsignedString(node.incarnation()), "version", node.version(), "role", node.role(),
            "term", node.term().value(), "leader", node.leader(), "commitIndex", node.commitIndex().value(),
            "appliedIndex", node.appliedIndex().value(), "behind", behind(node, committed),
            "lastIndex", node.lastIndex().value(),
            "members", node.members(), "reachable", node.reachable(), "stateMachine", node.stateMachine(),
            "uptimeMillis", node.uptimeMillis(), "counters", node.counters(), "problem", node.problem(),
            "epoch", node.configuration().map(Configuration::epoch),
            "learners", node.configuration().map(Configuration::learners),
            "joining", node.configuration().map(Configuration::joining),
            "outgoing", node.configuration().map(Configuration::outgoing),
            "features", node.configuration().map(Configuration::features),
            "waitingFeatures", node.configuration().map(Configuration::waiting));
    }
}
