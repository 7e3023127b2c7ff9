package io.quorate.distribution.quickstart;

import io.quorate.distribution.problem.Problem;
import java.io.PrintWriter;
import java.util.Locale;

/** Prints each step of the story with its outcome and its time, as it ends. Used by one thread. */
final class CheckSteps {

    private final PrintWriter out;
    private final long began = System.nanoTime();

    CheckSteps(PrintWriter out) {
        this.out = out;
    }

    /** A part of the story; what it returns is told behind its name, if not empty. */
    interface Step {

        String run() throws Exception;
    }

    /** Runs a step, and tells. A failure is told too, and thrown on. */
    void step(String name, Step step) throws Exception {
        long start = System.nanoTime();
        try {
            String detail = step.run();
            tell("ok", name + (detail.isEmpty() ? "" : ": " + detail), start);
        } catch (Exception e) {
            tell("FAILED", name, start);
            throw e;
        }
    }

    double seconds() {
        return (System.nanoTime() - began) / 1e9;
    }

    private void tell(String outcome, String text, long start) {
        out.println(String.format(Locale.ROOT, "%-6s %6.2f s  %s", outcome, (System.nanoTime() - start) / 1e9, text));
        out.flush();
    }

    /** Fails the step if the condition does not hold. */
    static void require(boolean holds, String found, String expected) throws Problem {
        if (!holds) {
            throw Problem.failed(found, expected, "the logs of the nodes are kept; see there");
        }
    }
}
