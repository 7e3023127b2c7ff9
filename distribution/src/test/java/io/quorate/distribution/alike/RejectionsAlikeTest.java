package io.quorate.distribution.alike;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.quorate.api.ClusterId;
import io.quorate.registry.session.RefusalEvent;
import io.quorate.spi.identity.Identity;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.TransportProvider;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

/**
 * Whoever is refused is refused alike: the same named reason, the same counter and the same audit line over every
 * transport; and for dialed and accepted connections the same reason and the same words.
 */
class RejectionsAlikeTest {

    private static final String VICTIM = "victim";
    private static final String HONEST = "honest";
    private static final String CODE_SIGNING = "1.3.6.1.5.5.7.3.3";

    @TempDir
    private Path folder;

    /** What is wrong with the other side, and the name that it must be refused by. */
    enum Wrong {
        OTHER_AUTHORITY(RefusalReason.UNTRUSTED_AUTHORITY),
        EXPIRED(RefusalReason.CERTIFICATE_EXPIRED),
        NOT_YET_VALID(RefusalReason.CERTIFICATE_NOT_YET_VALID),
        WRONG_KEY_USAGE(RefusalReason.WRONG_KEY_USAGE),
        CA_AS_LEAF(RefusalReason.CA_AS_LEAF),
        NO_URI(RefusalReason.SPIFFE_ID_MISSING),
        TWO_URIS(RefusalReason.SPIFFE_ID_AMBIGUOUS),
        MALFORMED_URI(RefusalReason.SPIFFE_ID_MALFORMED),
        WRONG_TRUST_DOMAIN(RefusalReason.WRONG_TRUST_DOMAIN),
        SWAPPED_LEAF(RefusalReason.UNTRUSTED_AUTHORITY),
        CLAIMS_ANOTHER(RefusalReason.IDENTITY_MISMATCH),
        WRONG_CLUSTER(RefusalReason.WRONG_CLUSTER),
        REMOVED_NODE(RefusalReason.REMOVED_NODE),
        /** Only a dialer means to reach somebody. */
        UNEXPECTED_NODE(RefusalReason.UNEXPECTED_NODE);

        private final RefusalReason reason;

        Wrong(RefusalReason reason) {
            this.reason = reason;
        }

        Identity identity(Parties parties) {
            PeerIdentity self = Parties.node(VICTIM);
            return parties.dishonest(self, switch (this) {
                case OTHER_AUTHORITY -> parties.another.node(VICTIM);
                case EXPIRED -> parties.authority.leaf(VICTIM).uri(self.uri()).expired().credentials();
                case NOT_YET_VALID -> parties.authority.leaf(VICTIM).uri(self.uri()).notYetValid().credentials();
                case WRONG_KEY_USAGE -> parties.authority.leaf(VICTIM).uri(self.uri()).purposes(CODE_SIGNING)
                    .credentials();
                case CA_AS_LEAF -> parties.authority.leaf(VICTIM).uri(self.uri()).asAuthority().credentials();
                case NO_URI -> parties.authority.leaf(VICTIM).credentials();
                case TWO_URIS -> parties.authority.leaf(VICTIM).uri(self.uri()).uri(Parties.node("second").uri())
                    .credentials();
                case MALFORMED_URI -> parties.authority.leaf(VICTIM).uri("spiffe://" + Parties.TRUST_DOMAIN
                    + "/nobody/" + VICTIM).credentials();
                case WRONG_TRUST_DOMAIN -> parties.authority.leaf(VICTIM).uri("spiffe://elsewhere.test/node/" + VICTIM)
                    .credentials();
                case SWAPPED_LEAF -> parties.swappedLeaf(VICTIM);
                case CLAIMS_ANOTHER -> parties.authority.node("other");
                case WRONG_CLUSTER, REMOVED_NODE, UNEXPECTED_NODE -> parties.authority.node(VICTIM);
            });
        }
    }

    /** What is compared between transports. */
    private record Observed(RefusalReason reason, Map<String, Long> counted, List<String> audit,
        RefusalReason atTheOtherSide) {
    }

