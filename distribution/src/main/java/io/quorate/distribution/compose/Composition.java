package io.quorate.distribution.compose;

import com.google.inject.CreationException;
import com.google.inject.Injector;
import com.google.inject.ProvisionException;
import io.quorate.distribution.config.ProviderConfig;
import io.quorate.distribution.problem.Problem;
import io.quorate.spi.identity.Identity;
import io.quorate.spi.identity.IdentityContext;
import io.quorate.spi.plugin.PluginException;
import io.quorate.spi.plugin.Plugins;
import io.quorate.spi.transport.TransportProvider;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;

/** What composing nodes and composing clients have in common. */
final class Composition {

    private Composition() {
    }

    /** The plugins of the application, and those in the distribution's {@code plugins} folder. */
    static Plugins plugins(Optional<Path> home) throws PluginException {
        return home.isPresent() ? Plugins.load(home.get().resolve("plugins")) : Plugins.load();
    }

    /** An identity that is not started yet. Relative paths in its settings begin at the file's folder. */
    static Identity identity(Plugins plugins, ProviderConfig config, Path file) throws Exception {
        return choose(config, () -> plugins.identity(config.provider()).create(
            new IdentityContext(file.getParent(), config.settings(), InstantSource.system())));
    }

    /** Settings for a transport that is not there would be passed over silently. */
    static void refuseUnknownSchemes(Map<String, ProviderConfig> configured,
            SortedMap<String, TransportProvider> transports) throws Problem {
        for (Map.Entry<String, ProviderConfig> entry : configured.entrySet()) {
            if (!transports.containsKey(entry.getKey())) {
                throw Problem.usage(entry.getValue().where() + ": found settings for transport '"
                    + entry.getKey() + "'",
                    "one of the transports that are present: " + String.join(", ", transports.keySet()),
                    "remove the section, or add the plugin; 'quorate plugins' lists what is there");
            }
        }
    }

    /** A preference for a transport that is not there would be a slip, or a plugin that was forgotten. */
    static List<String> preference(List<String> prefer, String where, SortedMap<String, TransportProvider> transports)
            throws Problem {
        for (String scheme : prefer) {
            if (!transports.containsKey(scheme)) {
                throw Problem.usage(where + ": found transport '" + scheme + "' in 'prefer'",
                    "one of the transports that are present: " + String.join(", ", transports.keySet()),
                    "correct the name, or add the plugin; 'quorate plugins' lists what is there");
            }
        }
        return prefer;
    }

    /** Creates something by a choice in a file; names the file and line if that fails. */
    static <T> T choose(ProviderConfig config, Creation<T> creation) throws Exception {
        try {
            return creation.create();
        } catch (PluginException e) {
            throw Problem.failed(config.where() + ": " + e.getMessage(), e);
        } catch (IllegalArgumentException e) {
            throw Problem.usage(config.where() + ": " + e.getMessage(), "", "correct that section");
        }
    }

    /** Takes an instance out of an injector; what went wrong inside comes out as it was thrown. */
    static <T> T instance(Injector injector, Class<T> type) throws Exception {
        try {
            return injector.getInstance(type);
        } catch (ProvisionException | CreationException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            throw e;
        }
    }

    /** Creates one thing. */
    interface Creation<T> {

        T create() throws Exception;
    }
}
