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
                // Whether the candidate is in this node's configuration is not asked: this node may be behind, and its
                // vote be needed (thesis §4.2.2). Scenario: of the voters A, B and C, C is down; D is added, promoted,
                // and B dies for ever. When C is back, the only majority is A, C and D, and C does not know D yet.
                case PRE_VOTE, REQUEST_VOTE -> EnumSet.of(Standing.MEMBER, Standing.JOINING);
                case HEARTBEAT, APPEND_ENTRIES, READ_INDEX, INSTALL_SNAPSHOT, TIMEOUT_NOW, PRESENCE ->
                    EnumSet.of(Standing.MEMBER);
                case SUBMIT, QUERY, WATCH -> EnumSet.of(Standing.MEMBER, Standing.CLIENT, Standing.OPERATOR);
                case STATUS -> EnumSet.of(Standing.MEMBER, Standing.JOINING, Standing.CLIENT, Standing.OPERATOR);
                case PEERS, PEER_CHANGES -> EnumSet.of(Standing.MEMBER, Standing.OPERATOR);
                case CHANGE_MEMBERSHIP, TRANSFER_LEADERSHIP -> EnumSet.of(Standing.OPERATOR);
            });
        }
    }

    /** What only a leader sends; a leader may be newer than this node's configuration: see {@link Vouching}. */
    private static final Set<RpcType> OF_LEADERS = EnumSet.of(RpcType.HEARTBEAT, RpcType.APPEND_ENTRIES,
        RpcType.INSTALL_SNAPSHOT, RpcType.TIMEOUT_NOW);

    private Authorization() {
    }

    public static boolean permits(RpcType type, Standing standing) {
        return TABLE.get(type).contains(standing);
    }

    /** Whether a node of the cluster may call {@code type} that is no member here, if somebody vouches for it. */
    static boolean permitsVouched(RpcType type, Standing standing) {
        return standing == Standing.JOINING && OF_LEADERS.contains(type);
    }

    /** The counter of refused calls: {@code rpc.denied.<type>}. */
    static String deniedCounter(RpcType type) {
        return "rpc.denied." + label(type);
    }

    static String label(RpcType type) {
        return type.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
