package io.quorate.transport.tcp;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/**
 * The transport's own settings.
 *
 * @param tlsEngine which TLS library: {@code tls-engine}, one of auto, openssl, jdk
 * @param io which way to the sockets: {@code io}, one of auto, epoll, nio
 * @param ioThreads how many threads serve all sockets: {@code io-threads}, 1 to 64
 * @param backlog how many connections the kernel keeps for the listener until they are accepted: {@code backlog}
 */
record TcpSettings(TlsEngine.Choice tlsEngine, IoModel.Choice io, int ioThreads, int backlog) {

    private static final String TLS_ENGINE = "tls-engine";
    private static final String IO = "io";
    private static final String IO_THREADS = "io-threads";
    private static final String BACKLOG = "backlog";
    private static final TreeSet<String> KNOWN = new TreeSet<>(Arrays.asList(TLS_ENGINE, IO, IO_THREADS, BACKLOG));

    private static final int MAX_IO_THREADS = 64;
    private static final int MAX_BACKLOG = 65_535;
    private static final int DEFAULT_BACKLOG = 1_024;

    /**
     * Reads the settings.
     *
     * @throws IllegalArgumentException if one is unknown or has a value that it cannot have
     */
    static TcpSettings of(Map<String, String> settings) {
        for (String key : new TreeSet<>(settings.keySet())) {
            if (!KNOWN.contains(key)) {
                throw new IllegalArgumentException("setting of the tcp transport: found \"" + key + "\", expected one "
                    + "of " + KNOWN);
            }
        }
        return new TcpSettings(
            choice(TlsEngine.Choice.class, TLS_ENGINE, settings.get(TLS_ENGINE), TlsEngine.Choice.AUTO),
            choice(IoModel.Choice.class, IO, settings.get(IO), IoModel.Choice.AUTO),
            number(IO_THREADS, settings.get(IO_THREADS), defaultIoThreads(), MAX_IO_THREADS),
            number(BACKLOG, settings.get(BACKLOG), DEFAULT_BACKLOG, MAX_BACKLOG));
    }

    /**
     * Two threads saturate what a node's one loop can take; on two cores or fewer the second would only be in its way.
     */
    private static int defaultIoThreads() {
        return Runtime.getRuntime().availableProcessors() > 2 ? 2 : 1;
    }

    private static <E extends Enum<E>> E choice(Class<E> type, String key, String value, E otherwise) {
        if (value == null) {
            return otherwise;
        }
        for (E constant : type.getEnumConstants()) {
            if (label(constant).equals(value)) {
                return constant;
            }
        }
        throw new IllegalArgumentException("setting " + key + ": found \"" + value + "\", expected one of "
            + Arrays.stream(type.getEnumConstants()).map(TcpSettings::label).toList());
    }

    private static String label(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    private static int number(String key, String value, int otherwise, int most) {
        if (value == null) {
            return otherwise;
        }
        String expected = "setting " + key + ": found \"" + value + "\", expected a whole number from 1 to " + most;
        try {
            int number = Integer.parseInt(value);
            if (number < 1 || number > most) {
                throw new IllegalArgumentException(expected);
            }
            return number;
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(expected, e);
        }
    }
}