    @Test
    void testsRunOnTheModulePath() {
        assertTrue(getClass().getModule().isNamed());
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "UNEXPECTED_NODE")
    void anAcceptedConnectionIsRefusedAlikeOverEveryTransport(Wrong wrong) throws Exception {
        compare(wrong, Origin.ACCEPTED);
    }

    @ParameterizedTest
    @EnumSource
    void aDialedConnectionIsRefusedAlikeOverEveryTransport(Wrong wrong) throws Exception {
        compare(wrong, Origin.DIALED);
    }

    private void compare(Wrong wrong, Origin origin) throws Exception {
        Map<String, Observed> byScheme = new TreeMap<>();
        for (TransportProvider provider : RealTransports.all()) {
            byScheme.put(provider.scheme(), observe(provider, wrong, origin));
        }
        Observed first = byScheme.values().iterator().next();
        assertEquals(wrong.reason, first.reason, () -> "reason: " + byScheme);
        assertEquals(Map.of(wrong.reason.counterName(), 1L), first.counted, () -> "counters: " + byScheme);
        assertEquals(1, first.audit.size(), () -> "audit lines: " + byScheme);
        byScheme.forEach((scheme, observed) -> assertEquals(first, observed, () -> scheme + ": " + byScheme));
    }

    private Observed observe(TransportProvider provider, Wrong wrong, Origin origin) throws Exception {
        Parties parties = new Parties(folder);
        ClusterId cluster = wrong == Wrong.WRONG_CLUSTER ? new ClusterId("another") : RealHost.CLUSTER;
        Set<String> removed = wrong == Wrong.REMOVED_NODE ? Set.of(VICTIM) : Set.of();
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        Logger audit = (Logger) LoggerFactory.getLogger("io.quorate.registry.session.RefusalLog");
        try (Identity honest = parties.honest(HONEST);
                RealHost host = new RealHost(provider, honest, RealHost.CLUSTER, removed);
                RealHost bad = new RealHost(provider, wrong.identity(parties), cluster, Set.of())) {
            log.start();
            audit.addAppender(log);
            if (origin == Origin.ACCEPTED) {
                bad.dial(HONEST, host.endpoint());
            } else {
                host.dial(wrong == Wrong.UNEXPECTED_NODE ? "n7" : VICTIM, bad.endpoint());
            }
            RefusalEvent event = host.awaitRefusal();
            RefusalEvent theirs = bad.awaitRefusal();
            assertEquals(origin, event.origin());
            assertEquals(0, host.confirmed.size(), "nobody who is refused has a session");
            return new Observed(event.reason(), refusalsCounted(host, wrong.reason), lines(log, event),
                theirs.reason());
        } finally {
            audit.detachAppender(log);
            log.stop();
        }
    }

    /** A dialer tries again: how often it has by now is left out. */
    private static Map<String, Long> refusalsCounted(RealHost host, RefusalReason reason) {
        Map<String, Long> counted = new TreeMap<>();
        host.counters.snapshot().forEach((name, count) -> {
            if (name.startsWith("handshake.refused.") || name.startsWith("wire.violation.")) {
                counted.put(name, name.equals(reason.counterName()) ? Math.min(count, 1) : count);
            }
        });
        return counted;
    }

    /** Without what differs from run to run: ports, and the times and key identifiers of certificates made just now. */
    private static List<String> lines(ListAppender<ILoggingEvent> log, RefusalEvent refusal) {
        return List.copyOf(log.list).stream()
            .filter(event -> event.getLevel() == Level.WARN)
            .map(ILoggingEvent::getFormattedMessage)
            // The other side runs in this process too, and writes lines of its own.
            .filter(line -> line.startsWith("Refused " + refusal.origin() + " "))
            .filter(line -> line.contains(": " + refusal.reason().label() + ": "))
            .map(line -> line.replaceAll("127\\.0\\.0\\.1:\\d+", "127.0.0.1:port")
                .replaceAll("\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z", "time"))
            .distinct().toList();
    }
}
