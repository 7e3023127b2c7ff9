package io.quorate.registry.protocol;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.BytesWriter;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import java.util.List;

/**
 * The request of PRESENCE: whom the caller sees, {@code i64 incarnation, i64 number, i32 count, count × string}. The
 * observer is not in it: it is the caller, as its certificate has proved.
 *
 * @param incarnation the caller's incarnation
 * @param number counts the caller's reports; of two that overtake one another the greater number is the truth
 * @param sees the members to which it holds a confirmed session
 */
public record PresenceReport(long incarnation, long number, List<NodeId> sees) {

    public PresenceReport {
        sees = List.copyOf(sees);
    }

    public List<Bytes> encode() {
        BytesWriter out = new BytesWriter(32 + 16 * sees.size()).i64(incarnation).i64(number);
        Fields.write(out, sees);
        return List.of(out.toBytes());
    }

    public static PresenceReport decode(Bytes payload) throws MalformedBytesException {
        BytesReader in = new BytesReader(payload);
        PresenceReport report = new PresenceReport(in.i64(), in.i64(), Fields.nodeIds(in));
        in.end();
        return report;
    }
}
