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

    private Authorization() {
    }

    public static boolean permits(RpcType type, Standing standing) {
        return TABLE.get(type).contains(standing);
    }

    /** The counter of refused calls: {@code rpc.denied.<type>}. */
    static String deniedCounter(RpcType type) {
        return "rpc.denied." + label(type);
    }

    static String label(RpcType type) {
        return type.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
