package io.quorate.registry.node;

import io.quorate.api.Bytes;
import io.quorate.api.MalformedBytesException;
import io.quorate.spi.consensus.StateWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** The sessions' part of the state: without it a repetition that follows a snapshot would be applied again. */
record ClientSessionsSection(ClientSessions sessions) implements StateSection {

    @Override
    public String name() {
        return "client-sessions";
    }

    @Override
    public StateWriter freeze() {
        ClientSessions.Image image = sessions.image();
        return new StateWriter() {
            @Override
            public void write(OutputStream out) throws IOException {
                image.write(out);
            }

            @Override
            public void close() {
                // An image is a copy of references; it needs no end.
            }
        };
    }

    @Override
    public void restore(InputStream in) throws IOException {
        byte[] encoded = in.readNBytes(SessionLimits.MAX_ENCODED_BYTES);
        try {
            sessions.restore(Bytes.wrap(encoded));
        } catch (MalformedBytesException e) {
            throw new IOException("a snapshot's sessions: " + e.getMessage(), e);
        }
    }
}
