package io.quorate.transport.tcp;

import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslProvider;
import io.quorate.spi.transport.Evidence;
import io.quorate.spi.transport.TransportException;
import io.quorate.spi.transport.support.Causes;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.SSLContext;

/**
 * The TLS library in use.
 *
 * <p>BoringSSL comes first: it brings the post-quantum key exchange, and per call it costs less than the platform's own
 * (64 KiB: about two times plain TCP, against about three and a half).
 *
 * @param provider how Netty calls it
 * @param library its name and version
 * @param why why this one
 * @param groups the key exchanges that are offered, best first
 */
record TlsEngine(SslProvider provider, String library, String why, List<String> groups) {

    /** What configuration may ask for. */
    enum Choice { AUTO, OPENSSL, JDK }

    private static final String POST_QUANTUM = Evidence.POST_QUANTUM_GROUP;
    private static final List<String> CLASSICAL_OPENSSL = List.of("X25519", "P-256");
    private static final List<String> CLASSICAL_JDK = List.of("x25519", "secp256r1");

    /** @throws TransportException if the library that was asked for is not there */
    static TlsEngine of(Choice choice) throws TransportException {
        if (choice == Choice.JDK) {
            return jdk("asked for");
        }
        if (OpenSsl.isAvailable()) {
            List<String> groups = new ArrayList<>(List.of(POST_QUANTUM));
            groups.addAll(CLASSICAL_OPENSSL);
            return new TlsEngine(SslProvider.OPENSSL_REFCNT, OpenSsl.versionString(),
                choice == Choice.OPENSSL ? "asked for" : "its native library loads", List.copyOf(groups));
        }
        String missing = "BoringSSL's native library does not load: " + Causes.root(OpenSsl.unavailabilityCause());
        if (choice == Choice.OPENSSL) {
            throw new TransportException("found tls-engine = openssl, but " + missing + "; expected "
                + "netty-tcnative-boringssl-static for this platform on the module path. Set tls-engine = auto to do "
                + "without");
        }
        return jdk(missing);
    }

    private static TlsEngine jdk(String why) throws TransportException {
        List<String> groups = new ArrayList<>();
        try {
            String[] known = SSLContext.getDefault().getSupportedSSLParameters().getNamedGroups();
            // From JDK 27 on, by JEP 527; before it the engine has classical groups only.
            if (known != null && List.of(known).contains(POST_QUANTUM)) {
                groups.add(POST_QUANTUM);
            }
        } catch (NoSuchAlgorithmException e) {
            throw new TransportException("found no TLS in this Java platform, expected java.base to have it", e);
        }
        groups.addAll(CLASSICAL_JDK);
        return new TlsEngine(SslProvider.JDK, "JDK " + Runtime.version().feature() + " JSSE", why, List.copyOf(groups));
    }

    /**
     * The same library with the post-quantum key exchange alone.
     *
     * @throws TransportException if it has none
     */
    TlsEngine postQuantumOnly() throws TransportException {
        if (!groups.contains(POST_QUANTUM)) {
            throw new TransportException("found that the post-quantum key exchange is required, but " + library + " ("
                + why + ") has " + String.join(", ", names()) + " alone; expected " + POST_QUANTUM
                + ". Set tls-engine = openssl on a platform that has netty-tcnative-boringssl-static, or do not "
                + "require it");
        }
        return new TlsEngine(provider, library, why, List.of(POST_QUANTUM));
    }

    boolean isOpenSsl() {
        return provider != SslProvider.JDK;
    }

    /** The library and its parts, in words. */
    String description() {
        return library + " (" + why + "), TLS 1.3, key exchange " + String.join(", ", names());
    }

    private List<String> names() {
        Map<String, String> same = Map.of("x25519", "X25519", "secp256r1", "P-256");
        return groups.stream().map(group -> same.getOrDefault(group.toLowerCase(Locale.ROOT), group)).toList();
    }
}
