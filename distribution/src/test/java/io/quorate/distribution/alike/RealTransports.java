package io.quorate.distribution.alike;

import io.quorate.spi.identity.IdentityProvider;
import io.quorate.spi.plugin.PluginException;
import io.quorate.spi.plugin.Plugins;
import io.quorate.spi.transport.TransportProvider;
import java.util.List;
import java.util.Optional;

/** The plugins in the box, found as a node finds them. */
final class RealTransports {

    private RealTransports() {
    }

    static List<TransportProvider> all() throws PluginException {
        return List.copyOf(plugins().transports().values());
    }

    static IdentityProvider x509() throws PluginException {
        return plugins().identity(Optional.of("x509"));
    }

    private static Plugins plugins() throws PluginException {
        return Plugins.load();
    }
}
