package io.quorate.distribution.config;

import io.quorate.api.ClusterId;
import io.quorate.api.NodeId;
import io.quorate.distribution.problem.Problem;
import io.quorate.spi.transport.Endpoint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The configuration of a client: which cluster, where, and as whom. Its documented example is {@code conf/client.yaml}.
 *
 * @param file where it was read; relative paths in it begin at its folder
 * @param cluster the cluster
 * @param servers where its nodes are reached, in order of preference
 * @param named the same by node id, where the file gives ids
 * @param identity whose certificate the client presents
 * @param transports settings of transports by scheme
 * @param prefer the schemes of the preferred transports, the best first; may be empty
 * @param preferWhere file and line of that choice, for messages
 * @param requirePostQuantum whether a connection without the post-quantum key exchange is refused
 */
public record ClientConfig(
    Path file,
    ClusterId cluster,
    List<Endpoint> servers,
    SortedMap<NodeId, List<Endpoint>> named,
    ProviderConfig identity,
    SortedMap<String, ProviderConfig> transports,
    List<String> prefer,
    String preferWhere,
    boolean requirePostQuantum) {

    static final Set<String> KEYS = Sections.ordered("cluster", "servers", "identity", "transports", "prefer",
        "security");

    /**
     * Reads and checks a file.
     *
     * @throws Problem naming file and line, if it is not as it must be
     */
    public static ClientConfig read(Path path) throws Problem {
        Path file = path.toAbsolutePath().normalize();
        YamlMap root = YamlMap.read(file, "client configuration").allow(KEYS);
        ClusterId cluster = root.parse("cluster", root.text("cluster", "the cluster's name"), ClusterId::new);
        SortedMap<NodeId, List<Endpoint>> named = new TreeMap<>();
        List<Endpoint> servers = new ArrayList<>();
        if (root.isMap("servers")) {
            named.putAll(Sections.nodes(root.map("servers").orElseThrow()));
            named.values().forEach(servers::addAll);
        } else {
            servers.addAll(Sections.endpoints(root, "servers"));
        }
        if (servers.isEmpty()) {
            throw root.wrong("servers", "found no server", "at least one endpoint", "list the cluster's nodes");
        }
        return new ClientConfig(file, cluster, List.copyOf(servers), named, Sections.identity(root),
            Sections.transports(root), Sections.prefer(root), root.where("prefer"), Sections.requirePostQuantum(root));
    }

    /** Whether the servers are one node's, over which all calls then go. */
    public boolean isOneNode() {
        return servers.size() == 1 || named.containsValue(servers);
    }

    /**
     * The same with one server in place of all: {@code scheme://host:port}, {@code host:port} for tcp, or a node id
     * that the file names.
     */
    public ClientConfig withServer(String server) throws Problem {
        for (Map.Entry<NodeId, List<Endpoint>> entry : named.entrySet()) {
            if (entry.getKey().value().equals(server)) {
                return withServers(entry.getValue());
            }
        }
        try {
            return withServers(List.of(Endpoint.parse(server.contains("://") ? server : "tcp://" + server)));
        } catch (IllegalArgumentException e) {
            throw Problem.usage("found server '" + server + "'", "scheme://host:port, host:port"
                + (named.isEmpty() ? "" : ", or one of the nodes " + named.keySet()), "correct --server");
        }
    }

    private ClientConfig withServers(List<Endpoint> only) {
        return new ClientConfig(file, cluster, only, named, identity, transports, prefer, preferWhere,
            requirePostQuantum);
    }
}
