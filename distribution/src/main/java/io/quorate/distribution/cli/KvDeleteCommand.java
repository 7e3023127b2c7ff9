package io.quorate.distribution.cli;

import io.quorate.distribution.output.Json;
import io.quorate.distribution.problem.ExitCode;
import io.quorate.kv.CasResult;
import io.quorate.kv.DeleteResult;
import io.quorate.kv.KvClient;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Deletes a key. */
@Command(name = "delete", description = "Delete a key.",
    footer = {"", "A key that does not exist is no failure; one with another version than --version is (exit code 1).",
        "", "Example:", "  quorate kv delete greeting", "  quorate kv delete greeting --version 3"})
final class KvDeleteCommand extends KvAction {

    @Parameters(index = "0", paramLabel = "KEY", description = "The key.")
    private String key;

    @Option(names = "--version", paramLabel = "N", description = "Only if the key has this version.")
    private Long version;

    @Override
    int act(KvClient kv, PrintWriter out) throws Exception {
        if (version != null) {
            CasResult result = await(kv.deleteIfVersion(key(key), version));
            return KvCasCommand.print(out, json(), key, version, result, "deleted");
        }
        DeleteResult result = await(kv.delete(key(key)));
        out.println(json()
            ? Json.document(Json.object("key", key, "existed", result.existed(), "revision", result.revision()))
            : result.existed() ? "deleted, revision " + result.revision() : "there was no such key");
        return ExitCode.DONE;
    }
}
