package io.quorate.distribution.cli;

import io.quorate.api.CommandRejectedException;
import io.quorate.api.ControlPlaneException;
import io.quorate.api.NotLeaderException;
import io.quorate.api.OutcomeUnknownException;
import io.quorate.api.OverloadedException;
import io.quorate.api.UnavailableException;
import io.quorate.distribution.problem.Problem;
import io.quorate.spi.plugin.PluginException;
import io.quorate.spi.consensus.ConsensusException;
import io.quorate.spi.identity.IdentityException;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.TransportException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** What each failure means to the user. */
final class Problems {

    private static final Set<RefusalReason> FOR_GOOD = EnumSet.of(
        RefusalReason.NO_CERTIFICATE, RefusalReason.UNTRUSTED_AUTHORITY, RefusalReason.CERTIFICATE_EXPIRED,
        RefusalReason.CERTIFICATE_NOT_YET_VALID, RefusalReason.WRONG_KEY_USAGE, RefusalReason.CA_AS_LEAF,
        RefusalReason.SPIFFE_ID_MISSING, RefusalReason.SPIFFE_ID_AMBIGUOUS, RefusalReason.SPIFFE_ID_MALFORMED,
        RefusalReason.WRONG_TRUST_DOMAIN, RefusalReason.CERTIFICATE_INVALID, RefusalReason.PROTOCOL_VERSION,
        RefusalReason.WRONG_CLUSTER, RefusalReason.IDENTITY_MISMATCH, RefusalReason.KEY_EXCHANGE);

    private Problems() {
    }

    static Problem of(Throwable failure) {
        return switch (failure) {
            case Problem problem -> problem;
            case ExecutionException e when e.getCause() != null -> of(e.getCause());
            case CompletionException e when e.getCause() != null -> of(e.getCause());
            case ControlPlaneException e -> ofControlPlane(e);
            case PluginException e -> Problem.failed(e.getMessage(), e);
            case IdentityException e -> Problem.failed(e.getMessage(), e);
            case TransportException e -> Problem.failed(e.getMessage(), e);
            case ConsensusException e -> Problem.failed(e.getMessage(), e);
            case IOException e -> ofFile(e);
            case InterruptedException e -> Problem.failed("interrupted before it was done", e);
            default -> Problem.failed("unexpected: " + failure, "no such failure",
                "this is a defect; please report it with the output of --debug", failure);
        };
    }

    private static Problem ofControlPlane(ControlPlaneException failure) {
        String found = failure.getMessage();
        return switch (failure) {
            case UnavailableException e when refusal(e).isPresent() -> Problem.failed(found,
                "nodes that accept this client", remedy(refusal(e).get()), e);
            case UnavailableException e -> Problem.unavailable(found,
                "a leader and a quorum that this client can reach",
                "nothing happened, so try again; 'quorate cluster status' shows who is there", e);
            case NotLeaderException e -> Problem.unavailable(found,
                "a leader",
                "nothing happened, so try again" + e.leader().map(id -> "; the leader may be " + id).orElse(""), e);
            case OverloadedException e -> Problem.failed(found, "less work under way at once",
                "nothing happened; try again in " + e.retryAfter().toMillis() + " ms", e);
            case OutcomeUnknownException e -> Problem.failed(found, "an answer",
                "it may have happened or not: read before you try again", e);
            case CommandRejectedException e -> Problem.failed(found, "", "", e);
            case io.quorate.api.AccessDeniedException e -> Problem.failed(found, "an identity that may do this",
                "use another certificate: operators may do everything here, applications submit, query and watch", e);
        };
    }

    /** Why nodes refuse this client for good, if they do: trying again would not help then. */
    private static Optional<RefusalReason> refusal(UnavailableException failure) {
        return failure.reason().flatMap(name ->
            FOR_GOOD.stream().filter(reason -> reason.label().equals(name)).findFirst());
    }

    private static String remedy(RefusalReason reason) {
        return switch (reason) {
            case WRONG_CLUSTER -> "correct 'cluster' or 'servers' in the client configuration";
            case CERTIFICATE_EXPIRED -> "renew the certificate with 'quorate pki renew'; mind the clocks of both sides";
            case CERTIFICATE_NOT_YET_VALID -> "mind the clocks of both sides";
            case KEY_EXCHANGE -> "one side requires the post-quantum key exchange and the other has none: update "
                + "it, or take 'require-post-quantum' out";
            case PROTOCOL_VERSION -> "use a client of the cluster's version";
            default -> "name an identity of this cluster's authority and trust domain in the client configuration";
        };
    }

    private static Problem ofFile(IOException failure) {
        return switch (failure) {
            case NoSuchFileException e -> Problem.failed("found no file " + e.getMessage(), "that it exists",
                "check the path", e);
            case AccessDeniedException e -> Problem.failed("may not use " + e.getMessage(), "permission for it",
                "check owner and mode of the file and its folder", e);
            case FileAlreadyExistsException e -> Problem.failed("found " + e.getMessage() + " already there",
                "a new file", "move it away, or choose another place", e);
            default -> Problem.failed("reading or writing failed: " + failure.getMessage(), "", "", failure);
        };
    }
}
