package io.quorate.testing.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.Connection;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.RpcStream;
import io.quorate.spi.transport.StreamHandler;
import io.quorate.spi.transport.TlsCredentials;
import io.quorate.spi.wire.RpcType;
import io.quorate.spi.wire.WireViolation;
import io.quorate.testing.identity.TestCertificateAuthority;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.junit.jupiter.api.Assumptions;

/** What one test works with: the transport under test, nodes that use it, and what was noticed beside the test. */
final class Bench implements AutoCloseable {

    /** How long anything may take that must happen; generous, since the machine may be busy. */
    static final Duration PATIENCE = Duration.ofSeconds(30);

    /** How many more connections a test has for each direction where a connection carries one call at a time. */
    static final int LEASES = 6;

    private static final int MAX_STORY_LINES = 12;
    private static final int MAX_FAULTS = 8;
    /** A stream that has been full for so long is stalled: what is between the two sides is full too. */
    private static final Duration STALLED = Duration.ofMillis(300);
    private static final Duration AFTERMATH = Duration.ofMillis(100);

    private final TransportUnderTest under;
    private final TestCertificateAuthority authority = new TestCertificateAuthority("contract.test");
    private final List<ContractNode> nodes = new ArrayList<>();
    private final List<AutoCloseable> resources = new ArrayList<>();
    private final List<String> faults = new CopyOnWriteArrayList<>();
    private final List<String> notes = new CopyOnWriteArrayList<>();
    private final List<WireViolation> expected = new CopyOnWriteArrayList<>();
    private final AtomicLong dialIds = new AtomicLong();

    Bench(TransportUnderTest under) {
        this.under = under;
    }

    TransportUnderTest under() {
        return under;
    }

    TestCertificateAuthority authority() {
        return authority;
    }

    boolean exclusive() {
        return under.sharing() == TransportUnderTest.Sharing.EXCLUSIVE_LEASE;
    }

    // ---- nodes and connections -----------------------------------------------------------------------------------

    /** A started node that listens. */
    ContractNode node(String host) {
        TlsCredentials credentials = authority.node(host);
        return node(host, () -> credentials);
    }

    ContractNode node(String host, Supplier<TlsCredentials> credentials) {
        ContractNode node = new ContractNode(this, host, credentials);
        nodes.add(node);
        return node;
    }

    long nextDialId() {
        return dialIds.incrementAndGet();
    }

    /** Both ends of a new connection. */
    Ends connect(ContractNode dialer, ContractNode accepter) {
        return connect(dialer, accepter, accepter.endpoint());
    }

    Ends connect(ContractNode dialer, ContractNode accepter, Endpoint target) {
        dialer.dial(target);
        return new Ends(dialer.nextConnection(), accepter.nextConnection());
    }

    /** How calls are served. */
    interface Serving {

        /** What a call's frames go to. Guards its own callbacks. */
        StreamHandler serve(ContractPeer peer, RpcStream stream);
    }

    /** Both ends of a new connection, started and active; each answers with what it was sent. */
    Peers active(ContractNode dialer, ContractNode accepter) {
        return active(dialer, accepter, accepter.endpoint(), ContractPeer::serve);
    }

    Peers active(ContractNode dialer, ContractNode accepter, Endpoint target, Serving serving) {
        Ends ends = connect(dialer, accepter, target);
        Peers peers = new Peers(new ContractPeer(this, ends.dialed()), new ContractPeer(this, ends.accepted()));
        // The session layer begins calls behind an answered ping; here the accepter is active before the dialer, and
        // what the accepter may call on comes behind the dialer's activation.
        peers.accepted().activate(serving);
        peers.dialed().activate(serving);
        return peers;
    }

    /** A new pair of nodes with an active connection. */
    Peers active() {
        return active(node("a"), node("b"));
    }

    Callers callers(ContractNode a, ContractNode b) {
        return callers(a, b, ContractPeer::serve);
    }

    /** Calls in both directions, with as many connections as it takes. */
    Callers callers(ContractNode a, ContractNode b, Serving serving) {
        List<ContractPeer> fromA = new ArrayList<>();
        List<ContractPeer> fromB = new ArrayList<>();
        if (exclusive()) {
            for (int i = 0; i < LEASES; i++) {
                fromA.add(active(a, b, b.endpoint(), serving).dialed());
                fromB.add(active(b, a, a.endpoint(), serving).dialed());
            }
        } else {
            Peers peers = active(a, b, b.endpoint(), serving);
            fromA.add(peers.dialed());
            fromB.add(peers.accepted());
        }
        return new Callers(fromA, fromB);
    }

