package io.quorate.spi.plugin;

import io.quorate.api.StateMachine;
import io.quorate.spi.QuorateProvider;
import io.quorate.spi.consensus.ConsensusProvider;
import io.quorate.spi.consensus.StorageInspector;
import io.quorate.spi.identity.IdentityProvider;
import io.quorate.spi.node.NodeProvider;
import io.quorate.spi.transport.TransportProvider;
import java.io.IOException;
import java.lang.module.Configuration;
import java.lang.module.FindException;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.lang.module.ResolutionException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/**
 * The plugins that are present, and the choice among them.
 *
 * <p>Plugins are found with {@link ServiceLoader}: in the modules and on the class path of the application, and, if a
 * directory is given, in {@code <directory>/<name>/*.jar}, where each folder becomes a module layer of its own, so that
 * two plugins may bring different versions of the same library.
 *
 * <p>What is found must be beyond doubt before any of it is used: two providers of one name, a blank name or another
 * version of the service interfaces is a failure, whichever provider is wanted. Nothing is preferred silently.
 *
 * <p>Immutable; thread-safe.
 */
public final class Plugins {

    private final List<PluginCandidate<ConsensusProvider>> consensus;
    private final List<PluginCandidate<IdentityProvider>> identities;
    private final List<PluginCandidate<TransportProvider>> transports;
    private final List<PluginCandidate<StateMachine>> stateMachines;
    private final List<PluginCandidate<NodeProvider>> nodes;
    private final List<PluginCandidate<StorageInspector>> inspectors;

    private Plugins(List<ModuleLayer> layers) throws PluginException {
        consensus = find(ConsensusProvider.class, layers, "consensus", QuorateProvider::name,
            ConsensusProvider::spiVersion);
        identities = find(IdentityProvider.class, layers, "identity", QuorateProvider::name,
            IdentityProvider::spiVersion);
        transports = find(TransportProvider.class, layers, "transport", QuorateProvider::name,
            TransportProvider::spiVersion);
        stateMachines = find(StateMachine.class, layers, "state machine", StateMachine::name,
            machine -> QuorateProvider.SPI_VERSION);
        nodes = find(NodeProvider.class, layers, "node", QuorateProvider::name, NodeProvider::spiVersion);
        inspectors = find(StorageInspector.class, layers, "storage inspector", QuorateProvider::name,
            StorageInspector::spiVersion);
    }

    /** Finds the plugins of the application alone. */
    public static Plugins load() throws PluginException {
        return new Plugins(List.of());
    }

    /**
     * Finds the plugins of the application and those in {@code directory}.
     *
     * @param directory has a folder for each plugin; one that does not exist counts as empty
     */
    public static Plugins load(Path directory) throws PluginException {
        List<ModuleLayer> layers = new ArrayList<>();
        for (Path folder : folders(directory)) {
            layers.add(layer(folder));
        }
        return new Plugins(layers);
    }

    /**
     * The consensus to use.
     *
     * @param configured the configured name, if any
     * @throws PluginException if it is not there, or if it is not clear which one is meant
     */
    public ConsensusProvider consensus(Optional<String> configured) throws PluginException {
        return PluginCandidate.choose("consensus", "io.quorate.raft", consensus, configured);
    }

    /** The identity provider to use; see {@link #consensus}. */
    public IdentityProvider identity(Optional<String> configured) throws PluginException {
        return PluginCandidate.choose("identity", "io.quorate.identity.x509", identities, configured);
    }

    /** The state machine to use: a fresh instance for this set of plugins; see {@link #consensus}. */
    public StateMachine stateMachine(Optional<String> configured) throws PluginException {
        return PluginCandidate.choose("state machine", "io.quorate.kv", stateMachines, configured);
    }

    /** What looks into the data directories of the consensus of that name; see {@link #consensus}. */
    public StorageInspector inspector(Optional<String> configured) throws PluginException {
        return PluginCandidate.choose("storage inspector", "io.quorate.raft", inspectors, configured);
    }

    /** What makes whole nodes, for what runs them without knowing them; see {@link #consensus}. */
    public NodeProvider node(Optional<String> configured) throws PluginException {
        return PluginCandidate.choose("node", "io.quorate.registry", nodes, configured);
    }

