package io.quorate.spi.identity;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;

/**
 * What a host gives to an identity provider.
 *
 * @param baseDirectory relative paths in the settings begin here
 * @param settings the provider's own settings from the configuration; an unknown one is refused by {@code create}
 *     with an
 *     {@link IllegalArgumentException} that names those that exist
 * @param time the wall clock against which validity is checked
 */
public record IdentityContext(Path baseDirectory, Map<String, String> settings, InstantSource time) {

    public IdentityContext {
        settings = Map.copyOf(settings);
    }
}
