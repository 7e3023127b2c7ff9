package io.quorate.distribution.cli;

import java.io.IOException;
import java.io.OutputStream;
import org.slf4j.LoggerFactory;

/** The end of standard input as a signal: of a parent that is gone, or that wants no more. */
final class EndOfInput {

    private EndOfInput() {
    }

    /** Reads and forgets what comes, and then runs {@code action}, on a thread that keeps no process alive. */
    static void then(Runnable action) {
        Thread reader = new Thread(() -> {
            try {
                System.in.transferTo(OutputStream.nullOutputStream());
            } catch (IOException e) {
                LoggerFactory.getLogger(EndOfInput.class).info("Standard input broke, which counts as its end", e);
            }
            action.run();
        }, "end-of-input");
        reader.setDaemon(true);
        reader.start();
    }
}
