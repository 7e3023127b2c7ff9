package io.quorate.registry.directory;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.BytesWriter;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.api.PeerStatus;
import io.quorate.api.Term;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.transport.Endpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The payload of an entry of type REGISTRY: everything that a leader found to differ, in one piece.
 *
 * <p>It is stored, so its form has a number. The time in it is the proposer's: applying it looks at no clock, and gives
 * every node the same record.
 *
 * @param epoch the term in which the proposer leads
 * @param observer the proposer
 * @param wallMillis the proposer's wall clock, for people
 * @param changes in the order in which they apply; several of one member follow one another
 */
public record RegistryProposal(Term epoch, NodeId observer, long wallMillis, List<PeerChange> changes) {

    private static final int FORMAT = 1;
    private static final int MAX_NODE_ID_BYTES = 63;
    private static final int MIN_CHANGE_BYTES = 5 + 8 + 8 + 1 + 4 + 1;

    private static final int HAS_IDENTITY = 1;
    private static final int HAS_FINGERPRINT = 2;
    private static final int HAS_ENDPOINTS = 4;
    private static final int HAS_VERSION = 8;

    public RegistryProposal {
        changes = List.copyOf(changes);
    }

    public Bytes encode() {
        BytesWriter out = new BytesWriter(64 + 128 * changes.size());
        out.u8(FORMAT).i64(epoch.value()).string(observer.value()).i64(wallMillis).i32(changes.size());
        for (PeerChange change : changes) {
            out.string(change.id().value()).i64(change.revision()).i64(change.incarnation());
            out.u8(change.status().code()).string(cut(change.reason(), DirectoryLimits.MAX_REASON_BYTES));
            out.u8((change.identity().isPresent() ? HAS_IDENTITY : 0)
                | (change.fingerprint().isPresent() ? HAS_FINGERPRINT : 0)
                | (change.endpoints().isEmpty() ? 0 : HAS_ENDPOINTS)
                | (change.version().isEmpty() ? 0 : HAS_VERSION));
            change.identity().ifPresent(text -> out.string(cut(text, DirectoryLimits.MAX_TEXT_BYTES)));
            change.fingerprint().ifPresent(text -> out.string(cut(text, DirectoryLimits.MAX_TEXT_BYTES)));
            if (!change.endpoints().isEmpty()) {
                int count = Math.min(change.endpoints().size(), Membership.MAX_ENDPOINTS);
                out.i32(count);
                change.endpoints().subList(0, count).forEach(out::string);
            }
            if (!change.version().isEmpty()) {
                out.string(cut(change.version(), DirectoryLimits.MAX_TEXT_BYTES));
            }
        }
        return out.toBytes();
    }

    public static RegistryProposal decode(Bytes payload) throws MalformedBytesException {
        BytesReader in = new BytesReader(payload);
        int format = in.u8();
        if (format != FORMAT) {
            throw new MalformedBytesException("found registry format " + format + ", expected " + FORMAT);
        }
        try {
            Term epoch = new Term(in.i64());
            NodeId observer = new NodeId(in.string(MAX_NODE_ID_BYTES));
            long wallMillis = in.i64();
            int count = in.count(DirectoryLimits.MAX_CHANGES_PER_PROPOSAL, MIN_CHANGE_BYTES);
            List<PeerChange> changes = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                changes.add(change(in));
            }
            in.end();
            return new RegistryProposal(epoch, observer, wallMillis, changes);
        } catch (IllegalArgumentException e) {
            throw new MalformedBytesException("registry entry: " + e.getMessage());
        }
    }

    private static PeerChange change(BytesReader in) throws MalformedBytesException {
        NodeId id = new NodeId(in.string(MAX_NODE_ID_BYTES));
        long revision = in.i64();
        long incarnation = in.i64();
        PeerStatus status = PeerStatus.ofCode(in.u8());
        String reason = in.string(DirectoryLimits.MAX_REASON_BYTES);
        int known = in.u8();
        if (known >= HAS_VERSION * 2) {
            throw new MalformedBytesException("found unknown fields " + known + " of a peer, expected 0 to 15");
        }
        Optional<String> identity = text(in, known & HAS_IDENTITY);
        Optional<String> fingerprint = text(in, known & HAS_FINGERPRINT);
        List<String> endpoints = new ArrayList<>();
        if ((known & HAS_ENDPOINTS) != 0) {
            int count = in.count(Membership.MAX_ENDPOINTS, Integer.BYTES);
            for (int i = 0; i < count; i++) {
                endpoints.add(in.string(Endpoint.MAX_LENGTH));
            }
        }
        String version = text(in, known & HAS_VERSION).orElse("");
        return new PeerChange(id, revision, incarnation, status, reason, identity, fingerprint, endpoints, version);
    }

    private static Optional<String> text(BytesReader in, int flag) throws MalformedBytesException {
        return flag == 0 ? Optional.empty() : Optional.of(in.string(DirectoryLimits.MAX_TEXT_BYTES));
    }

    /** A reason that is too long must not make the entry unreadable on every node. */
    private static String cut(String text, int maxBytes) {
        // What fits stays whole: a text that was cut would differ from what is seen, and be proposed again for ever.
        return Bytes.utf8(text).length() <= maxBytes ? text : text.substring(0, Math.min(text.length(), maxBytes / 4));
    }
}
