package io.quorate.distribution.config;

import io.quorate.api.NodeId;
import io.quorate.distribution.problem.Problem;
import io.quorate.spi.transport.Endpoint;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** The sections that the files of nodes and clients have in common. */
final class Sections {

    static final String ENDPOINT = "an endpoint scheme://host:port, such as tcp://127.0.0.1:7401, or a list of them";

    /** What the provider in the box understands; another provider's keys are for that provider to check. */
    private static final Set<String> X509_KEYS =
        ordered("provider", "certificate", "key", "trust", "trust-domain");
    private static final String DEFAULT_IDENTITY_PROVIDER = "x509";

    private Sections() {
    }

    static Set<String> ordered(String... keys) {
        return new LinkedHashSet<>(List.of(keys));
    }

    static List<Endpoint> endpoints(YamlMap map, String key) throws Problem {
        List<Endpoint> endpoints = new ArrayList<>();
        for (String text : map.texts(key, ENDPOINT)) {
            endpoints.add(map.parse(key, text, Endpoint::parse));
        }
        return endpoints;
    }

    /** {@code identity: provider, certificate, key, trust, trust-domain}. */
    static ProviderConfig identity(YamlMap root) throws Problem {
        YamlMap section = root.map("identity").orElseThrow(() -> root.wrong("identity", "found no 'identity' section",
            "certificate, key and trust of this side", "make them with 'quorate pki issue' and name them here"));
        Optional<String> provider = section.optionalText("provider", "the name of an identity provider");
        if (provider.isEmpty() || provider.get().equals(DEFAULT_IDENTITY_PROVIDER)) {
            section.allow(X509_KEYS);
            for (String needed : List.of("certificate", "key", "trust", "trust-domain")) {
                section.text(needed, needed.equals("trust-domain") ? "the trust domain of the certificates"
                    : "the path of a PEM file");
            }
        }
        return new ProviderConfig(provider, settings(section, "provider"), section.where());
    }

    /** {@code provider} and {@code settings}. */
    static ProviderConfig provider(YamlMap root, String key) throws Problem {
        Optional<YamlMap> section = root.map(key);
        if (section.isEmpty()) {
            return new ProviderConfig(Optional.empty(), Map.of(), root.where(key));
        }
        YamlMap map = section.get().allow(ordered("provider", "settings"));
        Optional<YamlMap> settings = map.map("settings");
        return new ProviderConfig(map.optionalText("provider", "the name of a provider"),
            settings.isPresent() ? settings(settings.get(), "") : Map.of(), map.where());
    }

    /** {@code transports}: a section of settings for each scheme. */
    static SortedMap<String, ProviderConfig> transports(YamlMap root) throws Problem {
        SortedMap<String, ProviderConfig> transports = new TreeMap<>();
        Optional<YamlMap> section = root.map("transports");
        if (section.isPresent()) {
            for (String scheme : section.get().keys()) {
                Optional<YamlMap> settings = section.get().map(scheme);
                transports.put(scheme, new ProviderConfig(Optional.of(scheme),
                    settings.isPresent() ? settings(settings.get(), "") : Map.of(), section.get().where(scheme)));
            }
        }
        return transports;
    }

    /** {@code prefer}: the schemes of the preferred transports, the best first; empty if nothing is said. */
    static List<String> prefer(YamlMap root) throws Problem {
        if (!root.has("prefer")) {
            return List.of();
        }
        String expected = "the name of a transport, such as quic, or a list of them, the best first";
        List<String> schemes = root.texts("prefer", expected);
        if (Set.copyOf(schemes).size() < schemes.size()) {
            throw root.wrong("prefer", "found a transport twice in 'prefer': " + String.join(", ", schemes),
                "each once, the best first", "remove one of the two");
        }
        return schemes;
    }

    /** {@code security: require-post-quantum}; false if nothing is said. */
    static boolean requirePostQuantum(YamlMap root) throws Problem {
        Optional<YamlMap> section = root.map("security");
        if (section.isEmpty()) {
            return false;
        }
        YamlMap map = section.get().allow(ordered("require-post-quantum"));
        return flag(map, "require-post-quantum", "security.require-post-quantum");
    }

    /** {@code key: true} or {@code false}; false if nothing is said. */
    static boolean flag(YamlMap map, String key, String fullName) throws Problem {
        String text = map.optionalText(key, "true or false").orElse("false");
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw map.wrong(key, "found '" + text + "' for '" + fullName + "'", "true or false",
                "correct the value");
        };
    }

    /** A section whose keys are node ids and whose values are endpoints. */
    static SortedMap<NodeId, List<Endpoint>> nodes(YamlMap section) throws Problem {
        SortedMap<NodeId, List<Endpoint>> nodes = new TreeMap<>();
        for (String id : section.keys()) {
            nodes.put(section.parse(id, id, NodeId::new), endpoints(section, id));
        }
        return nodes;
    }

    private static Map<String, String> settings(YamlMap section, String except) throws Problem {
        Map<String, String> settings = new TreeMap<>();
        for (String key : section.keys()) {
            if (!key.equals(except)) {
                settings.put(key, section.text(key, "one value"));
            }
        }
        return settings;
    }
}
