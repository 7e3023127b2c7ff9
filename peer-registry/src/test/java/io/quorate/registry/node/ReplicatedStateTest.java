package io.quorate.registry.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.quorate.spi.consensus.StateWriter;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The parts of a node's state, frozen together. */
class ReplicatedStateTest {

    private final List<String> closed = new ArrayList<>();

    /** A part whose closing fails. */
    private final class Part implements StateSection {
        private final String name;

        Part(String name) {
            this.name = name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public StateWriter freeze() {
            if (name.equals("cannot freeze")) {
                throw new IllegalStateException("as asked");
            }
            return new StateWriter() {
                @Override
                public void write(OutputStream out) {
                    throw new IllegalStateException("nobody writes here");
                }

                @Override
                public void close() {
                    closed.add(name);
                    throw new IllegalStateException("cannot close " + name);
                }
            };
        }

        @Override
        public void restore(InputStream in) {
            throw new IllegalStateException("nobody restores here");
        }
    }

    @Test
    void allPartsAreClosedOnceWhateverOneOfThemThrows() {
        StateWriter writer = new ReplicatedState(List.of(new Part("a"), new Part("b"), new Part("c"))).freeze();
        IllegalStateException first = assertThrows(IllegalStateException.class, writer::close);
        assertEquals("cannot close a", first.getMessage());
        assertEquals(2, first.getSuppressed().length);
        writer.close();
        assertEquals(List.of("a", "b", "c"), closed);
    }

    @Test
    void whatWasFrozenIsClosedIfAnotherPartCannotBe() {
        ReplicatedState state = new ReplicatedState(List.of(new Part("a"), new Part("b"), new Part("cannot freeze")));
        assertEquals("as asked", assertThrows(IllegalStateException.class, state::freeze).getMessage());
        assertEquals(List.of("a", "b"), closed);
    }
}
