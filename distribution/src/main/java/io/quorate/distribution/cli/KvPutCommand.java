package io.quorate.distribution.cli;

import io.quorate.api.Bytes;
import io.quorate.distribution.output.Json;
import io.quorate.distribution.problem.ExitCode;
import io.quorate.kv.KvClient;
import io.quorate.kv.PutResult;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Puts a value. */
@Command(name = "put", description = "Put a value under a key, whatever was there.",
    footer = {"", "Example:", "  quorate kv put greeting hello", "  quorate kv put logo --file logo.png"})
final class KvPutCommand extends KvAction {

    @Mixin
    private KeyAndValue given;

    private Bytes value;

    @Override
    void prepare() throws Exception {
        value = given.value(environment());
    }

    @Override
    int act(KvClient kv, PrintWriter out) throws Exception {
        PutResult result = await(kv.put(key(given.key()), value));
        out.println(json()
            ? Json.document(Json.object("key", given.key(), "version", result.version(), "revision", result.revision()))
            : (result.created() ? "created" : "changed") + ", version " + result.version() + ", revision "
                + result.revision());
        return ExitCode.DONE;
    }
}
