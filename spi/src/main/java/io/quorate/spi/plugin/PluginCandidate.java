package io.quorate.spi.plugin;

import io.quorate.spi.QuorateProvider;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A provider that was found, and the rules by which one of several is chosen. */
record PluginCandidate<S>(S provider, FoundPlugin description) {

    private static final Logger LOG = LoggerFactory.getLogger(Plugins.class);

    /** The candidates in order of name, if each has a proper name of its own and the right version. */
    static <S> List<PluginCandidate<S>> checked(String service, List<PluginCandidate<S>> found) throws PluginException {
        List<PluginCandidate<S>> sorted = new ArrayList<>(found);
        sorted.sort(Comparator.comparing(candidate -> candidate.description().name()));
        String previous = null;
        for (PluginCandidate<S> candidate : sorted) {
            FoundPlugin plugin = candidate.description();
            if (!plugin.name().matches("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")) {
                throw new PluginException("found a " + service + " plugin named " + plugin
                    + ", expected a name of 1 to 63 characters of a-z, 0-9 and '-'; ask its maker, or remove it");
            }
            if (plugin.spiVersion() != QuorateProvider.SPI_VERSION) {
                throw new PluginException("found a " + service + " plugin " + plugin + " for version "
                    + plugin.spiVersion() + " of the service interfaces, expected version "
                    + QuorateProvider.SPI_VERSION + "; use a build of the plugin for this version of Quorate");
            }
            if (plugin.name().equals(previous)) {
                throw new PluginException("found two " + service + " plugins named '" + previous + "', expected one: "
                    + list(sorted) + "; remove one of them");
            }
            previous = plugin.name();
        }
        return List.copyOf(sorted);
    }

    /** The one that is configured, or the only one. */
    static <S> S choose(String service, String moduleToAdd, List<PluginCandidate<S>> candidates,
            Optional<String> configured) throws PluginException {
        if (configured.isPresent()) {
            for (PluginCandidate<S> candidate : candidates) {
                if (candidate.description().name().equals(configured.get())) {
                    return candidate.provider();
                }
            }
            throw new PluginException("found no " + service + " named '" + configured.get() + "'; there "
                + (candidates.isEmpty() ? "is none at all: add a module such as " + moduleToAdd
                    : "is: " + list(candidates) + ". Configure one of these, or add the plugin that is missing"));
        }
        if (candidates.isEmpty()) {
            throw none(service, moduleToAdd);
        }
        if (candidates.size() > 1) {
            throw new PluginException("found several plugins for " + service + " and none is configured: "
                + list(candidates) + ". Configure one of these names");
        }
        LOG.info("using the only {} there is: {}", service, candidates.get(0).description());
        return candidates.get(0).provider();
    }

    static PluginException none(String service, String moduleToAdd) {
        return new PluginException("found no plugin for " + service + ", expected one; add a module such as "
            + moduleToAdd + " to the module path or to the plugin directory");
    }

    static <S> String list(List<PluginCandidate<S>> candidates) {
        return candidates.stream().map(candidate -> candidate.description().toString())
            .collect(Collectors.joining(", "));
    }
}
