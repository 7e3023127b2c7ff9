package io.quorate.distribution.cli;

import io.quorate.distribution.input.EntryReader;
import io.quorate.distribution.input.Importer;
import io.quorate.distribution.output.Json;
import io.quorate.distribution.problem.ExitCode;
import io.quorate.distribution.problem.Problem;
import io.quorate.kv.KvClient;
import java.io.PrintWriter;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Imports a file. */
@Command(name = "import", description = "Put every entry of a file: JSON Lines or Java properties.",
    footer = {"", "A line of JSON Lines is {\"key\": \"...\", \"value\": ...}; a string is stored as UTF-8, another",
        "value as its JSON text, \"valueBase64\" as bytes. Entries are put in no particular order.", "",
        "Example:", "  quorate kv import entries.jsonl",
        "  quorate kv import java.security --format properties --prefix security/"})
final class KvImportCommand extends KvAction {

    @Parameters(index = "0", paramLabel = "FILE", description = "The file.")
    private Path file;

    @Option(names = "--format", paramLabel = "FORMAT",
        description = "jsonl or properties; otherwise the file's name tells.")
    private EntryReader.Format format;

    @Option(names = "--encoding", paramLabel = "NAME", defaultValue = "UTF-8",
        description = "The file's encoding (default ${DEFAULT-VALUE}).")
    private Charset encoding;

    @Option(names = "--prefix", paramLabel = "TEXT", defaultValue = "", description = "Put this before every key.")
    private String prefix;

    private Path source;

    @Override
    void prepare() throws Exception {
        source = environment().folder().resolve(file);
        if (!Files.isRegularFile(source) || !Files.isReadable(source)) {
            throw Problem.failed("found no readable file " + source, "a file of entries", "check the path");
        }
        format = format == null ? EntryReader.Format.of(source) : format;
    }

    @Override
    int act(KvClient kv, PrintWriter out) throws Exception {
        Importer.Report report;
        try (EntryReader reader = EntryReader.open(source, format, encoding)) {
            report = new Importer(kv, prefix).run(reader);
        } catch (CharacterCodingException e) {
            throw Problem.failed("found text in " + source + " that is not " + encoding, "a file in that encoding",
                "name the right one with --encoding, such as ISO-8859-1; what was read before is imported", e);
        }
        print(out, report);
        if (report.stoppedBy().isPresent()) {
            throw Problems.of(report.stoppedBy().get());
        }
        return report.failed() == 0 ? ExitCode.DONE : ExitCode.FAILED;
    }

    private void print(PrintWriter out, Importer.Report report) {
        if (json()) {
            List<Object> failures = new ArrayList<>();
            report.failures().forEach(failure -> failures.add(
                Json.object("line", failure.line(), "reason", failure.reason())));
            out.println(Json.document(Json.object("file", source, "imported", report.imported(),
                "failed", report.failed(), "failures", failures, "millis", report.took().toMillis())));
            return;
        }
        report.failures().forEach(failure -> err().println(file + ":" + failure.line() + ": " + failure.reason()));
        if (report.failed() > report.failures().size()) {
            err().println("and " + (report.failed() - report.failures().size()) + " more");
        }
        out.println(report.imported() + " entries imported" + (report.failed() == 0 ? "" : ", " + report.failed()
            + " failed") + ", in " + report.took().toMillis() + " ms");
    }
}
