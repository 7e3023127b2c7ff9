package io.quorate.distribution.cli;

import io.quorate.api.Consistency;
import io.quorate.api.LogIndex;
import io.quorate.distribution.problem.Problem;
import picocli.CommandLine.Option;

/** How fresh a read must be. */
final class Freshness {

    @Option(names = "--local", description = "Read what the asked node has, however old; needs no leader.")
    private boolean local;

    @Option(names = "--at-least", paramLabel = "INDEX",
        description = "Read what the asked node has once it has applied this log index.")
    private Long index;

    @Option(names = "--consistency", paramLabel = "KIND",
        description = "linearizable (default); lease: as fresh, without a round to the quorum where leases are on; "
            + "local: as --local.")
    private String kind;

    /** Linearizable unless the options say otherwise. */
    Consistency consistency() throws Problem {
        if (local && index != null) {
            throw Problem.usage("found both --local and --at-least", "one of them", "leave one out");
        }
        if (index != null && index < 0) {
            throw Problem.usage("found --at-least " + index, "0 or more", "correct the index");
        }
        if (kind != null) {
            if (local || index != null) {
                throw Problem.usage("found --consistency with --local or --at-least", "one of them", "leave one out");
            }
            return switch (kind) {
                case "linearizable" -> Consistency.LINEARIZABLE;
                case "lease" -> Consistency.LEASE;
                case "local" -> Consistency.LOCAL;
                default -> throw Problem.usage("found --consistency " + kind, "linearizable, lease or local",
                    "correct the kind; for a log index there is --at-least");
            };
        }
        return local ? Consistency.LOCAL : index != null ? Consistency.atLeast(new LogIndex(index))
            : Consistency.LINEARIZABLE;
    }
}
