package io.quorate.registry.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.api.Standing;
import io.quorate.spi.wire.RpcType;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every cell of the table of procedures and standings, written out: M member, J joining, C client, O operator. */
class AuthorizationTest {

    private static final String TABLE = """
        PRE_VOTE       MJ
        REQUEST_VOTE   MJ
        HEARTBEAT      M
        APPEND_ENTRIES M
        READ_INDEX     M
        INSTALL_SNAPSHOT M
        TIMEOUT_NOW    M
        PRESENCE       M
        SUBMIT         MCO
        QUERY          MCO
        WATCH          MCO
        STATUS         MJCO
        PEERS          MO
        PEER_CHANGES   MO
        CHANGE_MEMBERSHIP   O
        TRANSFER_LEADERSHIP O
        """;

    @TestFactory
    Stream<DynamicTest> everyCell() {
        assertEquals(RpcType.values().length, TABLE.lines().count(), "a procedure without a line");
        return TABLE.lines().flatMap(line -> {
            String[] cells = line.trim().split(" +");
            RpcType type = RpcType.valueOf(cells[0]);
            return Stream.of(Standing.values()).map(standing ->
                DynamicTest.dynamicTest(type + " by " + standing, () -> assertEquals(
                    cells[1].indexOf(standing.name().charAt(0)) >= 0, Authorization.permits(type, standing))));
        });
    }
}
