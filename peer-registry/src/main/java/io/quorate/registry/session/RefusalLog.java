package io.quorate.registry.session;

import io.quorate.spi.time.Clock;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RefusalReason;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts every refusal, and logs each kind once: per (subject, reason) the first one at once, and then no more than a
 * sum every {@value #REMINDER_MINUTES} minutes, however often a peer tries again. When the subject succeeds, the story
 * is ended with its sum, and a later refusal is news again. Bounded; the oldest story is forgotten first. Loop only.
 */
final class RefusalLog {

    static final int MAX_STORIES = 1_024;
    static final long REMINDER_MINUTES = 10;

    private static final Logger LOG = LoggerFactory.getLogger(RefusalLog.class);
    private static final long REMINDER_NANOS = REMINDER_MINUTES * 60 * 1_000_000_000L;

    private record Key(String subject, RefusalReason reason) {
    }

    private static final class Story {
        private RefusalEvent last;
        private long repeats;
        private long loggedNanos;
    }

    private final Clock clock;
    private final Counters counters;
    /** In order of the last event. */
    private final Map<Key, Story> stories = new LinkedHashMap<>();

    RefusalLog(Clock clock, Counters counters) {
        this.clock = clock;
        this.counters = counters;
    }

    RefusalEvent record(String scheme, Origin origin, String subject, String remote, RefusalReason reason,
        String detail) {
        counters.accept(reason.counterName());
        Key key = new Key(subject, reason);
        Story known = stories.remove(key);
        Story story = known == null ? new Story() : known;
        long now = clock.nanoTime();
        story.repeats = known == null ? 0 : known.repeats + 1;
        story.last = new RefusalEvent(scheme, origin, subject, remote, reason, printable(detail), story.repeats,
            clock.wallMillis());
        if (known == null || now - story.loggedNanos >= REMINDER_NANOS) {
            story.loggedNanos = now;
            log(story.last);
        }
        stories.put(key, story);
        if (stories.size() > MAX_STORIES) {
            Iterator<Key> oldest = stories.keySet().iterator();
            oldest.next();
            oldest.remove();
        }
        return story.last;
    }

    /** The subject has a session now: what was refused before is over. */
    void wentWell(String subject) {
        Iterator<Map.Entry<Key, Story>> all = stories.entrySet().iterator();
        while (all.hasNext()) {
            Map.Entry<Key, Story> one = all.next();
            if (one.getKey().subject().equals(subject)) {
                all.remove();
                if (one.getValue().repeats > 0) {
                    LOG.info("{} is admitted; before that it met {} {} times", subject, one.getKey().reason().label(),
                        one.getValue().repeats + 1);
                }
            }
        }
    }

    /** The last event of every story that has not ended well, in order of subject and reason. */
    List<RefusalEvent> open() {
        List<RefusalEvent> all = new ArrayList<>();
        stories.values().forEach(story -> all.add(story.last));
        all.sort(Comparator.comparing(RefusalEvent::subject).thenComparing(RefusalEvent::reason));
        return all;
    }

    private static void log(RefusalEvent event) {
        String again = event.first() ? "" : " (again; " + event.repeats() + " times before)";
        switch (event.reason()) {
            // A peer that is not up is no offence of anybody.
            case CONNECT_FAILED, CONNECTION_LOST, SHUTTING_DOWN -> LOG.info("No session with {} at {}: {}: {}{}",
                event.subject(), event.remote(), event.reason().label(), event.detail(), again);
            default -> LOG.warn("Refused {} connection with {} at {}: {}: {}{}", event.origin(), event.subject(),
                event.remote(), event.reason().label(), event.detail(), again);
        }
    }

    /** Without control characters: part of the text is the other side's, and must not forge lines of a log. */
    private static String printable(String text) {
        StringBuilder clean = new StringBuilder(text.length());
        text.codePoints().forEach(c -> clean.appendCodePoint(Character.isISOControl(c) ? '?' : c));
        return clean.toString();
    }
}
