package io.quorate.identity.x509.cert;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** A wall clock that stands until a test moves it. */
public final class ManualTime implements InstantSource {

    public static final Instant START = Instant.parse("2030-06-15T12:00:00Z");

    private volatile Instant now = START;

    @Override
    public Instant instant() {
        return now;
    }

    public void advance(Duration by) {
        now = now.plus(by);
    }
}
