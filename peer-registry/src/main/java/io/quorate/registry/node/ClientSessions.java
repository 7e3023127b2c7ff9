package io.quorate.registry.node;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.BytesWriter;
import io.quorate.api.MalformedBytesException;
import io.quorate.spi.node.SessionPace;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * The replicated sessions of clients (thesis §6.3): with them a command is applied at most once, however often and
 * through however many leaders it was tried, and each repetition gets the one result.
 *
 * <p>A function of the log alone. Its clock advances by entries of type SESSIONS, in which leaders say how much of
 * their leadership has passed by a monotonic clock; no replica looks at a clock of its own, which would have some of
 * them answer a repetition that others apply (lesson: exactly-once by wall-clock expiry).
 *
 * <p>Everything is bounded by {@link SessionLimits}. What is too much ends the session that was not used for longest
 * in the order of the log. Refusing new ones instead would let whoever opens most shut everybody else out.
 *
 * <p>Apply thread only, but for {@link #any}.
 */
final class ClientSessions {

    private static final int FORMAT = 1;

    /** A consistent picture, to be written elsewhere while apply goes on. Immutable. */
    record Image(long nowMillis, List<ClientSession.Image> sessions) {

        Bytes encode() {
            BytesWriter out = header();
            sessions.forEach(session -> session.encode(out));
            return out.toBytes();
        }

        /**
         * Writes what {@link #encode} returns, session by session: all of them as one array, and its copies while it
         * grows, would be several times what they take, and fill a small heap while a snapshot is taken.
         */
        void write(OutputStream target) throws IOException {
            target.write(header().toBytes().toByteArray());
            for (ClientSession.Image session : sessions) {
                BytesWriter one = new BytesWriter(SessionLimits.SESSION_OVERHEAD_BYTES);
                session.encode(one);
                target.write(one.toBytes().toByteArray());
            }
        }

        private BytesWriter header() {
            return new BytesWriter(4_096).u8(FORMAT).i64(nowMillis).i32(sessions.size());
        }
    }

    private final SessionPace pace;
    /** By number, in the order of their last use. */
    private final Map<Long, ClientSession> sessions = new LinkedHashMap<>(64, 0.75f, true);
    private long nowMillis;
    private long bytes;
    private volatile boolean any;

    ClientSessions() {
        this(SessionPace.USUAL);
    }

    ClientSessions(SessionPace pace) {
        this.pace = pace;
    }

    /** How their time passes; on any thread. */
    SessionPace pace() {
        return pace;
    }

    /** Whether there are any, on any thread: without them no time needs to pass. */
    boolean any() {
        return any;
    }

    int count() {
        return sessions.size();
    }

    /** What all of them take in memory, in bytes. */
    long bytes() {
        return bytes;
    }

    /** Opens a session. One that is open already stays as it is: two numbers that are equal by chance. */
    void open(long id) {
        if (use(id, 1) != null) {
            return;
        }
        ClientSession session = new ClientSession(id, nowMillis);
        sessions.put(id, session);
        bytes += session.bytes();
        endOldest();
    }

    /** The session, which is used now; null if it is not open any more. */
    ClientSession use(long id, long answeredBelow) {
        ClientSession session = sessions.get(id);
        if (session != null) {
            session.usedAt(nowMillis);
            long before = session.bytes();
            session.answeredBelow(answeredBelow);
            bytes += session.bytes() - before;
        }
        return session;
    }

    /** Keeps results of {@code session}, which is the one used last. */
    void keep(ClientSession session, ClientSession.Run run) {
        long before = session.bytes();
        session.keep(run);
        bytes += session.bytes() - before;
        endOldest();
    }

    private void endOldest() {
        // One session alone is within its own bound, so the one in use stays.
        Iterator<ClientSession> oldest = sessions.values().iterator();
        while (sessions.size() > SessionLimits.MAX_SESSIONS || bytes > SessionLimits.MAX_BYTES) {
            end(oldest);
        }
        any = !sessions.isEmpty();
    }

    private void end(Iterator<ClientSession> oldest) {
        bytes -= oldest.next().bytes();
        oldest.remove();
    }

    /**
     * Applies an entry of type SESSIONS: ends what was not used for too long.
     *
     * @return how many
     * @throws MalformedBytesException if it is none
     */
    int advance(Bytes payload) throws MalformedBytesException {
        BytesReader in = new BytesReader(payload);
        long elapsedMillis = in.i64();
        in.end();
        if (elapsedMillis < 1 || elapsedMillis > pace.maxTickMillis()) {
            throw new MalformedBytesException("found " + elapsedMillis + " ms elapsed, expected 1 to "
                + pace.maxTickMillis());
        }
        int before = sessions.size();
        nowMillis += elapsedMillis;
        Iterator<ClientSession> oldest = sessions.values().iterator();
        while (!sessions.isEmpty() && nowMillis - eldest().lastUsedMillis() >= pace.timeoutMillis()) {
            end(oldest);
        }
        any = !sessions.isEmpty();
        return before - sessions.size();
    }

    private ClientSession eldest() {
        return sessions.values().iterator().next();
    }

    /** The payload of an entry that says that {@code elapsedMillis} have passed. */
    static Bytes elapsed(long elapsedMillis) {
        return new BytesWriter(Long.BYTES).i64(elapsedMillis).toBytes();
    }

    /** A copy of references; the results themselves are shared. */
    Image image() {
        List<ClientSession.Image> images = new ArrayList<>(sessions.size());
        sessions.values().forEach(session -> images.add(session.image()));
        return new Image(nowMillis, images);
    }

    /**
     * Replaces everything by what {@link Image#encode} wrote.
     *
     * @throws MalformedBytesException if it is something else; nothing is changed then
     */
    void restore(Bytes encoded) throws MalformedBytesException {
        BytesReader in = new BytesReader(encoded);
        int format = in.u8();
        if (format != FORMAT) {
            throw new MalformedBytesException("found sessions of format " + format + ", expected " + FORMAT);
        }
        long now = in.i64();
        int count = in.count(SessionLimits.MAX_SESSIONS, 4 * Long.BYTES + Integer.BYTES);
        List<ClientSession> read = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            read.add(ClientSession.decode(in));
        }
        in.end();
        sessions.clear();
        nowMillis = now;
        bytes = 0;
        for (ClientSession session : read) {
            sessions.put(session.id(), session);
            bytes += session.bytes();
        }
        any = !sessions.isEmpty();
    }

    /** A checksum over the whole state; equal on all replicas at equal applied index. */
    int hash() {
        CRC32C checksum = new CRC32C();
        image().encode().addTo(checksum);
        return (int) checksum.getValue();
    }
}
