package io.quorate.distribution.config;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The choice of a plugin and its settings.
 *
 * @param provider its name; empty to take the only one there is
 * @param settings its own settings; paths in them begin at the file's folder
 * @param where file and line of the section, for messages
 */
public record ProviderConfig(Optional<String> provider, Map<String, String> settings, String where) {

    public ProviderConfig {
        settings = Collections.unmodifiableMap(new TreeMap<>(settings));
    }
}
