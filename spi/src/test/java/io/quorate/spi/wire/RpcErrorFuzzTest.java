package io.quorate.spi.wire;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.fuzz.Codecs;
import io.quorate.fuzz.Fuzzing;
import io.quorate.fuzz.FuzzInput;
import io.quorate.fuzz.Reached;
import org.junit.jupiter.api.Test;

/** The error of a call, as written and as damaged. */
public final class RpcErrorFuzzTest {

    private static final Reached REACHED = new Reached();

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void holdsOnKeptAndSeededInputs() throws Exception {
        Fuzzing.shortRun(getClass(), 3_000, RpcErrorFuzzTest::fuzzerTestOneInput);
        REACHED.requirePercent(30, "read", "refused");
        REACHED.require(1, RpcError.Code.values());
    }

    public static void fuzzerTestOneInput(byte[] data) throws Exception {
        FuzzInput in = new FuzzInput(data);
        byte[] payload;
        if (in.oneIn(6)) {
            payload = in.rest();
        } else {
            RpcError error = new RpcError(in.pick(RpcError.Code.values()), in.text(200), in.text(40));
            payload = Codecs.roundTrip(error, RpcError::decode, RpcError::encode).toByteArray();
            in.damage(payload, 0, payload.length);
        }
        Codecs.hostile(Bytes.wrap(payload), RpcError::decode, RpcError::encode)
            .ifPresentOrElse(error -> {
                REACHED.count("read");
                REACHED.count(error.code());
            }, () -> REACHED.count("refused"));
    }
}