    /**
     * All transports by their scheme.
     *
     * @throws PluginException if there is none, or two serve one scheme
     */
    public SortedMap<String, TransportProvider> transports() throws PluginException {
        if (transports.isEmpty()) {
            throw PluginCandidate.none("transport", "io.quorate.transport.tcp");
        }
        SortedMap<String, TransportProvider> byScheme = new TreeMap<>();
        for (PluginCandidate<TransportProvider> candidate : transports) {
            TransportProvider other = byScheme.putIfAbsent(candidate.provider().scheme(), candidate.provider());
            if (other != null) {
                throw new PluginException("found two transports for the scheme '" + candidate.provider().scheme()
                    + "', expected one: " + PluginCandidate.list(transports) + "; remove one of them");
            }
        }
        return Collections.unmodifiableSortedMap(byScheme);
    }

    /**
     * Everything that was found and that a configuration chooses among, in order of service and name. What makes
     * nodes, or looks into their data, is not: whoever composes a node knows the one, and the other goes with its
     * consensus.
     */
    public List<FoundPlugin> found() {
        List<FoundPlugin> all = new ArrayList<>();
        List.of(consensus, identities, stateMachines, transports).forEach(
            list -> list.forEach(candidate -> all.add(candidate.description())));
        return List.copyOf(all);
    }

    private static <S> List<PluginCandidate<S>> find(Class<S> service, List<ModuleLayer> layers, String label,
            Function<S, String> name, ToIntFunction<S> version)
            throws PluginException {
        List<PluginCandidate<S>> found = new ArrayList<>();
        try {
            for (ServiceLoader.Provider<S> provider : stream(load(service))) {
                found.add(candidate(provider, label, name, version));
            }
            for (ModuleLayer layer : layers) {
                // The loader also shows what the layers beneath provide; that is counted already.
                for (ServiceLoader.Provider<S> provider : stream(ServiceLoader.load(layer, service))) {
                    if (provider.type().getModule().getLayer() == layer) {
                        found.add(candidate(provider, label, name, version));
                    }
                }
            }
        } catch (ServiceConfigurationError e) {
            throw new PluginException("a " + label + " plugin is broken: " + e.getMessage()
                + "; mend or remove it", e);
        }
        return PluginCandidate.checked(label, found);
    }

    private static <S> ServiceLoader<S> load(Class<S> service) {
        return ServiceLoader.load(service);
    }

    private static <S> List<ServiceLoader.Provider<S>> stream(ServiceLoader<S> loader) {
        return loader.stream().collect(Collectors.toList());
    }

    private static <S> PluginCandidate<S> candidate(ServiceLoader.Provider<S> provider, String label,
            Function<S, String> name, ToIntFunction<S> version) {
        S instance = provider.get();
        Class<?> type = provider.type();
        Module module = type.getModule();
        String moduleName = module.isNamed() ? module.getName() : "(class path)";
        return new PluginCandidate<>(instance, new FoundPlugin(label, String.valueOf(name.apply(instance)), moduleName,
            location(type), version.applyAsInt(instance)));
    }

    private static String location(Class<?> type) {
        Module module = type.getModule();
        if (module.isNamed() && module.getLayer() != null) {
            return module.getLayer().configuration().findModule(module.getName())
                .flatMap(resolved -> resolved.reference().location())
                .map(uri -> "file".equals(uri.getScheme()) ? Path.of(uri).toString() : uri.toString())
                .orElse("(unknown)");
        }
        CodeSource source = type.getProtectionDomain().getCodeSource();
        return source == null || source.getLocation() == null ? "(unknown)" : source.getLocation().getPath();
    }

    private static List<Path> folders(Path directory) throws PluginException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        List<Path> folders = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, Files::isDirectory)) {
            entries.forEach(folders::add);
        } catch (IOException e) {
            throw new PluginException("the plugin directory " + directory + " cannot be read: " + e.getMessage(), e);
        }
        Collections.sort(folders);
        return folders;
    }

    private static ModuleLayer layer(Path folder) throws PluginException {
        try {
            ModuleFinder finder = ModuleFinder.of(folder);
            List<String> roots = new ArrayList<>();
            for (ModuleReference module : finder.findAll()) {
                roots.add(module.descriptor().name());
            }
            if (roots.isEmpty()) {
                throw new PluginException("found no jar in the plugin folder " + folder
                    + ", expected the plugin's modules there; put them in, or remove the folder");
            }
            Collections.sort(roots);
            ModuleLayer parent = Optional.ofNullable(Plugins.class.getModule().getLayer()).orElse(ModuleLayer.boot());
            Configuration configuration = parent.configuration().resolve(finder, ModuleFinder.of(), roots);
            return parent.defineModulesWithOneLoader(configuration, Plugins.class.getClassLoader());
        } catch (FindException | ResolutionException | LayerInstantiationException e) {
            throw new PluginException("the plugin in " + folder + " cannot be loaded: " + e.getMessage()
                + "; expected modules whose requirements are met by the folder and by Quorate", e);
        }
    }
}
