package io.quorate.registry.protocol;

import io.quorate.api.BytesReader;
import io.quorate.api.BytesWriter;
import io.quorate.api.LogIndex;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.api.Term;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** The fields that several messages share. What a value's own constructor refuses is malformed, never a defect here. */
final class Fields {

    private static final int MAX_NODE_ID_BYTES = 63;

    private Fields() {
    }

    static NodeId nodeId(BytesReader in) throws MalformedBytesException {
        String value = in.string(MAX_NODE_ID_BYTES);
        try {
            return new NodeId(value);
        } catch (IllegalArgumentException e) {
            throw new MalformedBytesException(e.getMessage());
        }
    }

    static Optional<NodeId> optionalNodeId(BytesReader in) throws MalformedBytesException {
        return in.bool() ? Optional.of(nodeId(in)) : Optional.empty();
    }

    static void write(BytesWriter out, Optional<NodeId> id) {
        out.bool(id.isPresent());
        id.ifPresent(value -> out.string(value.value()));
    }

    static List<NodeId> nodeIds(BytesReader in) throws MalformedBytesException {
        int count = in.count(ProtocolLimits.MAX_NODES, Integer.BYTES + 1);
        List<NodeId> ids = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            ids.add(nodeId(in));
        }
        return ids;
    }

    static void write(BytesWriter out, Collection<NodeId> ids) {
        out.i32(ids.size());
        ids.forEach(id -> out.string(id.value()));
    }

    static Term term(BytesReader in) throws MalformedBytesException {
        return new Term(natural(in, "term"));
    }

    static LogIndex index(BytesReader in) throws MalformedBytesException {
        return new LogIndex(natural(in, "log index"));
    }

    static long natural(BytesReader in, String what) throws MalformedBytesException {
        int at = in.position();
        long value = in.i64();
        if (value < 0) {
            throw new MalformedBytesException("found " + what + " " + value + " at byte " + at
                + ", expected 0 or more");
        }
        return value;
    }

    static Optional<String> optionalText(BytesReader in, int maxBytes) throws MalformedBytesException {
        return in.bool() ? Optional.of(in.string(maxBytes)) : Optional.empty();
    }

    static void writeText(BytesWriter out, Optional<String> text, int maxBytes) {
        out.bool(text.isPresent());
        text.ifPresent(value -> out.string(cut(value, maxBytes)));
    }

    /**
     * Shortens what would exceed the reader's limit: a text that is too long must not make its whole message
     * unreadable.
     */
    static String cut(String text, int maxBytes) {
        int surelyFits = maxBytes / 4;
        return text.length() <= surelyFits ? text : text.substring(0, surelyFits);
    }
}
