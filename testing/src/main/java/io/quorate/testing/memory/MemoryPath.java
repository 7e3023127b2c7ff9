package io.quorate.testing.memory;

import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Origin;
import io.quorate.testing.transport.FaultyPath;
import java.util.ArrayList;
import java.util.List;

/** A path of its own to a listener, which can be disturbed apart from all others. Its units are frames. */
final class MemoryPath implements FaultyPath {

    private static final long UNLIMITED = Long.MAX_VALUE;

    private final MemoryNetwork network;
    private final Endpoint entry;
    private final Endpoint target;
    private final long[] passed = new long[Direction.values().length];
    private final long[] left = {UNLIMITED, UNLIMITED};
    private boolean blocked;
    private boolean cut;

    MemoryPath(MemoryNetwork network, Endpoint entry, Endpoint target) {
        this.network = network;
        this.entry = entry;
        this.target = target;
    }

    Endpoint target() {
        return target;
    }

    boolean isBlocked() {
        return blocked;
    }

    /** Whether one more frame of this side passes. */
    boolean pass(Origin sender) {
        int direction = (sender == Origin.DIALED ? Direction.TO_LISTENER : Direction.TO_DIALER).ordinal();
        if (left[direction] == 0) {
            cut();
            return false;
        }
        left[direction]--;
        passed[direction]++;
        return true;
    }

    @Override
    public Endpoint entry() {
        return entry;
    }

    @Override
    public void block() {
        blocked = true;
    }

    @Override
    public void unblock() {
        blocked = false;
        network.pathsChanged();
    }

    @Override
    public void cut() {
        cut = true;
        List<MemoryConnection> over = new ArrayList<>(network.over(this));
        over.forEach(connection -> connection.lose("connection reset"));
    }

    @Override
    public void cutAfter(Direction direction, long units) {
        left[direction.ordinal()] = units;
        if (units == 0) {
            cut();
        }
    }

    @Override
    public boolean isCut() {
        return cut;
    }

    @Override
    public long passed(Direction direction) {
        return passed[direction.ordinal()];
    }

    @Override
    public boolean tellsOfCut() {
        return true;
    }

    @Override
    public void close() {
        cut();
    }
}
