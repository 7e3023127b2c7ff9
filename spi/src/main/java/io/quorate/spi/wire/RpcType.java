package io.quorate.spi.wire;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The closed set of remote procedures. Each call of any of them has a stream of its own.
 *
 * <p>Codes are never reused. None begins with a byte of 0xA0 or of printable ASCII, so that bytes
 * that stray here from another protocol or from a response do not name a procedure.
 */
public enum RpcType {
    PRE_VOTE(0x0101, Lane.URGENT),
    REQUEST_VOTE(0x0102, Lane.URGENT),
    HEARTBEAT(0x0103, Lane.URGENT),
    APPEND_ENTRIES(0x0104, Lane.NORMAL),
    READ_INDEX(0x0105, Lane.URGENT),
    INSTALL_SNAPSHOT(0x0106, Lane.BULK),
    TIMEOUT_NOW(0x0107, Lane.URGENT),

    PRESENCE(0x0201, Lane.URGENT),

    SUBMIT(0x0301, Lane.NORMAL),
    QUERY(0x0302, Lane.NORMAL),
    WATCH(0x0303, Lane.BULK),
    STATUS(0x0304, Lane.URGENT),
    PEERS(0x0305, Lane.URGENT),
    PEER_CHANGES(0x0306, Lane.BULK),
    CHANGE_MEMBERSHIP(0x0307, Lane.NORMAL),
    TRANSFER_LEADERSHIP(0x0308, Lane.NORMAL);

    private static final Map<Integer, RpcType> BY_CODE =
        Arrays.stream(values()).collect(Collectors.toUnmodifiableMap(RpcType::code, Function.identity()));

    private final int code;
    private final Lane lane;

    RpcType(int code, Lane lane) {
        this.code = code;
        this.lane = lane;
    }

    /** The 16-bit number on the wire. */
    public int code() {
        return code;
    }

    public Lane lane() {
        return lane;
    }

    /** The type with this code, or null: the caller must name the violation. */
    public static RpcType ofCode(int code) {
        return BY_CODE.get(code);
    }

    /** All types in the order of their codes. */
    public static List<RpcType> all() {
        return List.of(values());
    }
}
