package io.quorate.registry.protocol;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.BytesWriter;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.Peer;
import io.quorate.api.PeerChanges;
import io.quorate.api.PeerEvent;
import io.quorate.api.PeerStatus;
import io.quorate.api.PeerView;
import io.quorate.api.PresenceRow;
import io.quorate.api.SessionSummary;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.transport.Endpoint;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Encodes the responses of PEERS and PEER_CHANGES. */
public final class PeerCodec {

    /** A peer with an id of one character and nothing else known. */
    private static final int MIN_PEER_BYTES = 45;

    private PeerCodec() {
    }

    /** A summary with empty texts. */
    private static final int MIN_SUMMARY_BYTES = 5 * Integer.BYTES + 2;

    /**
     * The response of PEERS. The sessions come last and are left out if there are none, as for a reader whose hello
     * does not say that it knows them.
     */
    public static List<Bytes> encode(PeerView view) {
        BytesWriter out = new BytesWriter(1_024).i64(view.number());
        writePeers(out, view.peers());
        out.i32(view.presence().size());
        for (PresenceRow row : view.presence()) {
            out.string(row.observer().value()).i64(row.ageMillis());
            Fields.write(out, row.sees());
        }
        if (!view.sessions().isEmpty()) {
            writeSessions(out, view.sessions());
        }
        return List.of(out.toBytes());
    }

    public static PeerView decodeView(Bytes payload) throws MalformedBytesException {
        BytesReader in = new BytesReader(payload);
        long number = Fields.natural(in, "change number");
        List<Peer> peers = readPeers(in);
        int count = in.count(ProtocolLimits.MAX_NODES, 1 + Integer.BYTES + Long.BYTES + Integer.BYTES);
        List<PresenceRow> rows = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            rows.add(new PresenceRow(Fields.nodeId(in), in.i64(), Fields.nodeIds(in)));
        }
        List<SessionSummary> sessions = in.remaining() > 0 ? readSessions(in) : List.of();
        in.end();
        return new PeerView(number, peers, rows, sessions);
    }

    private static void writeSessions(BytesWriter out, List<SessionSummary> sessions) {
        int text = ProtocolLimits.MAX_TEXT_BYTES;
        List<SessionSummary> first = sessions.stream().limit(ProtocolLimits.MAX_SESSION_SUMMARIES).toList();
        out.i32(first.size());
        for (SessionSummary session : first) {
            out.string(session.peer().value()).string(Fields.cut(session.transport(), text));
            Fields.writeText(out, session.keyExchange(), text);
            out.string(Fields.cut(session.description(), text)).i32(session.dialed()).i32(session.accepted());
        }
    }

    private static List<SessionSummary> readSessions(BytesReader in) throws MalformedBytesException {
        int text = ProtocolLimits.MAX_TEXT_BYTES;
        int count = in.count(ProtocolLimits.MAX_SESSION_SUMMARIES, MIN_SUMMARY_BYTES);
        if (count == 0) {
            throw new MalformedBytesException("found an empty list of sessions, expected none at all");
        }
        List<SessionSummary> sessions = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            sessions.add(new SessionSummary(Fields.nodeId(in), in.string(text), Fields.optionalText(in, text),
                in.string(text), natural(in), natural(in)));
        }
        return sessions;
    }

    private static int natural(BytesReader in) throws MalformedBytesException {
        int value = in.i32();
        if (value < 0) {
            throw new MalformedBytesException("found " + value + " sessions, expected 0 or more");
        }
        return value;
    }

    /** The response of PEER_CHANGES. */
    public static List<Bytes> encode(PeerChanges changes) {
        BytesWriter out = new BytesWriter(1_024).i64(changes.upTo()).bool(changes.snapshot());
        writePeers(out, changes.peers());
        out.i32(changes.events().size());
        for (PeerEvent event : changes.events()) {
            out.i64(event.number()).u8(event.previous().code());
            write(out, event.peer());
        }
        return List.of(out.toBytes());
    }

    public static PeerChanges decodeChanges(Bytes payload) throws MalformedBytesException {
        BytesReader in = new BytesReader(payload);
        long upTo = Fields.natural(in, "change number");
        boolean snapshot = in.bool();
        List<Peer> peers = readPeers(in);
        int count = in.count(ProtocolLimits.MAX_EVENTS_PER_ANSWER, Long.BYTES + 1 + MIN_PEER_BYTES);
        List<PeerEvent> events = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            events.add(new PeerEvent(Fields.natural(in, "change number"), PeerStatus.ofCode(in.u8()), read(in)));
        }
        in.end();
        return new PeerChanges(upTo, snapshot, peers, events);
    }

    private static void writePeers(BytesWriter out, List<Peer> peers) {
        out.i32(peers.size());
        peers.forEach(peer -> write(out, peer));
    }

    private static List<Peer> readPeers(BytesReader in) throws MalformedBytesException {
        int count = in.count(ProtocolLimits.MAX_PEERS, MIN_PEER_BYTES);
        List<Peer> peers = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            peers.add(read(in));
        }
        return peers;
    }

    private static void write(BytesWriter out, Peer peer) {
        int text = ProtocolLimits.MAX_TEXT_BYTES;
        out.string(peer.id().value()).i64(peer.incarnation()).u8(peer.status().code());
        out.string(Fields.cut(peer.reason(), text));
        Fields.writeText(out, peer.identity(), text);
        Fields.writeText(out, peer.certificateFingerprint(), text);
        out.i32(peer.endpoints().size());
        peer.endpoints().forEach(out::string);
        out.string(Fields.cut(peer.version(), text)).i64(peer.since().toEpochMilli());
        Fields.write(out, peer.observer());
        out.i64(peer.observerTerm().value());
    }

    private static Peer read(BytesReader in) throws MalformedBytesException {
        int text = ProtocolLimits.MAX_TEXT_BYTES;
        var id = Fields.nodeId(in);
        long incarnation = in.i64();
        PeerStatus status = PeerStatus.ofCode(in.u8());
        String reason = in.string(text);
        var identity = Fields.optionalText(in, text);
        var fingerprint = Fields.optionalText(in, text);
        int count = in.count(Membership.MAX_ENDPOINTS, Integer.BYTES);
        List<String> endpoints = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            endpoints.add(in.string(Endpoint.MAX_LENGTH));
        }
        return new Peer(id, incarnation, status, reason, identity, fingerprint, endpoints, in.string(text),
            Instant.ofEpochMilli(in.i64()), Fields.optionalNodeId(in), Fields.term(in));
    }
}
