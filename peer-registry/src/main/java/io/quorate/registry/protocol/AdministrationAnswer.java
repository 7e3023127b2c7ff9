package io.quorate.registry.protocol;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.BytesWriter;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.spi.consensus.AdministrationResult;
import io.quorate.spi.consensus.RpcResponder;
import io.quorate.spi.wire.RpcError;
import java.util.List;

/**
 * The response of CHANGE_MEMBERSHIP and TRANSFER_LEADERSHIP: {@code u8 0, string detail} if it is done, {@code u8 1,
 * string reason, bool forcible} if it was refused. That another node leads, or that the outcome is not known, is an
 * error of the call, as for commands.
 */
public final class AdministrationAnswer {

    private static final int DONE = 0;
    private static final int REFUSED = 1;

    private AdministrationAnswer() {
    }

    public static void give(AdministrationResult result, RpcResponder call) {
        int most = ProtocolLimits.MAX_EXPLANATION_BYTES;
        switch (result) {
            case AdministrationResult.Done done -> call.respond(List.of(
                new BytesWriter(64).u8(DONE).string(Fields.cut(done.detail(), most)).toBytes()));
            case AdministrationResult.Refused refused -> call.respond(List.of(new BytesWriter(64).u8(REFUSED)
                .string(Fields.cut(refused.reason(), most)).bool(refused.forcible()).toBytes()));
            case AdministrationResult.NotLeader other -> call.fail(new RpcError(RpcError.Code.NOT_LEADER,
                "this node does not lead", other.leader().map(NodeId::value).orElse("")));
            case AdministrationResult.Unknown unknown ->
                call.fail(RpcError.of(RpcError.Code.OUTCOME_UNKNOWN, unknown.reason()));
        }
    }

    /** Done or Refused. */
    public static AdministrationResult decode(Bytes payload) throws MalformedBytesException {
        BytesReader in = new BytesReader(payload);
        int kind = in.u8();
        String text = in.string(ProtocolLimits.MAX_EXPLANATION_BYTES);
        AdministrationResult result = switch (kind) {
            case DONE -> new AdministrationResult.Done(text);
            case REFUSED -> new AdministrationResult.Refused(text, in.bool());
            default -> throw new MalformedBytesException("found result " + kind + ", expected 0 or 1");
        };
        in.end();
        return result;
    }
}
