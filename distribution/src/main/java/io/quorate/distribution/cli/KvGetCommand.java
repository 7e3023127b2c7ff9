package io.quorate.distribution.cli;

import io.quorate.distribution.output.Json;
import io.quorate.distribution.problem.ExitCode;
import io.quorate.distribution.problem.Problem;
import io.quorate.kv.KvClient;
import io.quorate.kv.KvEntry;
import io.quorate.kv.KvRead;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Reads a value. */
@Command(name = "get", description = "Print the value of a key; by default as fresh as any acknowledged write.",
    footer = {"", "Exits with 1 if there is no such key.", "", "Example:", "  quorate kv get greeting",
        "  quorate kv get logo --out logo.png", "  quorate kv get greeting --local --server n2"})
final class KvGetCommand extends KvAction {

    @Parameters(index = "0", paramLabel = "KEY", description = "The key.")
    private String key;

    @Mixin
    private Freshness freshness;

    @Option(names = "--out", paramLabel = "FILE", description = "Write the value, byte for byte, to this file.")
    private Path file;

    @Override
    void prepare() throws Exception {
        freshness.consistency();
    }

    @Override
    int act(KvClient kv, PrintWriter out) throws Exception {
        KvRead read = await(kv.get(key(key), freshness.consistency()));
        KvEntry entry = read.entry().orElseThrow(() -> Problem.failed("found no key '" + key + "'", "a key that exists",
            "'quorate kv list' shows what there is"));
        if (file != null) {
            Files.write(environment().folder().resolve(file), entry.value().toByteArray());
        }
        if (json()) {
            Map<String, Object> object = KvJson.entry(entry, file == null);
            object.put("revision", read.revision());
            out.println(Json.document(object));
        } else if (file == null) {
            out.println(Values.text(entry.value()));
        } else {
            out.println(entry.value().length() + " bytes written to " + file);
        }
        return ExitCode.DONE;
    }
}
