package io.quorate.identity.x509;

import io.quorate.identity.x509.cert.ChainJudge;
import io.quorate.spi.identity.Identity;
import io.quorate.spi.identity.IdentityException;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.CertificateRefusedException;
import io.quorate.spi.transport.Evidence;
import io.quorate.spi.transport.TlsCredentials;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An identity from PEM files that may be replaced while it runs.
 *
 * <p>Whoever asks for credentials may, at most once a second, look whether the files have changed; one thread reads
 * them anew while the others go on with what there is. Connections that stand are not touched. A change that is not
 * good (half of a renewal, a wrong key) changes nothing: it is logged once and tried again.
 */
final class X509Identity implements Identity {

    /** How often the files are looked at, at most. */
    static final long CHECK_INTERVAL_MILLIS = 1_000;

    /** How often files that were no good are read again though they look the same: some only become valid. */
    static final long RETRY_INTERVAL_MILLIS = 10_000;

    /** How long before its end a certificate that nobody has renewed is worth a warning. */
    static final Duration EXPIRY_WARNING = Duration.ofDays(7);

    private final X509Settings settings;
    private final InstantSource time;
    private final Logger log;
    private final AtomicBoolean checking = new AtomicBoolean();
    private volatile LoadedIdentity loaded;
    private volatile long lastCheckMillis;
    private volatile boolean closed;

    // Owned by whoever holds "checking".
    private FileStamps lastStamps;
    private long lastReadMillis;
    private String lastProblem = "";
    private boolean expiryTold;

    X509Identity(X509Settings settings, InstantSource time) {
        this(settings, time, LoggerFactory.getLogger(X509Identity.class));
    }

    X509Identity(X509Settings settings, InstantSource time, Logger log) {
        this.settings = settings;
        this.time = time;
        this.log = log;
    }

    @Override
    public void start() throws IdentityException {
        if (loaded != null) {
            throw new IllegalStateException("started twice");
        }
        long now = time.millis();
        FileStamps stamps = FileStamps.of(settings);
        LoadedIdentity first = LoadedIdentity.read(settings, time);
        lastStamps = stamps;
        lastReadMillis = now;
        lastCheckMillis = now;
        loaded = first;
        log.info("This is {}, certificate valid until {}, authorities trusted: {}", first.self(), first.validUntil(),
            first.judge().authorities().size());
        warnOfExpiry(first);
    }

    @Override
    public PeerIdentity self() {
        return started().self();
    }

    @Override
    public TlsCredentials credentials() {
        return current().credentials();
    }

    @Override
    public PeerIdentity verify(Evidence evidence) throws CertificateRefusedException {
        // In full once more: that a chain arrives here is no proof that TLS was told to check it with this judge.
        return current().judge().judge(evidence.chain(), ChainJudge.Role.ANY);
    }

    /** Stops looking at the files. What was loaded stays usable for connections that are just closing. */
    @Override
    public void close() {
        closed = true;
    }

    private LoadedIdentity started() {
        LoadedIdentity now = loaded;
        if (now == null) {
            throw new IllegalStateException("not started");
        }
        return now;
    }

    private LoadedIdentity current() {
        LoadedIdentity now = started();
        long millis = time.millis();
        // A wall clock that was set back must not stop the looking until it has caught up.
        boolean due = millis - lastCheckMillis >= CHECK_INTERVAL_MILLIS || millis < lastCheckMillis;
        if (!due || closed || !checking.compareAndSet(false, true)) {
            return now;
        }
        try {
            lastCheckMillis = millis;
            checkFiles(millis);
        } finally {
            checking.set(false);
        }
        return loaded;
    }

    private void checkFiles(long millis) {
        // Taken before the reading: what changes during it makes the next stamps differ.
        FileStamps stamps = FileStamps.of(settings);
        boolean retry = !lastProblem.isEmpty()
            && (millis - lastReadMillis >= RETRY_INTERVAL_MILLIS || millis < lastReadMillis);
        if (!stamps.equals(lastStamps) || retry) {
            lastStamps = stamps;
            lastReadMillis = millis;
            readAgain();
        }
        warnOfExpiry(loaded);
    }

    private void readAgain() {
        LoadedIdentity old = loaded;
        try {
            LoadedIdentity read = LoadedIdentity.read(settings, time);
            if (!read.self().equals(old.self())) {
                throw new IdentityException("certificate " + settings.certificate() + ": found that of " + read.self()
                    + ", expected one of " + old.self() + "; an identity changes with a restart only");
            }
            lastProblem = "";
            if (!read.sameAs(old)) {
                loaded = read;
                expiryTold = false;
                log.info("The identity's files have changed: new connections use the certificate valid until {} "
                    + "(before: {}), authorities trusted: {}", read.validUntil(), old.validUntil(),
                    read.judge().authorities().size());
            }
        } catch (IdentityException e) {
            if (!e.getMessage().equals(lastProblem)) {
                lastProblem = e.getMessage();
                log.warn("The identity's files have changed and cannot be used; the old ones stay in use, valid until "
                    + "{}: {}",
                    old.validUntil(), lastProblem);
            }
        }
    }

    private void warnOfExpiry(LoadedIdentity now) {
        Instant end = now.validUntil();
        if (!expiryTold && !time.instant().isBefore(end.minus(EXPIRY_WARNING))) {
            expiryTold = true;
            log.warn("The certificate of {} ends at {}; renew it in {}: no restart is needed", now.self(), end,
                settings.certificate());
        }
    }
}
