package io.quorate.registry.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.ClusterId;
import io.quorate.api.Command;
import io.quorate.api.CommandResult;
import io.quorate.api.Consistency;
import io.quorate.api.ControlPlaneException;
import io.quorate.api.LogIndex;
import io.quorate.api.NodeId;
import io.quorate.api.OutcomeUnknownException;
import io.quorate.api.Term;
import io.quorate.api.UnavailableException;
import io.quorate.spi.QuorateProvider;
import io.quorate.spi.consensus.AdministrationResult;
import io.quorate.spi.consensus.CommittedEntry;
import io.quorate.spi.consensus.Consensus;
import io.quorate.spi.consensus.ConsensusContext;
import io.quorate.spi.consensus.ConsensusException;
import io.quorate.spi.consensus.ConsensusProvider;
import io.quorate.spi.consensus.ConsensusStatus;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.MembershipChange;
import io.quorate.spi.consensus.RpcResponder;
import io.quorate.spi.transport.ConnectionSink;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportException;
import io.quorate.spi.wire.RpcType;
import io.quorate.testing.identity.TestIdentity;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The node with its own threads: the loop and the apply thread of production. */
class NodeThreadsTest {

    private static final NodeId SELF = new NodeId("n1");
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @TempDir
    Path directory;

    /** A cluster of one: what is proposed is committed in the next task. */
    private static final class AloneProvider implements ConsensusProvider, Consensus {
        private ConsensusContext context;
        private long last;
        private boolean refuseToStart;
        volatile boolean closed;

        @Override
        public Consensus create(ConsensusContext given) {
            context = given;
            return this;
        }

        @Override
        public String name() {
            return "alone";
        }

        @Override
        public int spiVersion() {
            return QuorateProvider.SPI_VERSION;
        }

        @Override
        public void start() throws ConsensusException {
            if (refuseToStart) {
                throw new ConsensusException("the directory is in use");
            }
            propose(EntryType.NO_OP, List.of());
        }

        @Override
        public ProposalResult propose(EntryType type, List<Bytes> payload) {
            CommittedEntry entry = new CommittedEntry(new Term(1), new LogIndex(++last), type, FakeLog.joined(payload));
            context.loop().execute(() -> context.host().committed(List.of(entry), () -> { }));
            return new ProposalResult.Accepted(entry.term(), entry.index());
        }

        @Override
        public void readIndex(boolean leaseSuffices, Consumer<ReadIndexResult> answer) {
            LogIndex index = new LogIndex(last);
            context.loop().execute(() -> answer.accept(new ReadIndexResult.At(index)));
        }

        @Override
        public void changeMembership(MembershipChange change, boolean force, long timeoutMillis,
            Consumer<AdministrationResult> answer) {
            throw new IllegalStateException("nobody administers");
        }

        @Override
        public void transferLeadership(Optional<NodeId> to, long timeoutMillis, Consumer<AdministrationResult> answer) {
            // A leader that closes asks for it.
            context.loop().execute(() ->
                answer.accept(new AdministrationResult.Refused("found no other voter", false)));
        }

        @Override
        public Set<RpcType> procedures() {
            return EnumSet.noneOf(RpcType.class);
        }

        @Override
        public void serve(NodeId from, RpcType type, Bytes request, RpcResponder responder) {
            throw new IllegalStateException("nobody calls");
        }

        @Override
        public void clusterExists() {
        }

        @Override
        public void peerPresence(NodeId peer, boolean present) {
            throw new IllegalStateException("nobody is there");
        }

        @Override
        public void peerFeatures(NodeId peer, SortedSet<String> features) {
            throw new IllegalStateException("nobody is there");
        }

