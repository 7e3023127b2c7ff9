package io.quorate.kv.store;

import static io.quorate.kv.store.Replica.bytes;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.Command;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.CommandResult;
import io.quorate.api.Consistency;
import io.quorate.api.ControlPlane;
import io.quorate.api.LogIndex;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeStatus;
import io.quorate.api.OutcomeUnknownException;
import io.quorate.api.PeerChanges;
import io.quorate.api.PeerView;
import io.quorate.api.QueryResult;
import io.quorate.api.UnavailableException;
import io.quorate.kv.CasResult;
import io.quorate.kv.DeleteResult;
import io.quorate.kv.Kv;
import io.quorate.kv.KvClient;
import io.quorate.kv.KvCount;
import io.quorate.kv.KvListRequest;
import io.quorate.kv.KvWatchBatch;
import io.quorate.kv.PutResult;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

/** The typed client over a control plane of one. */
class KvClientTest {

    private final OneNode node = new OneNode();
    private final KvClient client = new KvClient(node);

    @Test
    void everyOperationGoesThereAndBack() throws Exception {
        assertEquals(new PutResult(1, 1), client.put(bytes("a"), bytes("1")).get());
        assertEquals("1", client.get(bytes("a")).get().entry().orElseThrow().value().utf8());
        assertSame(Consistency.LINEARIZABLE, node.lastConsistency);
        client.get(bytes("a"), Consistency.LOCAL).get();
        assertSame(Consistency.LOCAL, node.lastConsistency);
        assertEquals(new CasResult(true, 2, 2, 2), client.compareAndSet(bytes("a"), 1, bytes("2")).get());
        assertEquals(new CasResult(true, 3, 3, 3), client.compareRevisionAndSet(bytes("a"), 2, bytes("3")).get());
        assertEquals(new CasResult(false, 3, 3, 3), client.deleteIfVersion(bytes("a"), 1).get());
        assertEquals(new CasResult(true, 0, 0, 4), client.deleteIfRevision(bytes("a"), 3).get());
        assertEquals(new DeleteResult(false, 4), client.delete(bytes("a")).get());
        client.put(bytes("b"), bytes("1")).get();
        assertEquals(1, client.list(KvListRequest.of(bytes("b")), Consistency.LOCAL).get().entries().size());
        assertEquals(new KvCount(5, 1), client.count(Bytes.empty(), Consistency.LOCAL).get());
        assertEquals(5, client.digest(Consistency.LOCAL).get().revision());
        KvWatchBatch batch = client.watchPrefix(bytes("b"), 1, Duration.ofSeconds(1)).get().orElseThrow();
        assertEquals(1, assertInstanceOf(KvWatchBatch.Events.class, batch).events().size());
        assertTrue(client.watchKey(bytes("x"), 1, Duration.ofSeconds(1)).get().isEmpty());
    }

    @Test
    void failuresOfTheControlPlaneComeThrough() {
        node.failure = new UnavailableException("no leader");
        assertSame(node.failure, causeOf(client.put(bytes("a"), bytes("1"))));
        assertSame(node.failure, causeOf(client.get(bytes("a"))));
        assertSame(node.failure, causeOf(client.watchKey(bytes("a"), 1, Duration.ofSeconds(1))));
    }

    @Test
    void theAnswerOfAnotherStateMachineIsAFailureThatSaysWhatIsKnown() {
        node.foreignAnswer = bytes("hello");
        assertInstanceOf(OutcomeUnknownException.class, causeOf(client.put(bytes("a"), bytes("1"))));
        assertInstanceOf(CommandRejectedException.class, causeOf(client.get(bytes("a"))));
        assertInstanceOf(CommandRejectedException.class,
            causeOf(client.watchKey(bytes("a"), 1, Duration.ofSeconds(1))));
    }

    @Test
    void noAnswerIsTakenForAnother() throws Exception {
        Replica replica = new Replica();
        Bytes put = replica.apply(Kv.put(bytes("a"), bytes("1")));
        Bytes count = replica.machine.query(Kv.count(bytes("a")));
        Bytes setIf = replica.apply(Kv.compareAndSet(bytes("a"), 1, bytes("2")));
        assertThrows(MalformedBytesException.class, () -> Kv.countResult(put));
        assertThrows(MalformedBytesException.class, () -> Kv.putResult(count));
        assertThrows(MalformedBytesException.class, () -> Kv.deleteIfResult(setIf));
        assertThrows(MalformedBytesException.class, () -> Kv.deleteResult(put));
        Bytes read = replica.machine.query(Kv.get(bytes("a")));
        Bytes page = replica.machine.query(Kv.list(KvListRequest.of(bytes("a"))));
        Bytes batch = replica.machine.watch(Kv.watchKey(bytes("a"), 1)).poll().orElseThrow();
        for (int length = 0; length < 200; length++) {
            int cut = length;
            if (cut < read.length()) {
                assertThrows(MalformedBytesException.class, () -> Kv.read(read.slice(0, cut)));
            }
            if (cut < page.length()) {
                assertThrows(MalformedBytesException.class, () -> Kv.page(page.slice(0, cut)));
            }
            if (cut < batch.length()) {
                assertThrows(MalformedBytesException.class, () -> Kv.watchBatch(batch.slice(0, cut)));
            }
        }
    }

    private static Throwable causeOf(CompletableFuture<?> future) {
        return assertThrows(ExecutionException.class, future::get).getCause();
    }

    /** A cluster of one, without a log. */
    private static final class OneNode implements ControlPlane {

        private final Replica replica = new Replica();
        private Exception failure;
        private Bytes foreignAnswer;
        private Consistency lastConsistency;
        private long index;

        @Override
        public CompletableFuture<CommandResult> submit(Command command) {
            return answer(() -> new CommandResult(new LogIndex(++index), other(replica.apply(command.payload()))));
        }

        @Override
        public CompletableFuture<QueryResult> query(Bytes query, Consistency consistency) {
            lastConsistency = consistency;
            return answer(() -> new QueryResult(new LogIndex(index), other(replica.machine.query(query))));
        }

        @Override
        public CompletableFuture<Optional<Bytes>> watch(Bytes request, Duration atMost) {
            return answer(() -> foreignAnswer == null ? replica.machine.watch(request).poll()
                : Optional.of(foreignAnswer));
        }

        @Override
        public CompletableFuture<PeerView> peers() {
            return CompletableFuture.completedFuture(new PeerView(0, List.of(), List.of()));
        }

        @Override
        public CompletableFuture<PeerChanges> peerChanges(long afterNumber, Duration atMost) {
            return CompletableFuture.completedFuture(new PeerChanges(0, false, List.of(), List.of()));
        }

        @Override
        public CompletableFuture<NodeStatus> status() {
            return CompletableFuture.failedFuture(new UnavailableException("a node without a status"));
        }

        @Override
        public void close() {
            // Nothing to release.
        }

        private Bytes other(Bytes own) {
            return foreignAnswer == null ? own : foreignAnswer;
        }

        private <T> CompletableFuture<T> answer(Callable<T> work) {
            if (failure != null) {
                return CompletableFuture.failedFuture(failure);
            }
            try {
                return CompletableFuture.completedFuture(work.call());
            } catch (Exception e) {
                return CompletableFuture.failedFuture(e);
            }
        }
    }
}
