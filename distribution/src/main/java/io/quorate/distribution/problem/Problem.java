package io.quorate.distribution.problem;

/**
 * Something the user can do something about. It has three parts: what was found, what was expected, and the remedy; the
 * last two may be empty where the first says it all.
 */
public final class Problem extends Exception {

    private static final long serialVersionUID = 1L;

    private final int exitCode;
    private final String expected;
    private final String remedy;

    private Problem(int exitCode, String found, String expected, String remedy, Throwable cause) {
        super(found, cause);
        this.exitCode = exitCode;
        this.expected = expected;
        this.remedy = remedy;
    }

    /** The operation failed. */
    public static Problem failed(String found, String expected, String remedy) {
        return new Problem(ExitCode.FAILED, found, expected, remedy, null);
    }

    /** The operation failed because of {@code cause}. */
    public static Problem failed(String found, String expected, String remedy, Throwable cause) {
        return new Problem(ExitCode.FAILED, found, expected, remedy, cause);
    }

    /** The operation failed, and {@code message} names all three parts. */
    public static Problem failed(String message, Throwable cause) {
        return new Problem(ExitCode.FAILED, message, "", "", cause);
    }

    /** The command line or a configuration file is wrong. */
    public static Problem usage(String found, String expected, String remedy) {
        return new Problem(ExitCode.USAGE, found, expected, remedy, null);
    }

    /** There is no leader or no quorum. */
    public static Problem unavailable(String found, String expected, String remedy, Throwable cause) {
        return new Problem(ExitCode.UNAVAILABLE, found, expected, remedy, cause);
    }

    /** See {@link ExitCode}. */
    public int exitCode() {
        return exitCode;
    }

    /** What was found. */
    public String found() {
        return getMessage();
    }

    /** What was expected instead; may be empty. */
    public String expected() {
        return expected;
    }

    /** What to do; may be empty. */
    public String remedy() {
        return remedy;
    }

    /** All parts, one a line, as the user sees them. */
    public String text() {
        StringBuilder text = new StringBuilder("quorate: ").append(found());
        if (!expected.isEmpty()) {
            text.append(System.lineSeparator()).append("  expected: ").append(expected);
        }
        if (!remedy.isEmpty()) {
            text.append(System.lineSeparator()).append("  remedy:   ").append(remedy);
        }
        return text.toString();
    }
}
