package io.quorate.registry.node;

import io.quorate.registry.directory.RegistryState;
import io.quorate.spi.consensus.StateWriter;
import java.io.IOException;
import java.io.InputStream;

/** The registry's part of the state. */
record RegistrySection(RegistryState registry) implements StateSection {

    @Override
    public String name() {
        return "registry";
    }

    @Override
    public StateWriter freeze() {
        return registry.freeze();
    }

    @Override
    public void restore(InputStream in) throws IOException {
        registry.restore(in);
    }
}
