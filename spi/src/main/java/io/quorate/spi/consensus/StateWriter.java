package io.quorate.spi.consensus;

import java.io.IOException;
import java.io.OutputStream;

/** Writes a frozen state, on one thread other than the host's, while the host goes on. */
public interface StateWriter extends AutoCloseable {

    /**
     * Writes the state to its end; at most once. May take as long as {@code out} does. Does not close it.
     *
     * @throws IOException as {@code out} throws it
     */
    void write(OutputStream out) throws IOException;

    /** Frees what keeps the frozen state; idempotent, cheap, any thread. */
    @Override
    void close();
}
