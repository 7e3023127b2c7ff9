package io.quorate.spi.consensus;

import java.io.IOException;
import java.io.InputStream;

/** Where a state that was written can be read. */
@FunctionalInterface
public interface StateSource {

    /**
     * Opens it; the caller closes it.
     *
     * @return exactly what {@link StateWriter#write} wrote, checked as it is read: damage is an {@link IOException},
     *     never other bytes
     */
    InputStream open() throws IOException;
}
