package io.quorate.registry.protocol;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.BytesWriter;
import io.quorate.api.MalformedBytesException;
import java.util.List;

/**
 * The request of PEER_CHANGES: {@code i64 after, i32 waitMillis}.
 *
 * @param after the number of the last change that the caller knows; 0 for none
 * @param waitMillis 0 to {@link ProtocolLimits#MAX_WAIT_MILLIS}
 */
public record PeerChangesRequest(long after, int waitMillis) {

    public List<Bytes> encode() {
        return List.of(new BytesWriter(16).i64(after).i32(waitMillis).toBytes());
    }

    public static PeerChangesRequest decode(Bytes payload) throws MalformedBytesException {
        BytesReader in = new BytesReader(payload);
        PeerChangesRequest request = new PeerChangesRequest(Fields.natural(in, "change number"),
            WatchRequest.waitMillis(in));
        in.end();
        return request;
    }
}
