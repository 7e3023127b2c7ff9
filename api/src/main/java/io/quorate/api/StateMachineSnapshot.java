package io.quorate.api;

import java.io.IOException;
import java.io.OutputStream;

/**
 * A state machine's state, frozen at one entry of the log.
 *
 * <p><b>Threading.</b> Made on the apply thread; then used by one other thread, while the apply thread goes on to apply
 * commands.
 */
public interface StateMachineSnapshot extends AutoCloseable {

    /**
     * Writes the frozen state, for {@link StateMachine#restore}. Called at most once. May take as long as the disk
     * does, and must not keep the apply thread waiting for it. Equal states should give equal bytes.
     *
     * @param out not to be closed; buffered by whoever wants it buffered
     * @throws IOException as {@code out} throws it
     */
    void write(OutputStream out) throws IOException;

    /** Frees what keeps the frozen state; written or not. Idempotent, cheap, any thread. */
    @Override
    void close();
}
