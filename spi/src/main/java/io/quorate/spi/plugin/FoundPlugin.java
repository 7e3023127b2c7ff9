package io.quorate.spi.plugin;

/**
 * A plugin that is present, for listings.
 *
 * @param service what it provides: {@code consensus}, {@code identity}, {@code state machine} or {@code transport}
 * @param name the name by which configuration chooses it
 * @param module its module
 * @param location where that was found
 * @param spiVersion the version of the service interfaces it was built for
 */
public record FoundPlugin(String service, String name, String module, String location, int spiVersion) {

    @Override
    public String toString() {
        return "'" + name + "' in module " + module + " at " + location;
    }
}
