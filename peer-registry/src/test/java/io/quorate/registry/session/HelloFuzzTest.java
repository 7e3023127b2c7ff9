package io.quorate.registry.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.BytesWriter;
import io.quorate.api.ClusterId;
import io.quorate.api.MalformedBytesException;
import io.quorate.fuzz.Codecs;
import io.quorate.fuzz.Fuzzing;
import io.quorate.fuzz.FuzzInput;
import io.quorate.fuzz.Reached;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.wire.FrameFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The two messages that a stranger may send: as written, with fields exchanged for others, and damaged. */
public final class HelloFuzzTest {

    private static final Reached REACHED = new Reached();

    private static final int EPOCH_FIELD = 10;
    private static final int KNOWN_FIELDS = 9;

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void holdsOnKeptAndSeededInputs() throws Exception {
        Fuzzing.shortRun(getClass(), 2_500, HelloFuzzTest::fuzzerTestOneInput);
        REACHED.requirePercent(20, "hello read", "hello refused");
        REACHED.requirePercent(20, "verdict read", "verdict refused");
        REACHED.require(20, "accepted", "unknown field");
    }

    public static void fuzzerTestOneInput(byte[] data) throws Exception {
        FuzzInput in = new FuzzInput(data);
        if (in.oneIn(3)) {
            verdict(in);
            return;
        }
        byte[] payload = in.oneIn(12) ? in.rest() : helloBytes(in);
        if (in.oneIn(3)) {
            in.damage(payload, 0, payload.length);
        }
        Optional<Hello> read = Codecs.hostile(Bytes.wrap(payload), Hello::decode, Hello::encode);
        REACHED.count(read.isPresent() ? "hello read" : "hello refused");
        // What could be read could also have been sent, within one frame of the connection.
        read.ifPresent(hello -> assertTrue(hello.encode().length() <= FrameFormat.MAX_CONTROL_PAYLOAD_BYTES));
    }

    private static void verdict(FuzzInput in) throws Exception {
        byte[] payload;
        if (in.oneIn(8)) {
            payload = in.rest();
        } else {
            Verdict verdict = new Verdict(in.oneIn(2) ? Optional.empty() : Optional.of(in.pick(RefusalReason.values())),
                in.text(60), in.exactly(Hello.NONCE_BYTES));
            payload = Codecs.roundTrip(verdict, Verdict::decode, Verdict::encode).toByteArray();
            if (in.oneIn(2)) {
                in.damage(payload, 0, payload.length);
            }
        }
        Optional<Verdict> read = Codecs.hostile(Bytes.wrap(payload), Verdict::decode, Verdict::encode);
        REACHED.count(read.isPresent() ? "verdict read" : "verdict refused");
        if (read.isPresent() && read.get().accepted()) {
            REACHED.count("accepted");
        }
    }

    private static byte[] helloBytes(FuzzInput in) throws Exception {
        Bytes good = Codecs.roundTrip(hello(in), Hello::decode, Hello::encode);
        if (!in.oneIn(3)) {
            return good.toByteArray();
        }
        // One more field, with a right length: an unknown one is skipped, since later builds may add some; a known one
        // is there twice then, and which of the two counts must not be a question.
        int drawn = in.oneIn(2) ? in.below(12) : in.u16();
        // The epoch may be there or not, so a further field of its tag is neither unknown nor surely one too many.
        int tag = drawn == EPOCH_FIELD ? drawn + 1 : drawn;
        Bytes longer = new BytesWriter().raw(good).u16(tag).bytes(in.some(40)).toBytes();
        if (tag >= 1 && tag <= KNOWN_FIELDS) {
            assertThrows(MalformedBytesException.class, () -> Hello.decode(longer));
        } else {
            assertEquals(Hello.decode(good), Hello.decode(longer));
            REACHED.count("unknown field");
        }
        return longer.toByteArray();
    }

    /** A hello within the limits; its cluster and name are of few, so that they are often the expected ones. */
    static Hello hello(FuzzInput in) {
        TreeSet<String> capabilities = new TreeSet<>();
        for (int i = in.below(4); i > 0; i--) {
            capabilities.add(in.pick("common", "a", Hello.CALLS_ONLY, "x" + in.u8()));
        }
        List<Endpoint> endpoints = new ArrayList<>();
        for (int i = in.below(4); i > 0; i--) {
            endpoints.add(new Endpoint(in.pick("tcp", "quic"), in.pick("::1", "h.example.org"), in.below(65_536)));
        }
        int low = 1 + in.below(3);
        byte[] binding = in.bytes(Hello.MAX_BINDING_BYTES);
        return new Hello(low, low + in.below(3), capabilities, new ClusterId(in.pick("c1", "c1", "c2")),
            in.pick(PeerIdentity.Kind.values()), in.pick("n1", "n2", "N 3", in.label()),
            Math.max(1, in.number() & Long.MAX_VALUE), endpoints, in.text(30), in.exactly(Hello.NONCE_BYTES),
            Bytes.wrap(binding.length == 0 ? new byte[32] : binding));
    }
}
