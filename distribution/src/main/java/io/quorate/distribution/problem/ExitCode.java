package io.quorate.distribution.problem;

/** What the command's exit code tells a script. */
public final class ExitCode {

    /** Done. */
    public static final int DONE = 0;

    /** The operation failed. */
    public static final int FAILED = 1;

    /** The command line or a configuration file is wrong: the same words will fail again. */
    public static final int USAGE = 2;

    /** There is no leader or no quorum: nothing happened, and trying again makes sense. */
    public static final int UNAVAILABLE = 3;

    private ExitCode() {
    }
}
