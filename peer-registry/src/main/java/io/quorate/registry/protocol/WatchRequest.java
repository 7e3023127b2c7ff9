package io.quorate.registry.protocol;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.MalformedBytesException;
import java.util.List;

/**
 * The request of WATCH: {@code i32 waitMillis, bytes request}.
 *
 * @param waitMillis 0 to {@link ProtocolLimits#MAX_WAIT_MILLIS}
 * @param request the state machine's to understand
 */
public record WatchRequest(int waitMillis, Bytes request) {

    public List<Bytes> encode() {
        return new PartsWriter(16 + request.length()).i32(waitMillis).bytes(request).toParts();
    }

    public static WatchRequest decode(Bytes payload) throws MalformedBytesException {
        BytesReader in = new BytesReader(payload);
        WatchRequest request = new WatchRequest(waitMillis(in), in.bytes(ProtocolLimits.MAX_QUERY_BYTES));
        in.end();
        return request;
    }

    static int waitMillis(BytesReader in) throws MalformedBytesException {
        int wait = in.i32();
        if (wait < 0 || wait > ProtocolLimits.MAX_WAIT_MILLIS) {
            throw new MalformedBytesException("found a wait of " + wait + " ms, expected 0 to "
                + ProtocolLimits.MAX_WAIT_MILLIS);
        }
        return wait;
    }
}
