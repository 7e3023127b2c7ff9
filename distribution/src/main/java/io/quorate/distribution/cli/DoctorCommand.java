package io.quorate.distribution.cli;

import io.quorate.api.LogIndex;
import io.quorate.api.NodeId;
import io.quorate.distribution.output.Json;
import io.quorate.distribution.output.Table;
import io.quorate.distribution.problem.ExitCode;
import io.quorate.distribution.problem.Problem;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.StorageInspector;
import io.quorate.spi.consensus.StorageReport;
import io.quorate.spi.plugin.PluginException;
import io.quorate.spi.plugin.Plugins;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows what a data directory holds, and what is wrong with it. Never changes it. */
@Command(name = "doctor", description = "Show what a node's data directory holds and what is wrong with it. Changes "
    + "nothing; the node need not run.",
    footer = {"", "Exits with 0 if all is well, and with 1 if something is damaged.", "", "Example:",
        "  quorate doctor quorate-quickstart/n1/data", "  quorate doctor /var/lib/quorate --json"})
final class DoctorCommand implements Callable<Integer> {

    private static final long KIBIBYTE = 1024;

    @Spec
    private CommandSpec spec;

    @Mixin
    private CommonOptions common;

    @Parameters(paramLabel = "DIR", description = "A node's data directory.")
    private Path directory;

