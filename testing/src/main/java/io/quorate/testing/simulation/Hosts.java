package io.quorate.testing.simulation;

import io.quorate.spi.wire.Frame;
import io.quorate.testing.memory.MemoryNetwork;
import io.quorate.testing.memory.MemoryTraffic;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;

/** The paths between the hosts: who cannot reach whom for which reason, and how bad the network is. */
final class Hosts implements MemoryTraffic {

    /** Hears each frame of a call when it is sent, and of each connection's end at each side. */
    interface Tap {
        void sent(String from, String to, Frame frame);

        void ended(String from, String to);
    }

    private record Path(String from, String to) implements Comparable<Path> {
        @Override
        public int compareTo(Path other) {
            int byFrom = from.compareTo(other.from);
            return byFrom != 0 ? byFrom : to.compareTo(other.to);
        }
    }

    private final MemoryNetwork network;
    private final RandomGenerator random;
    private final Timeline timeline;
    private final Tap tap;
    private final Set<String> hosts = new TreeSet<>();
    private final Set<String> unreachable = new TreeSet<>();
    private final Set<Path> cut = new TreeSet<>();
    private final Set<Path> blocked = new TreeSet<>();
    private double lossRate;
    private double delayRate;
    private long delayNanos;
    private final TreeMap<Path, Long> slow = new TreeMap<>();

    Hosts(MemoryNetwork network, RandomGenerator random, Timeline timeline, Tap tap) {
        this.network = network;
        this.random = random;
        this.timeline = timeline;
        this.tap = tap;
    }

    void add(String host) {
        hosts.add(host);
        update();
    }

    /** A host without power, or whose process is stopped: nothing goes there or comes from there. */
    void unreachable(String host, boolean is) {
        if (is ? unreachable.add(host) : unreachable.remove(host)) {
            update();
        }
    }

    /** From now on nothing that {@code from} sends reaches {@code to}. */
    void cut(String from, String to) {
        cut.add(new Path(from, to));
        update();
    }

    void mend() {
        cut.clear();
        slow.clear();
        lossRate = 0;
        delayRate = 0;
        update();
    }

    void mend(String from, String to) {
        cut.remove(new Path(from, to));
        update();
    }

    boolean isCut(String from, String to) {
        return blocked.contains(new Path(from, to));
    }

    /** Each frame is lost, with its connection, with this chance. */
    void loss(double rate) {
        lossRate = rate;
    }

    /** Each frame takes up to {@code nanos} longer, with this chance. */
    void delay(double rate, long nanos) {
        delayRate = rate;
        delayNanos = nanos;
    }

    /** Everything from one host to another takes longer. */
    void slow(String from, String to, long nanos) {
        slow.put(new Path(from, to), nanos);
    }

    private void update() {
        for (String from : List.copyOf(hosts)) {
            for (String to : hosts) {
                Path path = new Path(from, to);
                boolean block = !from.equals(to)
                    && (unreachable.contains(from) || unreachable.contains(to) || cut.contains(path));
                if (block && blocked.add(path)) {
                    network.block(from, to);
                } else if (!block && blocked.remove(path)) {
                    network.unblock(from, to);
                }
            }
        }
    }

    @Override
    public void sent(String from, String to, Frame frame) {
        timeline.mix(frame.rpcType() * 31L + frame.kind().ordinal());
        timeline.mix(frame.payloadLength());
        tap.sent(from, to, frame);
    }

    @Override
    public void ended(String from, String to) {
        tap.ended(from, to);
    }

    @Override
    public long extraDelayNanos(String from, String to) {
        long extra = slow.isEmpty() ? 0 : slow.getOrDefault(new Path(from, to), 0L);
        if (delayRate > 0 && random.nextDouble() < delayRate) {
            timeline.count("frames delayed");
            extra += random.nextLong(delayNanos + 1);
        }
        return extra;
    }

    @Override
    public Fate arriving(String from, String to, Frame frame) {
        if (lossRate > 0 && random.nextDouble() < lossRate) {
            boolean arrives = random.nextBoolean();
            timeline.count(arrives ? "connections lost after a frame" : "frames lost");
            return arrives ? Fate.LAST : Fate.LOST;
        }
        return Fate.ARRIVES;
    }
}
