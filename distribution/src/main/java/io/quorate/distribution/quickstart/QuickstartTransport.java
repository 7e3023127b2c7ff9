package io.quorate.distribution.quickstart;

import io.quorate.distribution.config.NodeConfig;
import io.quorate.spi.transport.Endpoint;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** Over which transports the nodes of a quickstart cluster are reached. */
public enum QuickstartTransport {
    /** TCP alone. */
    TCP("tcp"),
    /** QUIC alone. */
    QUIC("quic"),
    /** Both, QUIC preferred. */
    BOTH("quic", "tcp");

    private static final String OVER_UDP = "quic";

    private final List<String> schemes;

    QuickstartTransport(String... schemes) {
        this.schemes = List.of(schemes);
    }

    /** What the words of the command line mean. */
    public static Optional<QuickstartTransport> of(String word) {
        return Arrays.stream(values()).filter(each -> each.word().equals(word)).findFirst();
    }

    /** The words of the command line, for messages. */
    public static String words() {
        return Arrays.stream(values()).map(QuickstartTransport::word).collect(Collectors.joining(", "));
    }

    /** With which transports a node was made. */
    static QuickstartTransport of(NodeConfig node) {
        List<String> listens = node.listen().stream().map(Endpoint::scheme).toList();
        return Arrays.stream(values()).filter(each -> each.schemes.equals(listens)).findFirst().orElse(TCP);
    }

    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The schemes, the preferred one first. */
    public List<String> schemes() {
        return schemes;
    }

    /** Whether ports of UDP are needed. */
    public boolean usesUdp() {
        return schemes.contains(OVER_UDP);
    }

    /** The endpoints of a port of the loopback address, as a value in YAML. */
    String endpoints(int port) {
        List<String> all = schemes.stream().map(scheme -> scheme + "://127.0.0.1:" + port).toList();
        return all.size() == 1 ? all.get(0) : "[" + String.join(", ", all) + "]";
    }

    /** The line of YAML that says the preference, if there is a choice. */
    String preference() {
        return schemes.size() == 1 ? "" : "prefer: [" + String.join(", ", schemes) + "]\n";
    }
}
