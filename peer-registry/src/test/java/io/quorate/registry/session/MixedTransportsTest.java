package io.quorate.registry.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.wire.RpcType;
import io.quorate.testing.memory.MemoryNetwork;
import io.quorate.testing.time.VirtualWorld;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** Two transports between the same hosts: one like TCP and one like QUIC, whose paths fail apart from each other. */
class MixedTransportsTest {

    private static final long MILLIS = 1_000_000;
    private static final long SECOND = 1_000 * MILLIS;
    private static final String LEASE = "lease";
    private static final String STREAM = "stream";

    private final VirtualWorld world = new VirtualWorld(11);
    private final MemoryNetwork lease =
        new MemoryNetwork(world, LEASE, MemoryNetwork.Mode.EXCLUSIVE_LEASE, MILLIS / 10, MILLIS);
    private final MemoryNetwork stream =
        new MemoryNetwork(world, STREAM, MemoryNetwork.Mode.STREAM_PER_CALL, MILLIS / 10, MILLIS);

    @Test
    void livesInANamedModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    private TestHost.Setup host(String name, String... prefer) {
        return new TestHost.Setup(world, lease, name).also(stream).prefer(prefer);
    }

    private static void dialBoth(TestHost host, String node) {
        host.dial(List.of(DialTarget.node(TestHost.id(node), List.of(at(LEASE, node), at(STREAM, node)))));
    }

    private static Endpoint at(String scheme, String host) {
        return new Endpoint(scheme, host, 1);
    }

    private static List<String> schemes(TestHost host, Origin origin) {
        return host.sessions.sessions().stream().filter(session -> session.origin() == origin)
            .map(PeerSession::transport).distinct().sorted().toList();
    }

    private boolean within(long millis, BooleanSupplier condition) {
        return world.runUntil(condition, millis * MILLIS);
    }

    /** Drops what the stream network carries between two hosts, as a firewall that drops UDP. */
    private void dropStreams(String a, String b) {
        stream.partition(a, b);
    }

    @Test
    void sessionsOfTwoTransportsHaveNumbersOfTheirOwn() {
        TestHost n1 = host("n1").start();
        host("n2").start();
        host("n3").start();
        n1.dial(List.of(DialTarget.node(TestHost.id("n2"), List.of(at(LEASE, "n2"))),
            DialTarget.node(TestHost.id("n3"), List.of(at(STREAM, "n3")))));
        assertTrue(within(1_000, () -> n1.settled("n2", "n3") && n1.sessions.sessions().size() == 4));
        List<Long> numbers = n1.sessions.sessions().stream().map(PeerSession::id).toList();
        assertEquals(4, numbers.stream().distinct().count(), "found " + numbers);
    }

    @Test
    void thePreferredTransportIsDialedAloneWhereItWorks() {
        TestHost n1 = host("n1", STREAM).start();
        host("n2").start();
        dialBoth(n1, "n2");
        assertTrue(within(1_000, () -> n1.settled("n2")));
        world.runFor(10 * SECOND);
        assertEquals(List.of(STREAM), schemes(n1, Origin.DIALED));
        assertEquals(0, n1.counters.get("dial.retry-preferred"));
    }

    @Test
    void withoutAPreferenceTheOrderOfTheEndpointsCounts() {
        TestHost n1 = host("n1").start();
        host("n2").start();
        dialBoth(n1, "n2");
        assertTrue(within(1_000, () -> n1.settled("n2")));
        assertEquals(List.of(LEASE), schemes(n1, Origin.DIALED));
    }

    @Test
    void aTransportThatIsRefusedCostsNoTime() {
        TestHost n1 = host("n1", STREAM).start();
        new TestHost.Setup(world, lease, "n2").start();
        dialBoth(n1, "n2");
        assertTrue(within(20, () -> n1.settled("n2")), "the next endpoint is tried at once");
        assertEquals(List.of(LEASE), schemes(n1, Origin.DIALED));
    }

    @Test
    void aFirewallThatDropsThePreferredTransportCostsNoCall() {
        dropStreams("n1", "n2");
        TestHost n1 = host("n1", STREAM).start();
        host("n2").start();
        dialBoth(n1, "n2");
        assertTrue(within(Dialer.STALL_MILLIS + 20, () -> n1.settled("n2")), "one hanging attempt, no more");
        List<TestHost.Call> calls = callsFor(n1, 20_000);
        calls.forEach(call -> assertEquals(null, call.failure));
        assertEquals(List.of(LEASE), schemes(n1, Origin.DIALED));
        long retries = n1.counters.get("dial.retry-preferred");
        assertTrue(retries >= 2 && retries <= 8, "found " + retries + " retries in 20 s");
        assertTrue(n1.counters.get("dial.attempt") <= retries + 4, "and nothing else is dialed");
    }

