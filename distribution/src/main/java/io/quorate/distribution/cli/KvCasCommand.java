package io.quorate.distribution.cli;

import io.quorate.api.Bytes;
import io.quorate.distribution.output.Json;
import io.quorate.distribution.problem.ExitCode;
import io.quorate.kv.CasResult;
import io.quorate.kv.KvClient;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Compares and sets. */
@Command(name = "cas", description = "Put a value if the key has a certain version (compare and set).",
    footer = {"", "Exits with 1 if the key has another version; nothing has changed then.", "",
        "Example:", "  quorate kv cas greeting hello --version 0     create it, or fail",
        "  quorate kv cas greeting goodbye --version 1"})
final class KvCasCommand extends KvAction {

    @Mixin
    private KeyAndValue given;

    @Option(names = "--version", paramLabel = "N", required = true,
        description = "The version that the key must have; 0: it must not exist.")
    private long version;

    private Bytes value;

    @Override
    void prepare() throws Exception {
        value = given.value(environment());
    }

    @Override
    int act(KvClient kv, PrintWriter out) throws Exception {
        CasResult result = await(kv.compareAndSet(key(given.key()), version, value));
        return print(out, json(), given.key(), version, result, "set");
    }

    static int print(PrintWriter out, boolean json, String key, long expected, CasResult result, String done) {
        if (json) {
            out.println(Json.document(Json.object("key", key, "applied", result.applied(), "version", result.version(),
                "modRevision", result.modRevision(), "revision", result.revision())));
        } else if (result.applied()) {
            out.println(done + ", version " + result.version() + ", revision " + result.revision());
        } else {
            out.println("not " + done + ": found " + (result.version() == 0 ? "no such key" : "version "
                + result.version()) + ", expected " + (expected == 0 ? "no such key" : "version " + expected));
        }
        return result.applied() ? ExitCode.DONE : ExitCode.FAILED;
    }
}
