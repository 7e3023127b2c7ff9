package io.quorate.distribution.simulation;

import io.quorate.api.StateMachine;
import io.quorate.spi.plugin.PluginException;
import io.quorate.spi.plugin.Plugins;
import java.util.Optional;

/** The state machine in the box, found as the command finds it. */
final class BoxedStore {

    private BoxedStore() {
    }

    static StateMachine fresh() {
        try {
            return Plugins.load().stateMachine(Optional.of("kv"));
        } catch (PluginException e) {
            throw new AssertionError(e);
        }
    }
}