    @Test
    void callsMoveToThePreferredTransportWhenItWorksAgainAndNoneFails() {
        dropStreams("n1", "n2");
        TestHost n1 = host("n1", STREAM).start();
        host("n2").start();
        dialBoth(n1, "n2");
        assertTrue(within(1_000, () -> n1.settled("n2")));
        stream.heal();
        List<TestHost.Call> calls = callsFor(n1, 15_000);
        calls.forEach(call -> assertEquals(null, call.failure));
        assertEquals(List.of(STREAM), schemes(n1, Origin.DIALED), "the others have been closed");
        assertTrue(n1.events.stream().filter(event -> event.startsWith("closed")).allMatch(
            event -> event.contains("NORMAL")), "found " + n1.events);
    }

    @Test
    void aFallbackConnectionIsKeptForItsCall() {
        dropStreams("n1", "n2");
        TestHost n1 = host("n1", STREAM).start();
        TestHost n2 = host("n2").start();
        dialBoth(n1, "n2");
        assertTrue(within(1_000, () -> n1.settled("n2")));
        List<ServedCall> kept = new ArrayList<>();
        n2.server = (caller, type, request, budget, call) -> kept.add(call);
        TestHost.Call slow = n1.call("n2", RpcType.WATCH, 60_000);
        assertTrue(within(100, () -> !kept.isEmpty()), "the call is under way before the path is open again");
        stream.heal();
        world.runFor(30 * SECOND);
        assertEquals(List.of(LEASE, STREAM), schemes(n1, Origin.DIALED));
        kept.get(0).respond(List.of());
        assertTrue(within(100, slow::done));
        assertEquals(null, slow.failure);
        world.runFor(PeerLink.FALLBACK_IDLE_MILLIS * MILLIS + SECOND);
        assertEquals(List.of(STREAM), schemes(n1, Origin.DIALED));
    }

    @Test
    void aFirewallThatComesToBeIsPassedBeforeTheSilenceIsCertain() {
        TestHost n1 = host("n1", STREAM).start();
        host("n2").start();
        dialBoth(n1, "n2");
        assertTrue(within(1_000, () -> n1.settled("n2")));
        world.runFor(60 * SECOND);
        assertEquals(List.of(STREAM), schemes(n1, Origin.DIALED));
        dropStreams("n1", "n2");
        assertTrue(within(1_400, () -> n1.sessions.sessions().stream().anyMatch(
            session -> session.transport().equals(LEASE) && session.confirmed())), "sooner than "
            + SessionSettings.forNode().unresponsiveMillis() + " ms");
        TestHost.Call call = n1.call("n2", RpcType.HEARTBEAT, 500);
        assertTrue(within(100, call::done));
        assertEquals(null, call.failure);
        callsFor(n1, 10_000).forEach(each -> assertEquals(null, each.failure));
    }

    @Test
    void aPreferredTransportThatFallsSilentAgainAndAgainIsTriedLessOften() {
        TestHost n1 = host("n1", STREAM).start();
        host("n2").start();
        dialBoth(n1, "n2");
        int met = 0;
        for (int second = 0; second < 600; second++) {
            world.runFor(SECOND);
            if (schemes(n1, Origin.DIALED).contains(STREAM)) {
                met++;
                dropStreams("n1", "n2");
            } else {
                stream.heal();
            }
        }
        assertTrue(n1.sees("n2"));
        assertTrue(n1.counters.get("dial.retry-preferred") < 40, "found " + n1.counters.snapshot());
        assertTrue(met > 5, "and it is tried all the same; found " + met);
    }

    @Test
    void aDeadPreferredTransportDoesNotKeepTheOtherOneWaitingWhenANodeComesBack() {
        dropStreams("n1", "n2");
        TestHost n1 = host("n1", STREAM).start();
        dialBoth(n1, "n2");
        world.runFor(30 * SECOND);
        host("n2").start();
        assertTrue(within(1_600, () -> n1.settled("n2")), "the longest wait and one hanging attempt, not the time "
            + "limits of several");
    }

    @Test
    void aPeerThatIsGoneIsNotDialedWithoutAPauseWhileTheWorseTransportIsSilent() {
        TestHost n1 = host("n1", LEASE).start();
        new TestHost.Setup(world, stream, "n2").start();
        dialBoth(n1, "n2");
        assertTrue(world.runUntil(() -> n1.settled("n2"), 5 * SECOND));
        stream.partition("n1", "n2");
        long before = n1.counters.get("dial.attempt");
        world.runFor(3 * SECOND);
        long attempts = n1.counters.get("dial.attempt") - before;
        assertTrue(attempts < 40, "found " + attempts + " attempts in 3 s, expected a pause after each round");
    }