    @Option(names = "--json", description = "Print one JSON document.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        Path folder = dataDirectory(spec, directory);
        StorageReport report = inspector(spec).inspect(folder);
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(Json.document(json(report)));
        } else {
            print(out, report);
        }
        return report.healthy() ? ExitCode.DONE : ExitCode.FAILED;
    }

    /** The directory that was named, if it is one. */
    static Path dataDirectory(CommandSpec spec, Path given) throws Problem {
        Path folder = QuorateCommand.environment(spec).folder().resolve(given).normalize();
        if (!Files.isDirectory(folder)) {
            throw Problem.usage("found no directory " + folder, "a node's data directory",
                "it is what 'data-directory' in the node's configuration names");
        }
        return folder;
    }

    static StorageInspector inspector(CommandSpec spec) throws PluginException {
        Optional<Path> home = QuorateCommand.environment(spec).home();
        Plugins plugins = home.isPresent() ? Plugins.load(home.get().resolve("plugins")) : Plugins.load();
        return plugins.inspector(Optional.empty());
    }

    private static void print(PrintWriter out, StorageReport report) {
        out.println(verdict(report));
        report.inUseBy().ifPresent(holder -> out.println("It is in use by " + holder + ": what is being written may "
            + "look damaged. Stop the node for a certain answer."));
        out.println();
        report.owner().ifPresent(owner -> {
            line(out, "cluster", owner.cluster());
            line(out, "node", owner.node());
            line(out, "store", store(owner.store()) + ", format " + owner.format() + ", made " + owner.created());
        });
        report.hardState().ifPresent(state -> line(out, "term", state.term()
            + state.votedFor().map(node -> ", voted for " + node).orElse(", no vote")));
        report.log().ifPresent(log -> line(out, "log", entries(log)
            + report.hardState().map(state -> ", noted as durable up to " + state.durableIndex()).orElse("")));
        report.configuration().ifPresent(configuration -> {
            Membership membership = configuration.membership();
            line(out, "members", members(membership) + " (" + (configuration.index().equals(LogIndex.ZERO)
                ? "as at the first start" : "entry " + configuration.index()) + ", epoch " + membership.epoch() + ")");
        });
        tables(out, report);
        findings(out, report);
    }

    private static String verdict(StorageReport report) {
        long damages = report.findings().stream()
            .filter(finding -> finding.severity() == StorageReport.Severity.DAMAGE).count();
        if (damages > 0) {
            return report.directory() + ": damaged, " + damages + (damages == 1 ? " finding." : " findings.");
        }
        return report.directory() + (report.owner().isPresent() ? ": all is well." : ": no data of a node yet.");
    }

    private static void line(PrintWriter out, String name, Object value) {
        out.println(String.format("%-9s", name) + value);
    }

    private static String entries(StorageReport.Log log) {
        String types = log.byType().entrySet().stream().map(entry -> entry.getValue().entries() + " "
            + typeName(entry.getKey())).collect(Collectors.joining(", "));
        return types.isEmpty() ? "no entries; the next one is " + log.firstIndex()
            : "entries " + log.firstIndex() + " to " + log.lastIndex() + ", the last of term " + log.lastTerm() + ": "
                + types;
    }

    private static String typeName(String type) {
        return type.toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static String members(Membership membership) {
        return "voters " + ids(membership.voters())
            + (membership.isJoint() ? ", outgoing " + ids(membership.outgoing()) : "")
            + (membership.learners().isEmpty() ? "" : ", learners " + ids(membership.learners()));
    }

    private static String ids(SortedSet<NodeId> nodes) {
        return nodes.stream().map(NodeId::value).collect(Collectors.joining(" "));
    }

    private static String store(long number) {
        return String.format("%016x", number);
    }

    private static void tables(PrintWriter out, StorageReport report) {
        if (!report.snapshots().isEmpty()) {
            Table table = new Table("SNAPSHOT", ">INDEX", ">TERM", ">SIZE", "CHECK");
            report.snapshots().forEach(snapshot -> table.row(snapshot.file(), snapshot.index(), snapshot.term(),
                size(snapshot.bytes()), snapshot.whole() ? "whole" : "damaged"));
            out.println();
            out.println(table);
        }
        if (!report.segments().isEmpty()) {
            Table table = new Table("SEGMENT", ">FIRST", ">LAST", ">USED", ">SIZE");
            report.segments().forEach(segment -> table.row(segment.file(), segment.firstIndex(), segment.lastIndex(),
                size(segment.usedBytes()), size(segment.fileBytes())));
            out.println();
            out.println(table);
        }
    }

    private static String size(long bytes) {
        return bytes < KIBIBYTE ? bytes + " B" : bytes < KIBIBYTE * KIBIBYTE ? bytes / KIBIBYTE + " KiB"
            : bytes / (KIBIBYTE * KIBIBYTE) + " MiB";
    }

    private static void findings(PrintWriter out, StorageReport report) {
        for (StorageReport.Finding finding : report.findings()) {
            out.println();
            out.println((finding.severity() == StorageReport.Severity.DAMAGE ? "DAMAGE  " : "note    ")
                + finding.where());
            out.println("  found:    " + finding.found());
            out.println("  expected: " + finding.expected());
            out.println("  remedy:   " + finding.remedy());
        }
    }

    private static Map<String, Object> json(StorageReport report) {
        Map<String, Object> json = new LinkedHashMap<>(Json.object("directory", report.directory(),
            "healthy", report.healthy(), "inUseBy", report.inUseBy()));
        report.owner().ifPresent(owner -> json.putAll(Json.object("format", owner.format(),
            "cluster", owner.cluster(), "node", owner.node(), "store", store(owner.store()),
            "created", owner.created())));
        report.hardState().ifPresent(state -> json.putAll(Json.object("term", state.term().value(),
            "votedFor", state.votedFor(), "durableIndex", state.durableIndex().value())));
        report.log().ifPresent(log -> {
            Map<String, Object> types = new LinkedHashMap<>();
            log.byType().forEach((type, count) -> types.put(typeName(type),
                Json.object("entries", count.entries(), "bytes", count.bytes())));
            json.put("log", Json.object("firstIndex", log.firstIndex().value(), "lastIndex", log.lastIndex().value(),
                "lastTerm", log.lastTerm().value(), "byType", types));
        });
        report.configuration().ifPresent(configuration -> json.put("configuration", membership(configuration)));
        List<Object> snapshots = new ArrayList<>();
        report.snapshots().forEach(it -> snapshots.add(Json.object("file", it.file(), "index", it.index().value(),
            "term", it.term().value(), "bytes", it.bytes(), "whole", it.whole())));
        List<Object> segments = new ArrayList<>();
        report.segments().forEach(it -> segments.add(Json.object("file", it.file(),
            "firstIndex", it.firstIndex().value(), "lastIndex", it.lastIndex().value(), "usedBytes", it.usedBytes(),
            "fileBytes", it.fileBytes())));
        List<Object> findings = new ArrayList<>();
        report.findings().forEach(it -> findings.add(Json.object("severity", typeName(it.severity().name()),
            "where", it.where(), "found", it.found(), "expected", it.expected(), "remedy", it.remedy())));
        json.putAll(Json.object("snapshots", snapshots, "segments", segments, "findings", findings));
        return json;
    }

    private static Map<String, Object> membership(StorageReport.Configuration configuration) {
        Membership membership = configuration.membership();
        return Json.object("index", configuration.index().value(), "epoch", membership.epoch(),
            "voters", membership.voters(), "outgoing", membership.outgoing(), "learners", membership.learners(),
            "joining", membership.joining(), "endpoints", membership.endpoints());
    }
}
