package io.quorate.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.ClusterId;
import io.quorate.api.LogIndex;
import io.quorate.api.NodeId;
import io.quorate.spi.QuorateProvider;
import io.quorate.spi.consensus.CommittedEntry;
import io.quorate.spi.consensus.Consensus;
import io.quorate.spi.consensus.ConsensusContext;
import io.quorate.spi.consensus.ConsensusEnvironment;
import io.quorate.spi.consensus.ConsensusException;
import io.quorate.spi.consensus.ConsensusHost;
import io.quorate.spi.consensus.ConsensusStatus;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.FrozenState;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.StateSource;
import io.quorate.spi.time.Cancellable;
import io.quorate.spi.time.Clock;
import io.quorate.spi.time.NodeLoop;
import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The provider, and what it provides on a real thread and a real disk. */
class RaftConsensusProviderTest {

    private static final NodeId SELF = new NodeId("n1");

    @TempDir
    private Path directory;

    private final RaftConsensusProvider provider = new RaftConsensusProvider();

    /** A loop of one thread; each task is a turn of its own. */
    private static final class OneThread implements NodeLoop {

        private final ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1);
        private final List<Runnable> hooks = new ArrayList<>();
        private final RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(1);
        private volatile Thread thread;

        private void turn(Runnable task) {
            thread = Thread.currentThread();
            task.run();
            hooks.forEach(Runnable::run);
        }

        @Override
        public void execute(Runnable task) {
            executor.execute(() -> turn(task));
        }

        @Override
        public boolean inLoop() {
            return Thread.currentThread() == thread;
        }

        @Override
        public Cancellable schedule(long delayNanos, Runnable task) {
            ScheduledFuture<?> future = executor.schedule(() -> turn(task), delayNanos, TimeUnit.NANOSECONDS);
            return () -> future.cancel(false);
        }

        @Override
        public void onTurnEnd(Runnable hook) {
            hooks.add(hook);
        }

        @Override
        public Clock clock() {
            return new Clock() {
                @Override
                public long nanoTime() {
                    return System.nanoTime();
                }

                @Override
                public long wallMillis() {
                    return System.currentTimeMillis();
                }
            };
        }

        @Override
        public RandomGenerator random() {
            return random;
        }
    }

    /** A host that keeps what it hears. */
    private static final class Host implements ConsensusHost {

        private final BlockingQueue<CommittedEntry> committed = new LinkedBlockingQueue<>();
        private final BlockingQueue<ConsensusStatus> statuses = new LinkedBlockingQueue<>();

        @Override
        public void committed(List<CommittedEntry> entries, Runnable done) {
            committed.addAll(entries);
            done.run();
        }

        @Override
        public void freeze(Consumer<FrozenState> frozen) {
            throw new IllegalStateException("nobody writes that much here");
        }

        @Override
        public void restore(LogIndex index, StateSource source, Runnable done) {
            throw new IllegalStateException("there is no snapshot here");
        }

        @Override
        public void statusChanged(ConsensusStatus status) {
            statuses.add(status);
        }

        @Override
        public void failed(String problem, Throwable cause) {
            throw new IllegalStateException(problem, cause);
        }

        private CommittedEntry nextCommand() throws InterruptedException {
            CommittedEntry entry = committed.take();
            while (entry.type() != EntryType.COMMANDS) {
                entry = committed.take();
            }
            return entry;
        }
    }

    private ConsensusContext context(OneThread loop, Host host, String cluster, Map<String, String> settings) {
        return new ConsensusContext(SELF, new ClusterId(cluster), directory.resolve("data"),
            Membership.ofVoters(Map.of(SELF, List.of())), loop, (peer, type, request, timeout, answer) -> {
                throw new IllegalStateException("a single voter calls nobody");
            }, host, settings, ConsensusEnvironment.REAL);
    }

    @Test
    void theModuleProvidesItAndExportsNothing() {
        ModuleDescriptor descriptor = RaftConsensusProvider.class.getModule().getDescriptor();
        assertEquals(List.of(RaftConsensusProvider.class.getName()), descriptor.provides().stream()
            .filter(p -> p.service().equals("io.quorate.spi.consensus.ConsensusProvider"))
            .findFirst().orElseThrow().providers());
        assertTrue(descriptor.exports().isEmpty());
        assertEquals("raft", provider.name());
        assertEquals(QuorateProvider.SPI_VERSION, provider.spiVersion());
    }

    @Test
    void creatingRefusesUnknownSettingsAndTouchesNothing() {
        OneThread loop = new OneThread();
        assertThrows(IllegalArgumentException.class,
            () -> provider.create(context(loop, new Host(), "c", Map.of("fsync", "off"))));
        provider.create(context(loop, new Host(), "c", Map.of())).close();
        assertTrue(Files.notExists(directory.resolve("data")));
    }

    @Test
    @Timeout(30)
    void whatWasCommittedOnARealDiskIsThereAfterARestart() throws ConsensusException, IOException,
        InterruptedException {
        for (int run = 0; run < 2; run++) {
            OneThread loop = new OneThread();
            Host host = new Host();
            Consensus consensus = provider.create(context(loop, host, "c", Map.of()));
            consensus.start();
            ConsensusStatus status = host.statuses.take();
            while (!(status.role() == ConsensusStatus.Role.LEADER && status.ready())) {
                status = host.statuses.take();
            }
            BlockingQueue<Consensus.ProposalResult> results = new LinkedBlockingQueue<>();
            String command = "run " + run;
            loop.execute(() -> results.add(consensus.propose(EntryType.COMMANDS, List.of(Bytes.utf8(command)))));
            assertInstanceOf(Consensus.ProposalResult.Accepted.class, results.take());
            for (int i = 0; i <= run; i++) {
                assertEquals("run " + i, host.nextCommand().payload().utf8());
            }
            consensus.close();
            loop.executor.shutdown();
        }
        OneThread loop = new OneThread();
        Consensus foreign = provider.create(context(loop, new Host(), "other", Map.of()));
        assertTrue(assertThrows(ConsensusException.class, foreign::start).getMessage().contains("other"));
        loop.executor.shutdown();
    }
}
