package io.quorate.distribution.process;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/** Which ports of the loopback address are free. The answer may be out of date at once; binding is what counts. */
public final class Ports {

    private static final int HIGHEST = 65_535;

    private Ports() {
    }

    /**
     * Those of {@code count} ports from {@code base} on that something else listens on.
     *
     * @param udp whether the ports of UDP are needed too
     */
    public static List<Integer> taken(int base, int count, boolean udp) {
        List<Integer> taken = new ArrayList<>();
        for (int port = base; port < base + count; port++) {
            if (!isFree(port) || udp && !isFreeForUdp(port)) {
                taken.add(port);
            }
        }
        return taken;
    }

    /** The first base at or above {@code from} from which {@code count} ports in a row are free. */
    public static OptionalInt freeRange(int from, int count, boolean udp) {
        for (int base = from; base + count - 1 <= HIGHEST; base++) {
            List<Integer> taken = taken(base, count, udp);
            if (taken.isEmpty()) {
                return OptionalInt.of(base);
            }
            base = taken.get(taken.size() - 1);
        }
        return OptionalInt.empty();
    }

    private static boolean isFreeForUdp(int port) {
        try (DatagramSocket probe = new DatagramSocket(port, InetAddress.getLoopbackAddress())) {
            return probe.isBound();
        } catch (IOException ignored) {
            return false;
        }
    }

    private static boolean isFree(int port) {
        try (ServerSocket probe = new ServerSocket()) {
            // As servers bind: connections of an earlier run that linger in TIME_WAIT do not count.
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException ignored) {
            return false;
        }
    }
}
