package io.quorate.registry.protocol;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.BytesWriter;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import java.util.List;
import java.util.Optional;

/**
 * The request of TRANSFER_LEADERSHIP: {@code bool named, [string node]}.
 *
 * @param to who is to lead; empty for whoever is best prepared
 */
public record TransferRequest(Optional<NodeId> to) {

    public List<Bytes> encode() {
        BytesWriter out = new BytesWriter(64);
        Fields.write(out, to);
        return List.of(out.toBytes());
    }

    public static TransferRequest decode(Bytes payload) throws MalformedBytesException {
        BytesReader in = new BytesReader(payload);
        TransferRequest request = new TransferRequest(Fields.optionalNodeId(in));
        in.end();
        return request;
    }
}
