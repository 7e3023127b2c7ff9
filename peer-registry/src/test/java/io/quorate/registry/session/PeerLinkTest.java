package io.quorate.registry.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.spi.consensus.CallFailure;
import io.quorate.spi.consensus.PeerCaller;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.time.NodeLoop;
import io.quorate.spi.transport.Connection;
import io.quorate.spi.transport.RpcStream;
import io.quorate.spi.wire.RpcType;
import io.quorate.testing.time.VirtualLoop;
import io.quorate.testing.time.VirtualWorld;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Which session a call takes. */
class PeerLinkTest {

    private static final int MANY_TICKS = 100;

    private final NodeLoop loop = new VirtualLoop(new VirtualWorld(11));
    private final PeerLink link = new PeerLink(new CallContext(loop, SessionSettings.forNode(),
        AdmissionPolicy.forClient(), CallServer.none(), new Deadlines(loop), new Completions(loop),
        new CallCounters(new Counters()), () -> { }), TestHost.node("n2"), 1);
    /** The sessions that were asked for a stream, in this order. */
    private final List<Integer> asked = new ArrayList<>();

    /** A session with room for one call, as the transport says; whether it then has a stream is another matter. */
    private PeerSession add(int id, int capacity, boolean opens) {
        NoConnection nowhere = new NoConnection();
        Connection connection = LazyCapacity.proxy(Connection.class, (self, method, arguments) ->
            switch (method.getName()) {
                case "openCapacity" -> capacity;
                case "open" -> {
                    asked.add(id);
                    yield opens ? Optional.of(stream()) : Optional.empty();
                }
                default -> LazyCapacity.invoke(nowhere, method, arguments);
            });
        Hello hello = new Hello(1, 1, new TreeSet<>(), TestHost.CLUSTER, PeerIdentity.Kind.NODE, "n2", 1, List.of(),
            "test", HelloTest.nonce(1), Bytes.utf8("b"));
        PeerSession session = new PeerSession(id, connection, TestHost.node("n2"), hello, 1, new TreeSet<>());
        session.state.confirmed = true;
        link.add(session);
        return session;
    }

    /** A stream that takes one request and brings nothing. */
    private static RpcStream stream() {
        return LazyCapacity.proxy(RpcStream.class, (self, method, arguments) -> switch (method.getName()) {
            case "correlationId" -> 1L;
            case "send" -> true;
            default -> throw new AssertionError("found a call of " + method);
        });
    }

    private PeerSession add(int id, boolean silent, boolean renewing, boolean opens) {
        PeerSession session = add(id, 1, opens);
        session.state.silentTicks = silent ? MANY_TICKS : 0;
        session.state.renewing = renewing;
        return session;
    }

    private void call() {
        link.call(RpcType.STATUS, List.of(Bytes.utf8("how are you?")), 1_000, new PeerCaller.CallHandler() {
            @Override
            public void onResponse(Bytes response) {
                throw new AssertionError("nobody answers here");
            }

            @Override
            public void onFailure(CallFailure failure) {
                throw new AssertionError(failure.toString());
            }
        });
    }

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    /** Each one whose stream is gone is asked once, and the next best one then; the call waits when none has one. */
    @Test
    void sessionsThatAnswerAndAreThereToStayComeFirst() {
        add(1, true, true, false);
        add(2, true, false, false);
        add(3, false, true, false);
        add(4, false, false, false);
        add(5, true, false, false);
        add(6, false, true, false);
        add(7, false, false, false);
        add(8, 0, true);
        add(9, false, false, true).state.retiring = true;
        add(10, false, false, true).state.confirmed = false;
        call();
        // Once at once, and once more when it is noted that a call waits: a stream may have become free in between.
        List<Integer> order = List.of(4, 7, 3, 6, 2, 5, 1);
        List<Integer> twice = new ArrayList<>(order);
        twice.addAll(order);
        assertEquals(twice, asked);
        assertTrue(link.waiting());
    }

    @Test
    void theFirstWithAStreamTakesTheCallAndNoOtherIsAsked() {
        add(1, true, false, true);
        add(2, false, true, false);
        PeerSession taker = add(3, false, true, true);
        add(4, false, true, true);
        call();
        assertEquals(List.of(2, 3), asked);
        assertEquals(1, taker.state.calls.size());
        assertFalse(link.waiting());
    }

    @Test
    void whatIsToBeReplacedIsNothingThatLasts() {
        add(1, false, true, true);
        add(2, true, false, true);
        add(3, false, false, true).state.rank = 1;
        assertEquals(3, link.slots());
        assertEquals(2, link.slots(0, false));
        assertEquals(1, link.slots(0, true));
        assertEquals(2, link.slots(Integer.MAX_VALUE, true));
    }
}
