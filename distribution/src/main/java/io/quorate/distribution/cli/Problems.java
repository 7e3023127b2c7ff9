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
import io.quorate.spi.transport.TransportException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** What each failure means to the user. */
final class Problems {

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