        @Override
        public ConsensusStatus status() {
            return new ConsensusStatus(ConsensusStatus.Role.LEADER, new Term(1), Optional.of(SELF), new LogIndex(last),
                new LogIndex(last), true, context.bootstrap());
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    private static final class SilentTransport implements Transport {
        private boolean refuseToStart;
        volatile boolean closed;

        @Override
        public String scheme() {
            return "silent";
        }

        @Override
        public String description() {
            return "says nothing";
        }

        @Override
        public void start(ConnectionSink sink) throws TransportException {
            if (refuseToStart) {
                throw new TransportException("the address is in use");
            }
        }

        @Override
        public Optional<Endpoint> listening() {
            return Optional.empty();
        }

        @Override
        public void dial(Endpoint target, long dialId) {
            throw new IllegalStateException("nobody to dial");
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    private final AloneProvider consensus = new AloneProvider();
    private final SilentTransport transport = new SilentTransport();
    private final RecordingMachine machine = new RecordingMachine();

    @Test
    void testsRunInTheModule() {
        assertEquals("io.quorate.registry", getClass().getModule().getName());
    }

    @Test
    void commandsFromManyThreadsAreAppliedOnOneThreadEachOnce() {
        assertTimeoutPreemptively(LIMIT, () -> {
            try (ControlPlaneNode node = node()) {
                node.start();
                ConcurrentLinkedQueue<CompletableFuture<CommandResult>> results = new ConcurrentLinkedQueue<>();
                List<Thread> callers = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    String prefix = "t" + i + "-";
                    callers.add(Thread.ofPlatform().start(() -> {
                        for (int j = 0; j < 2_000; j++) {
                            results.add(node.submit(new Command(Bytes.utf8(prefix + j))));
                        }
                    }));
                }
                for (Thread caller : callers) {
                    caller.join();
                }
                results.forEach(CompletableFuture::join);
                assertEquals("8000", node.query(Bytes.utf8("count"), Consistency.LINEARIZABLE).join().payload().utf8());
                assertEquals(8_000, machine.applied.stream().distinct().count());
                assertEquals("leader", node.status().join().role());
                assertEquals(1, node.peers().join().peers().size());
            }
        });
    }

    @Test
    void closingIsOrderlyBoundedAndIdempotentAndNothingHangsAfterwards() {
        assertTimeoutPreemptively(LIMIT, () -> {
            ControlPlaneNode node = node();
            node.start();
            CompletableFuture<Optional<Bytes>> watch = node.watch(Bytes.utf8("7"), Duration.ofHours(1));
            node.close();
            node.close();
            assertTrue(consensus.closed);
            assertTrue(transport.closed);
            assertUnavailable(watch);
            assertUnavailable(node.submit(new Command(Bytes.utf8("late"))));
            assertUnavailable(node.query(Bytes.utf8("count"), Consistency.LOCAL));
            assertUnavailable(node.query(Bytes.utf8("count"), Consistency.LINEARIZABLE));
            assertUnavailable(node.watch(Bytes.utf8("0"), Duration.ofHours(1)));
            assertUnavailable(node.peerChanges(0, Duration.ofHours(1)));
            assertUnavailable(node.status());
            assertUnavailable(node.peers());
            assertTrue(!node.failure().isDone(), () -> "closing is no failure: " + node.failure().join());
        });
    }

    @Test
    void aBrokenStateMachineCompletesTheFailure() {
        assertTimeoutPreemptively(LIMIT, () -> {
            try (ControlPlaneNode node = node()) {
                node.start();
                CompletableFuture<CommandResult> breaking = node.submit(new Command(Bytes.utf8("break")));
                assertTrue(node.failure().join().problem().contains("broken by break"));
                assertInstanceOf(OutcomeUnknownException.class,
                    assertThrows(CompletionException.class, breaking::join).getCause());
                assertTrue(consensus.closed);
                assertTrue(node.status().join().problem().isPresent());
            }
        });
    }

    @Test
    void aStartThatFailsLeavesNothingOpen() {
        assertTimeoutPreemptively(LIMIT, () -> {
            consensus.refuseToStart = true;
            ControlPlaneNode node = node();
            assertThrows(ConsensusException.class, node::start);
            assertTrue(consensus.closed);
            assertUnavailable(node.submit(new Command(Bytes.utf8("a"))));
        });
    }

    @Test
    void anAddressInUseLeavesNothingOpen() {
        assertTimeoutPreemptively(LIMIT, () -> {
            transport.refuseToStart = true;
            assertThrows(TransportException.class, node()::start);
            assertTrue(consensus.closed);
            assertTrue(transport.closed);
        });
    }

    @Test
    void aNewDirectoryIsTheOwnersAlone() {
        assertTimeoutPreemptively(LIMIT, () -> {
            try (ControlPlaneNode node = node()) {
                node.start();
                assertEquals("rwx------",
                    PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve("data"))));
            }
        });
    }

    @Test
    void anotherNodesIdentityIsRefusedBeforeAnythingStarts() {
        IllegalStateException refused = assertThrows(IllegalStateException.class,
            () -> builder().identity(TestIdentity.node("n2")).build());
        assertTrue(refused.getMessage().contains("found identity spiffe://test/node/n2"), refused.getMessage());
        assertThrows(IllegalStateException.class, () -> builder().identity(TestIdentity.client("n1")).build());
    }

    private static void assertUnavailable(CompletableFuture<?> future) {
        Throwable cause = assertThrows(CompletionException.class, future::join).getCause();
        assertInstanceOf(UnavailableException.class, cause);
        assertInstanceOf(ControlPlaneException.class, cause);
    }

    private ControlPlaneNode node() {
        return builder().build();
    }

    private ControlPlaneNode.Builder builder() {
        Map<NodeId, List<Endpoint>> alone = new TreeMap<>(Map.of(SELF, List.of()));
        return ControlPlaneNode.builder().self(SELF).cluster(new ClusterId("alone"))
            .directory(directory.resolve("data")).identity(TestIdentity.node("n1")).transport(transport)
            .consensus(consensus, Map.of()).stateMachine(machine).bootstrap(Membership.ofVoters(alone));
    }
}
