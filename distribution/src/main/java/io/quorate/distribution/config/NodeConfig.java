package io.quorate.distribution.config;

import io.quorate.api.ClusterId;
import io.quorate.api.NodeId;
import io.quorate.distribution.problem.Problem;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.transport.Endpoint;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;

/**
 * The configuration of a node. Its documented example is {@code conf/node.yaml} in the distribution.
 *
 * @param file where it was read; relative paths in it begin at its folder
 * @param cluster the cluster
 * @param node this node
 * @param dataDirectory where durable state is kept
 * @param listen where to accept connections, at most one endpoint a transport
 * @param advertise where others can reach this node
 * @param join whether it joins a cluster that runs, instead of being one of the first members
 * @param members the cluster's first members and where they are reached; for a node that joins, some of its members
 * @param membersWhere file and line of the members, for messages
 * @param identity whose certificate this node presents
 * @param consensus which consensus, and its settings
 * @param transports settings of transports by scheme
 * @param prefer the schemes of the preferred transports, the best first; may be empty
 * @param preferWhere file and line of that choice, for messages
 * @param requirePostQuantum whether a connection without the post-quantum key exchange is refused
 * @param stateMachine its name; empty to take the only one there is
 * @param stateMachineWhere file and line of that choice, for messages
 * @param logLevel error, warn, info, debug or trace
 */
public record NodeConfig(
    Path file,
    ClusterId cluster,
    NodeId node,
    Path dataDirectory,
    List<Endpoint> listen,
    List<Endpoint> advertise,
    boolean join,
    SortedMap<NodeId, List<Endpoint>> members,
    String membersWhere,
    ProviderConfig identity,
    ProviderConfig consensus,
    SortedMap<String, ProviderConfig> transports,
    List<String> prefer,
    String preferWhere,
    boolean requirePostQuantum,
    Optional<String> stateMachine,
    String stateMachineWhere,
    String logLevel) {

    static final Set<String> KEYS = Sections.ordered("cluster", "node", "data-directory", "listen", "advertise",
        "join", "members", "identity", "consensus", "transports", "prefer", "security", "state-machine", "log-level");

    private static final List<String> LOG_LEVELS = List.of("error", "warn", "info", "debug", "trace");
    private static final Set<String> WILDCARDS = Set.of("0.0.0.0", "::", "*");

    /**
     * Reads and checks a file.
     *
     * @throws Problem naming file and line, if it is not as it must be
     */
    public static NodeConfig read(Path path) throws Problem {
        Path file = path.toAbsolutePath().normalize();
        YamlMap root = YamlMap.read(file, "node configuration").allow(KEYS);
        ClusterId cluster = root.parse("cluster", root.text("cluster", "the cluster's name"), ClusterId::new);
        NodeId node = root.parse("node", root.text("node", "this node's name"), NodeId::new);
        Path data = file.resolveSibling(root.text("data-directory", "a directory for this node alone")).normalize();
        List<Endpoint> listen = Sections.endpoints(root, "listen");
        oncePerScheme(root, listen);
        List<Endpoint> advertise = advertise(root, listen);
        boolean join = Sections.flag(root, "join", "join");
        SortedMap<NodeId, List<Endpoint>> members = members(root, node, join);
        return new NodeConfig(file, cluster, node, data, listen, advertise, join, members, root.where("members"),
            Sections.identity(root), Sections.provider(root, "consensus"), Sections.transports(root),
            Sections.prefer(root), root.where("prefer"), Sections.requirePostQuantum(root),
            root.optionalText("state-machine", "the name of a state machine"), root.where("state-machine"),
            logLevel(root));
    }

    private static void oncePerScheme(YamlMap root, List<Endpoint> listen) throws Problem {
        Set<String> schemes = new HashSet<>();
        for (Endpoint endpoint : listen) {
            if (!schemes.add(endpoint.scheme())) {
                throw root.wrong("listen", "found two endpoints of scheme '" + endpoint.scheme() + "' in 'listen'",
                    "one a transport", "remove one of them; a wildcard such as 0.0.0.0 listens on every address");
            }
        }
    }

    private static List<Endpoint> advertise(YamlMap root, List<Endpoint> listen) throws Problem {
        if (root.has("advertise")) {
            return Sections.endpoints(root, "advertise");
        }
        for (Endpoint endpoint : listen) {
            if (WILDCARDS.contains(endpoint.host()) || endpoint.port() == 0) {
                throw root.wrong("listen", "found " + endpoint + " in 'listen' and no 'advertise'",
                    "an address and port that other nodes can connect to",
                    "add 'advertise: " + endpoint.scheme() + "://<this host>:<port>'");
            }
        }
        return listen;
    }

    private static SortedMap<NodeId, List<Endpoint>> members(YamlMap root, NodeId node, boolean join)
            throws Problem {
        YamlMap section = root.map("members").orElseThrow(() -> root.wrong("members", "found no 'members' section",
            "every member of the cluster and its endpoint", "add 'members:' with one line 'id: endpoint' for each"));
        SortedMap<NodeId, List<Endpoint>> members = Sections.nodes(section);
        if (members.size() > Membership.MAX_MEMBERS) {
            throw root.wrong("members", "found " + members.size() + " members",
                "at most " + Membership.MAX_MEMBERS, "run a smaller cluster: three or five nodes are usual");
        }
        if (join && members.keySet().equals(Set.of(node))) {
            throw root.wrong("members", "found 'join: true' and no member but this node itself",
                "members of the cluster that it joins", "name at least one of them in 'members'");
        }
        if (!join && !members.containsKey(node)) {
            throw root.wrong("node", "found node id '" + node + "', which is not among the members "
                + members.keySet(), "the id of one of the members", "correct 'node', or add it to 'members'; a node "
                + "that joins a cluster that runs says 'join: true'");
        }
        return members;
    }

    private static String logLevel(YamlMap root) throws Problem {
        String level = root.optionalText("log-level", "one of " + LOG_LEVELS).orElse("info").toLowerCase(Locale.ROOT);
        if (!LOG_LEVELS.contains(level)) {
            throw root.wrong("log-level", "found log level '" + level + "'", "one of "
                + String.join(", ", LOG_LEVELS), "correct the value");
        }
        return level;
    }
}
