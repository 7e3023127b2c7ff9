package io.quorate.distribution.cli;

import io.quorate.api.Bytes;
import io.quorate.distribution.output.Json;
import io.quorate.distribution.problem.ExitCode;
import io.quorate.distribution.problem.Problem;
import io.quorate.kv.KvClient;
import io.quorate.kv.KvEvent;
import io.quorate.kv.KvWatchBatch;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows changes as they happen. */
@Command(name = "watch", description = "Show every change of keys with a prefix as it happens, until Ctrl-C.",
    footer = {"", "Example:", "  quorate kv watch", "  quorate kv watch country/ --from 1 --json"})
final class KvWatchCommand extends KvAction {

    /** How long one question waits at the node before it is asked anew. */
    private static final Duration WAIT = Duration.ofSeconds(20);

    @Parameters(index = "0", arity = "0..1", paramLabel = "PREFIX", defaultValue = "",
        description = "With what the keys begin; all keys if left out.")
    private String prefix;

    @Option(names = "--from", paramLabel = "REVISION", defaultValue = "0",
        description = "Begin with this revision of the store; otherwise with what comes next.")
    private long from;

    @Option(names = "--count", paramLabel = "N", description = "End after so many changes.")
    private Long count;

    @Override
    int act(KvClient kv, PrintWriter out) throws Exception {
        Bytes scope = Bytes.utf8(prefix);
        long next = from;
        long left = count == null ? Long.MAX_VALUE : count;
        while (left > 0) {
            Optional<KvWatchBatch> batch = connection().await(kv.watchPrefix(scope, next, WAIT), WAIT);
            if (batch.isEmpty()) {
                continue;
            }
            switch (batch.get()) {
                case KvWatchBatch.Events events -> {
                    for (KvEvent event : events.events()) {
                        if (left-- > 0) {
                            out.println(json() ? Json.line(KvJson.event(event)) : line(event));
                        }
                    }
                    next = events.nextRevision();
                }
                case KvWatchBatch.Compacted compacted -> throw Problem.failed("the store does not remember revision "
                    + next + " any more", "a revision from " + compacted.oldestRevision() + " on",
                    "list the keys, then watch with --from " + (compacted.revision() + 1));
            }
            out.flush();
        }
        return ExitCode.DONE;
    }

    private static String line(KvEvent event) {
        return event.kind() == KvEvent.Kind.PUT
            ? event.revision() + "  put     " + Values.cell(event.key()) + "  version " + event.version() + "  "
                + Values.cell(event.value())
            : event.revision() + "  delete  " + Values.cell(event.key());
    }
}
