package io.quorate.registry.node;

import io.quorate.api.Bytes;
import io.quorate.api.LogIndex;
import io.quorate.api.NodeId;
import io.quorate.api.Term;
import io.quorate.spi.consensus.CommittedEntry;
import io.quorate.spi.consensus.EntryType;
import io.quorate.testing.time.VirtualWorld;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** One log for all nodes of a simulation, led by whom the test says. What it does wrong, it does on request. */
final class FakeLog {

    static final long COMMIT_NANOS = 1_000_000;

    final VirtualWorld world;
    private final Set<FakeConsensus> nodes = new LinkedHashSet<>();
    private final List<CommittedEntry> committed = new ArrayList<>();
    private final List<CommittedEntry> uncommitted = new ArrayList<>();
    private long term;
    private Optional<NodeId> leader = Optional.empty();
    private boolean ready;
    /** Commits nothing while set. */
    boolean held;
    /** Refuses proposals while set: a full disk, a gate. */
    boolean refusing;
    boolean readsUnavailable;
    int refusals;
    int readRounds;

    FakeLog(VirtualWorld world) {
        this.world = world;
    }

    void join(FakeConsensus node) {
        nodes.add(node);
        node.deliver(committed);
    }

    void leave(FakeConsensus node) {
        nodes.remove(node);
    }

    /** {@code id} leads a new term. What was not committed stays in its log and is committed with its first entry. */
    void elect(NodeId id) {
        term++;
        leader = Optional.of(id);
        ready = false;
        tellStatus();
        append(EntryType.NO_OP, List.of(Bytes.empty()));
    }

    /** {@code id} leads a new term, and its log has nothing of what was not committed. */
    void electWithoutUncommitted(NodeId id) {
        uncommitted.clear();
        elect(id);
    }

    void resign() {
        leader = Optional.empty();
        ready = false;
        tellStatus();
    }

    void release() {
        held = false;
        world.schedule(COMMIT_NANOS, this::commit);
    }

    CommittedEntry append(EntryType type, List<Bytes> parts) {
        CommittedEntry entry = new CommittedEntry(new Term(term),
            new LogIndex(committed.size() + uncommitted.size() + 1), type, joined(parts));
        uncommitted.add(entry);
        world.schedule(COMMIT_NANOS, this::commit);
        return entry;
    }

    /** An entry that some node has proposed, for replay. */
    void appendCommitted(EntryType type, List<Bytes> parts) {
        term = Math.max(term, 1);
        append(type, parts);
    }

    private void commit() {
        if (held || uncommitted.isEmpty()) {
            return;
        }
        List<CommittedEntry> batch = List.copyOf(uncommitted);
        uncommitted.clear();
        committed.addAll(batch);
        nodes.forEach(node -> node.deliver(batch));
        boolean ownTerm = batch.stream().anyMatch(entry -> entry.term().value() == term);
        if (!ready && ownTerm && leader.isPresent()) {
            ready = true;
            tellStatus();
        }
    }

    private void tellStatus() {
        nodes.forEach(FakeConsensus::tellStatus);
    }

    Term term() {
        return new Term(term);
    }

    Optional<NodeId> leader() {
        return leader;
    }

    boolean ready() {
        return ready;
    }

    LogIndex commitIndex() {
        return new LogIndex(committed.size());
    }

    LogIndex lastIndex() {
        return new LogIndex(committed.size() + uncommitted.size());
    }

    List<CommittedEntry> committed() {
        return committed;
    }

    static Bytes joined(List<Bytes> parts) {
        int length = parts.stream().mapToInt(Bytes::length).sum();
        byte[] whole = new byte[length];
        int at = 0;
        for (Bytes part : parts) {
            part.copyTo(whole, at);
            at += part.length();
        }
        return Bytes.wrap(whole);
    }
}
