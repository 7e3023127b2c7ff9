package io.quorate.registry.session;

import io.quorate.spi.transport.Evidence;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** What this side demands of the TLS key exchange, and how it is counted. */
final class KeyExchanges {

    /** The groups of the IANA registry that TLS libraries offer today; a counter's name never comes from outside. */
    private static final Set<String> KNOWN = Set.of("x25519mlkem768", "secp256r1mlkem768", "secp384r1mlkem1024",
        "mlkem768", "mlkem1024", "x25519kyber768draft00", "x25519", "x448", "secp256r1", "secp384r1", "secp521r1");

    private KeyExchanges() {
    }

    /**
     * Why the key exchange does not do. A transport refuses it by itself; this is the second lock on the same door, for
     * one that forgets to. What a TLS library does not tell cannot be judged here.
     */
    static Optional<String> refusal(Evidence evidence, boolean requirePostQuantum) {
        return evidence.keyExchange().filter(group -> requirePostQuantum && !evidence.isPostQuantum())
            .map(group -> "found key exchange " + group + ", expected " + Evidence.POST_QUANTUM_GROUP);
    }

    /** {@code tls.key-exchange.<group in lower case>}, or {@code …other}, or {@code …unknown} if TLS does not tell. */
    static String counterName(Evidence evidence) {
        String group = evidence.keyExchange().map(name -> name.toLowerCase(Locale.ROOT)).orElse("unknown");
        return "tls.key-exchange." + (evidence.keyExchange().isEmpty() || KNOWN.contains(group) ? group : "other");
    }
}
