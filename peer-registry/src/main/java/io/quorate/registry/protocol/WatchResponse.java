package io.quorate.registry.protocol;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.MalformedBytesException;
import java.util.List;
import java.util.Optional;

/**
 * The response of WATCH: {@code bool hasNews, [bytes]}.
 *
 * @param news what is new; empty if nothing was in time
 */
public record WatchResponse(Optional<Bytes> news) {

    public List<Bytes> encode() {
        PartsWriter out = new PartsWriter(64).u8(news.isPresent() ? 1 : 0);
        news.ifPresent(out::bytes);
        return out.toParts();
    }

    /** Whether it fits a frame. */
    public boolean fits() {
        return news.isEmpty() || 1 + Integer.BYTES + (long) news.get().length() <= ProtocolLimits.MAX_RESPONSE_BYTES;
    }

    public static WatchResponse decode(Bytes payload) throws MalformedBytesException {
        BytesReader in = new BytesReader(payload);
        Optional<Bytes> news = in.bool() ? Optional.of(in.bytes(ProtocolLimits.MAX_RESPONSE_BYTES)) : Optional.empty();
        in.end();
        return new WatchResponse(news);
    }
}
