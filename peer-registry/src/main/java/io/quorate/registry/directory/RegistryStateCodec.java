package io.quorate.registry.directory;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.BytesWriter;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.api.Peer;
import io.quorate.api.PeerEvent;
import io.quorate.api.PeerStatus;
import io.quorate.api.Term;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.transport.Endpoint;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The registry as bytes, for snapshots. Big-endian; a text is a 32-bit length and UTF-8.
 *
 * <pre>
 * u8 format  i64 number of the last change  i32 records  i32 events
 * each record, in order of node id:  i32 length  i64 revision  peer
 * each event, in order of number:    i32 length  i64 number  u8 previous status  peer
 * peer   text id  i64 incarnation  u8 status  text reason  bool and text identity  bool and text fingerprint
 *        i32 count and that many texts of endpoints  text version  i64 since (ms)  bool and text observer
 *        i64 observer's term
 * </pre>
 */
final class RegistryStateCodec {

    private static final int FORMAT = 1;
    private static final int MAX_NODE_ID_BYTES = 63;

    /** The most that a peer's texts can be, and its numbers. */
    private static final int MAX_ITEM_BYTES = 8 * DirectoryLimits.MAX_TEXT_BYTES
        + Membership.MAX_ENDPOINTS * (Endpoint.MAX_LENGTH + Integer.BYTES);

    /** What was read. */
    record State(RegistrySnapshot snapshot, List<PeerEvent> history) {
    }

    private RegistryStateCodec() {
    }

    static void write(State state, OutputStream out) throws IOException {
        DataOutputStream data = new DataOutputStream(out);
        data.writeByte(FORMAT);
        data.writeLong(state.snapshot.number());
        data.writeInt(state.snapshot.records().size());
        data.writeInt(state.history.size());
        for (RegistrySnapshot.Entry entry : state.snapshot.records().values()) {
            write(data, new BytesWriter(256).i64(entry.revision()), entry.peer());
        }
        for (PeerEvent event : state.history) {
            write(data, new BytesWriter(256).i64(event.number()).u8(event.previous().code()), event.peer());
        }
    }

    private static void write(DataOutputStream out, BytesWriter item, Peer peer) throws IOException {
        item.string(peer.id().value()).i64(peer.incarnation()).u8(peer.status().code()).string(peer.reason());
        optional(item, peer.identity());
        optional(item, peer.certificateFingerprint());
        item.i32(peer.endpoints().size());
        peer.endpoints().forEach(item::string);
        item.string(peer.version()).i64(peer.since().toEpochMilli());
        optional(item, peer.observer().map(NodeId::value));
        Bytes bytes = item.i64(peer.observerTerm().value()).toBytes();
        out.writeInt(bytes.length());
        out.write(bytes.toByteArray());
    }

    private static void optional(BytesWriter out, Optional<String> text) {
        out.bool(text.isPresent());
        text.ifPresent(out::string);
    }

    static State read(InputStream in) throws IOException {
        DataInputStream data = new DataInputStream(in);
        int format = data.readUnsignedByte();
        if (format != FORMAT) {
            throw new IOException("a snapshot of the registry: found format " + format + ", expected " + FORMAT
                + ". A newer version has written it: start that version");
        }
        long number = data.readLong();
        int records = count(data, "records", DirectoryLimits.MAX_RECORDS);
        int events = count(data, "events", DirectoryLimits.MAX_HISTORY_EVENTS);
        try {
            SortedMap<NodeId, RegistrySnapshot.Entry> byId = new TreeMap<>();
            for (int i = 0; i < records; i++) {
                BytesReader item = item(data);
                long revision = item.i64();
                Peer peer = peer(item);
                byId.put(peer.id(), new RegistrySnapshot.Entry(peer, revision));
            }
            List<PeerEvent> history = new ArrayList<>(events);
            for (int i = 0; i < events; i++) {
                BytesReader item = item(data);
                long at = item.i64();
                if (at != number - events + 1 + i) {
                    throw new MalformedBytesException("found change " + at + ", expected "
                        + (number - events + 1 + i));
                }
                history.add(new PeerEvent(at, PeerStatus.ofCode(item.u8()), peer(item)));
            }
            return new State(new RegistrySnapshot(number, byId), history);
        } catch (MalformedBytesException | IllegalArgumentException e) {
            throw new IOException("a snapshot of the registry: " + e.getMessage(), e);
        }
    }

    private static int count(DataInputStream in, String what, int most) throws IOException {
        int count = in.readInt();
        if (count < 0 || count > most) {
            throw new IOException("a snapshot of the registry: found " + count + " " + what + ", expected 0 to "
                + most);
        }
        return count;
    }

    private static BytesReader item(DataInputStream in) throws IOException {
        byte[] bytes = new byte[count(in, "bytes of a record", MAX_ITEM_BYTES)];
        in.readFully(bytes);
        return new BytesReader(Bytes.wrap(bytes));
    }

    private static Peer peer(BytesReader in) throws MalformedBytesException {
        int text = MAX_ITEM_BYTES;
        NodeId id = new NodeId(in.string(MAX_NODE_ID_BYTES));
        long incarnation = in.i64();
        PeerStatus status = PeerStatus.ofCode(in.u8());
        String reason = in.string(text);
        Optional<String> identity = optional(in, text);
        Optional<String> fingerprint = optional(in, text);
        int count = in.count(Membership.MAX_ENDPOINTS, Integer.BYTES);
        List<String> endpoints = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            endpoints.add(in.string(Endpoint.MAX_LENGTH));
        }
        Peer peer = new Peer(id, incarnation, status, reason, identity, fingerprint, endpoints, in.string(text),
            Instant.ofEpochMilli(in.i64()), optional(in, MAX_NODE_ID_BYTES).map(NodeId::new), new Term(in.i64()));
        in.end();
        return peer;
    }

    private static Optional<String> optional(BytesReader in, int maxBytes) throws MalformedBytesException {
        return in.bool() ? Optional.of(in.string(maxBytes)) : Optional.empty();
    }
}