    @Test
    void aNodeThatCannotBeDialedIsServedOverTheConnectionThatItDialed() {
        TestHost n1 = host("n1").behindFirewall().start();
        TestHost n2 = host("n2").start();
        n1.dial(List.of(DialTarget.node(TestHost.id("n2"), List.of(at(STREAM, "n2")))));
        n2.dial(List.of(DialTarget.node(TestHost.id("n1"), List.of(at(STREAM, "n1")))));
        assertTrue(within(1_000, () -> n2.settled("n1")));
        world.runFor(SECOND);
        long attempts = n2.counters.get("dial.attempt");
        for (RpcType type : List.of(RpcType.HEARTBEAT, RpcType.APPEND_ENTRIES, RpcType.WATCH)) {
            TestHost.Call call = n2.call("n1", type, 1_000);
            assertTrue(within(1_000, call::done));
            assertEquals(null, call.failure);
        }
        world.runFor(60 * SECOND);
        assertEquals(attempts, n2.counters.get("dial.attempt"), "nothing is dialed without need");
        assertTrue(n2.sees("n1"));
    }

    @Test
    void anAcceptedConnectionOfAWorseTransportServesTooAndTheBetterOneIsTriedNowAndThen() {
        TestHost n1 = host("n1").behindFirewall().start();
        TestHost n2 = host("n2", LEASE).start();
        n1.dial(List.of(DialTarget.node(TestHost.id("n2"), List.of(at(STREAM, "n2")))));
        dialBoth(n2, "n1");
        assertTrue(within(1_000, () -> n2.settled("n1")));
        world.runFor(SECOND);
        long attempts = n2.counters.get("dial.attempt");
        world.runFor(60 * SECOND);
        attempts = n2.counters.get("dial.attempt") - attempts;
        assertTrue(attempts >= 10 && attempts <= 26, "found " + attempts + " attempts in a minute");
        TestHost.Call call = n2.call("n1", RpcType.HEARTBEAT, 1_000);
        assertTrue(within(1_000, call::done));
        assertEquals(null, call.failure);
    }

    @Test
    void aClientOfTwoEndpointsOfOneNodeUsesThePreferredOneAndFallsBackAtOnce() {
        host("n1").start();
        TestHost client = host("c1", STREAM, LEASE).client(PeerIdentity.Kind.CLIENT, "c1").start();
        client.dial(List.of(DialTarget.anyNodeAt(at(LEASE, "n1")), DialTarget.anyNodeAt(at(STREAM, "n1"))));
        assertTrue(within(1_000, () -> client.settled("n1")));
        world.runFor(20 * SECOND);
        long attempts = client.counters.get("dial.attempt");
        assertEquals(List.of(STREAM), schemes(client, Origin.DIALED));
        world.runFor(120 * SECOND);
        assertEquals(attempts, client.counters.get("dial.attempt"), "what is closed as needless is not dialed again");
        stream.cut("c1", "n1");
        dropStreams("c1", "n1");
        assertTrue(within(20, () -> schemes(client, Origin.DIALED).equals(List.of(LEASE)) && client.settled("n1")));
        stream.heal();
        assertTrue(within(12_000, () -> schemes(client, Origin.DIALED).equals(List.of(STREAM))));
    }

    @Test
    void ranksNamedSchemesFirstAndThenThoseThatAreListed() {
        SchemePreference preference = new SchemePreference(List.of("b"));
        List<Endpoint> places = List.of(at("a", "x"), at("c", "x"), at("b", "x"), at("a", "y"), at("b", "y"));
        assertEquals(List.of(at("b", "x"), at("b", "y"), at("a", "x"), at("a", "y"), at("c", "x")),
            preference.sorted(places));
        assertEquals(List.of(1, 0, 2, 3), List.of("a", "b", "c", "d").stream()
            .map(scheme -> preference.rank(scheme, places)).toList());
        assertThrows(IllegalArgumentException.class, () -> new SchemePreference(List.of("a", "a")));
    }

    /** A call each 50 ms, heartbeats and appends by turns; returns when all have ended. */
    private List<TestHost.Call> callsFor(TestHost host, long millis) {
        List<TestHost.Call> calls = new ArrayList<>();
        for (long passed = 0; passed < millis; passed += 50) {
            calls.add(host.call("n2", passed % 100 == 0 ? RpcType.HEARTBEAT : RpcType.APPEND_ENTRIES, 2_000));
            world.runFor(50 * MILLIS);
        }
        assertTrue(within(3_000, () -> calls.stream().allMatch(TestHost.Call::done)));
        return calls;
    }
}