    record Ends(Connection dialed, Connection accepted) {
    }

    record Peers(ContractPeer dialed, ContractPeer accepted) {
    }

    /** Who may call on what: from the first node to the second, and back. */
    record Callers(List<ContractPeer> forth, List<ContractPeer> back) {
    }

    // ---- waiting -------------------------------------------------------------------------------------------------

    void await(String what, BooleanSupplier condition) {
        boolean held = under.await(() -> !faults.isEmpty() || condition.getAsBoolean(), PATIENCE);
        if (!faults.isEmpty()) {
            // The first fault is often a consequence; its cause is heard of a moment later.
            under.await(() -> false, AFTERMATH);
            verify();
        }
        if (!held) {
            verify();
            fail("no sign of " + what + " within " + PATIENCE.toSeconds() + " s");
        }
    }

    /** Whether it held within this time: for what should not happen. */
    boolean within(Duration time, BooleanSupplier condition) {
        return under.await(condition, time);
    }

    /** Opens a call on the first of these connections that has room, and waits until one has. */
    ContractCall open(List<ContractPeer> peers) {
        return open(peers, RpcType.SUBMIT);
    }

    private ContractCall open(List<ContractPeer> peers, RpcType type) {
        List<ContractCall> opened = new ArrayList<>();
        await("capacity for a call", () -> {
            for (ContractPeer peer : peers) {
                Optional<ContractCall> call = peer.tryOpen(type);
                if (call.isPresent()) {
                    opened.add(call.get());
                    return true;
                }
            }
            return false;
        });
        return opened.get(0);
    }

    /** Opens a call on this connection, and waits until it has room. */
    ContractCall open(ContractPeer peer) {
        return open(List.of(peer), RpcType.SUBMIT);
    }

    ContractCall open(ContractPeer peer, RpcType type) {
        return open(List.of(peer), type);
    }

    /**
     * Sends frames of a call until it is full and stays so, or until so many were sent.
     *
     * @param payloads the payload of each frame, by its number from 0
     * @return how many frames were sent
     */
    int fill(ContractCall call, int most, IntFunction<Bytes> payloads) {
        int sent = 0;
        boolean room = true;
        while (room && sent < most) {
            int writable = call.writable();
            room = call.send(false, payloads.apply(sent++))
                || under.await(() -> call.writable() > writable, STALLED);
        }
        return sent;
    }

    // ---- what is needed and what is noticed ----------------------------------------------------------------------

    FaultyPath path(Endpoint target) {
        Optional<FaultyPath> path = under.path(target);
        Assumptions.assumeTrue(path.isPresent(), "needs a path that can be disturbed");
        resources.add(path.get());
        return path.get();
    }

    HostilePeer hostile() {
        Optional<HostilePeer> hostile = under.hostilePeer();
        Assumptions.assumeTrue(hostile.isPresent(), "needs a hostile peer");
        resources.add(hostile.get());
        return hostile.get();
    }

    /** This violation is the test's own doing. */
    void expect(WireViolation... violations) {
        expected.addAll(List.of(violations));
    }

    /** Something is wrong that no assertion of the test would see. */
    void fault(String what) {
        faults.add(what);
        under.wake();
    }

    /** Asserts that nothing went wrong beside the test. */
    void verify() {
        assertEquals(List.of(), faults.stream().distinct().limit(MAX_FAULTS).toList(),
            "faults noticed beside the test");
        for (ContractNode node : nodes) {
            for (WireViolation violation : WireViolation.values()) {
                assertTrue(node.counted(violation.counterName()) == 0 || expected.contains(violation),
                    () -> node.host() + " counted " + violation.counterName() + ", which the test has not made");
            }
        }
    }

    /** Something that explains a failure that may follow. */
    void note(String line) {
        notes.add(line);
    }

    /** What the nodes heard of their connections' ends, to explain a failure with. */
    String story() {
        List<String> lines = new ArrayList<>(notes);
        for (ContractNode node : nodes) {
            lines.addAll(node.story());
        }
        int from = Math.max(0, lines.size() - MAX_STORY_LINES);
        return lines.isEmpty() ? "" : "; heard: " + String.join("; ", lines.subList(from, lines.size()));
    }

    @Override
    public void close() {
        nodes.forEach(ContractNode::close);
        for (AutoCloseable resource : resources) {
            try {
                resource.close();
            } catch (Exception e) {
                throw new AssertionError("what a test used could not be closed", e);
            }
        }
        under.assertNoLeaks();
        under.close();
    }
}
