package io.quorate.registry.node;

import io.quorate.api.Standing;
import io.quorate.spi.wire.RpcType;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Who may call what: the one table, asked for every call on every node. What is not in it is refused.
 *
 * <p>Immutable; thread-safe.
 */
public final class Authorization {

    private static final Map<RpcType, Set<Standing>> TABLE = new EnumMap<>(RpcType.class);

    static {
        for (RpcType type : RpcType.values()) {
            TABLE.put(type, switch (type) {
                case PRE_VOTE, REQUEST_VOTE, HEARTBEAT, APPEND_ENTRIES, READ_INDEX, INSTALL_SNAPSHOT,
                    TIMEOUT_NOW, PRESENCE ->
                    EnumSet.of(Standing.MEMBER);
                case SUBMIT, QUERY, WATCH -> EnumSet.of(Standing.MEMBER, Standing.CLIENT, Standing.OPERATOR);
                case STATUS -> EnumSet.of(Standing.MEMBER, Standing.JOINING, Standing.CLIENT, Standing.OPERATOR);
                case PEERS, PEER_CHANGES -> EnumSet.of(Standing.MEMBER, Standing.OPERATOR);
                case CHANGE_MEMBERSHIP, TRANSFER_LEADERSHIP -> EnumSet.of(Standing.OPERATOR);
            });
        }
    }

    /**
     * What a node may do of which this node's configuration knows nothing, while this node follows nobody. Scenario: a
     * member is down while the others are replaced one by one. Its configuration is that of before, so the leader is a
     * stranger to it; refused, it would never learn the configuration in which the leader is a member. The stranger has
     * proved to be a node of this cluster. Whether a term is his, and whether his entries fit, the consensus checks.
     */
    private static final Set<RpcType> OF_STRANGERS = EnumSet.of(RpcType.HEARTBEAT, RpcType.APPEND_ENTRIES,
        RpcType.INSTALL_SNAPSHOT);

    private Authorization() {
    }

    public static boolean permits(RpcType type, Standing standing) {
        return TABLE.get(type).contains(standing);
    }

    /** Whether a node of the cluster that is no member may call {@code type} at a node that follows nobody. */
    static boolean permitsStranger(RpcType type, Standing standing) {
        return standing == Standing.JOINING && OF_STRANGERS.contains(type);
    }

    /** The counter of refused calls: {@code rpc.denied.<type>}. */
    static String deniedCounter(RpcType type) {
        return "rpc.denied." + label(type);
    }

    static String label(RpcType type) {
        return type.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
