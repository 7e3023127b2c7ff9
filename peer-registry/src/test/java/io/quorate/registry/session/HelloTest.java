package io.quorate.registry.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.BytesWriter;
import io.quorate.api.ClusterId;
import io.quorate.api.MalformedBytesException;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.wire.FrameFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class HelloTest {

    private static final Hello HELLO = new Hello(1, 3, new TreeSet<>(List.of("a", "b")), new ClusterId("c1"),
        PeerIdentity.Kind.NODE, "n1", 42, List.of(Endpoint.parse("tcp://[::1]:7400"), Endpoint.parse("quic://h:1")),
        "0.1.0", nonce(7), Bytes.wrap(new byte[32]));

    private record Field(int tag, Bytes value) {
    }

    @Test
    void testsRunInTheModule() {
        assertTrue(getClass().getModule().isNamed());
        assertEquals("io.quorate.registry", getClass().getModule().getName());
    }

    @Test
    void whatIsWrittenIsRead() throws MalformedBytesException {
        assertEquals(HELLO, Hello.decode(HELLO.encode()));
    }

    @Test
    void everyTruncationIsMalformed() {
        Bytes whole = HELLO.encode();
        for (int length = 0; length < whole.length(); length++) {
            Bytes cut = whole.slice(0, length);
            assertThrows(MalformedBytesException.class, () -> Hello.decode(cut), "cut at " + length);
        }
    }

    @Test
    void anyDamageIsReadOrMalformedAndNothingElse() {
        SplittableRandom random = new SplittableRandom(1);
        byte[] whole = HELLO.encode().toByteArray();
        int read = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] damaged = whole.clone();
            for (int j = random.nextInt(1, 4); j > 0; j--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            }
            try {
                Hello.decode(Bytes.wrap(damaged));
                read++;
            } catch (MalformedBytesException e) {
                assertTrue(!e.getMessage().isEmpty());
            }
        }
        assertTrue(read > 100, "damage within free fields such as the nonce goes unnoticed here; found " + read);
    }

    @Test
    void unknownFieldsAreSkipped() throws Exception {
        List<Field> fields = fields(HELLO.encode());
        fields.add(3, new Field(999, Bytes.utf8("of a later build")));
        fields.add(new Field(1000, Bytes.empty()));
        assertEquals(HELLO, Hello.decode(encode(fields)));
    }

    @Test
    void eachFieldOccursOnce() throws Exception {
        for (int i = 0; i < fields(HELLO.encode()).size(); i++) {
            List<Field> twice = fields(HELLO.encode());
            twice.add(twice.get(i));
            assertMalformed(encode(twice), "twice");
            List<Field> missing = fields(HELLO.encode());
            missing.remove(i);
            assertMalformed(encode(missing), "found no field");
        }
    }

    @Test
    void noFieldHoldsMoreThanItsValue() throws Exception {
        for (int i = 0; i < fields(HELLO.encode()).size(); i++) {
            List<Field> longer = fields(HELLO.encode());
            Field field = longer.get(i);
            longer.set(i, new Field(field.tag,
                new BytesWriter().raw(field.value).raw(Bytes.wrap(new byte[64])).toBytes()));
            assertMalformed(encode(longer), "");
        }
    }

    @Test
    void moreThanTheLimitIsNotEvenLookedAt() {
        Bytes padded = new BytesWriter().raw(HELLO.encode()).u16(999)
            .bytes(Bytes.wrap(new byte[FrameFormat.MAX_CONTROL_PAYLOAD_BYTES])).toBytes();
        assertMalformed(padded, "at most");
    }

    /** Lesson 14: a hello grew with its host names until it no longer fitted. */
    @Test
    void theLargestHelloFitsItsFrame() throws Exception {
        List<Endpoint> endpoints = new ArrayList<>();
        for (int i = 0; i < Hello.MAX_ENDPOINTS; i++) {
            endpoints.add(new Endpoint("quic", i + "h".repeat(254), 65535));
        }
        TreeSet<String> capabilities = new TreeSet<>();
        for (int i = 0; i < Hello.MAX_CAPABILITIES; i++) {
            capabilities.add((char) ('A' + i) + "c".repeat(Hello.MAX_CAPABILITY_BYTES - 1));
        }
        Hello largest = new Hello(1, 65535, capabilities, new ClusterId("c".repeat(63)), PeerIdentity.Kind.OPERATOR,
            "n".repeat(Hello.MAX_NAME_BYTES), Long.MAX_VALUE, endpoints, "b".repeat(Hello.MAX_BUILD_BYTES), nonce(1),
            Bytes.wrap(new byte[Hello.MAX_BINDING_BYTES]));
        Bytes encoded = largest.encode();
        assertTrue(encoded.length() <= FrameFormat.MAX_CONTROL_PAYLOAD_BYTES, "found " + encoded.length() + " bytes");
        assertEquals(largest, Hello.decode(encoded));
    }

    /** Lesson 13: a blank cluster id matched any cluster. */
    @Test
    void aBlankClusterIsMalformed() throws Exception {
        List<Field> fields = fields(HELLO.encode());
        fields.set(2, new Field(3, new BytesWriter().string("").toBytes()));
        assertMalformed(encode(fields), "cluster id");
    }

    @Test
    void whatCannotBeReadCannotBeMade() {
        assertThrows(IllegalArgumentException.class, () -> LocalDescription.of(new ClusterId("c"),
            TestHost.node("n1"), 0, List.of(), "b"));
        assertThrows(IllegalArgumentException.class, () -> LocalDescription.of(new ClusterId("c"),
            TestHost.node("n1"), 1, List.of(), "b".repeat(Hello.MAX_BUILD_BYTES + 1)));
    }

    @Test
    void versionRangesMeetAtTheHighestCommonVersion() {
        assertEquals(Optional.of(3), Hello.commonVersion(1, 3, 2, 5));
        assertEquals(Optional.of(3), Hello.commonVersion(2, 5, 1, 3));
        assertEquals(Optional.of(2), Hello.commonVersion(1, 2, 2, 2));
        assertEquals(Optional.empty(), Hello.commonVersion(1, 2, 3, 4));
        assertEquals(Optional.empty(), Hello.commonVersion(3, 4, 1, 2));
    }

    @Test
    void verdictsAreReadAsWritten() throws Exception {
        Verdict accepted = Verdict.accept(HELLO);
        assertEquals(accepted, Verdict.decode(accepted.encode()));
        for (RefusalReason reason : RefusalReason.values()) {
            Verdict refused = Verdict.refuse(reason, "why", Optional.of(HELLO));
            assertEquals(refused, Verdict.decode(refused.encode()));
        }
    }

    @Test
    void everyTruncatedVerdictIsMalformed() {
        Bytes whole = Verdict.refuse(RefusalReason.WRONG_CLUSTER, "found a, expected b", Optional.of(HELLO)).encode();
        for (int length = 0; length < whole.length(); length++) {
            Bytes cut = whole.slice(0, length);
            assertThrows(MalformedBytesException.class, () -> Verdict.decode(cut), "cut at " + length);
        }
    }

    @Test
    void aReasonOfALaterBuildIsStillARefusal() throws Exception {
        Bytes later = new BytesWriter().u8(Verdict.MESSAGE).u16(9_999).raw(nonce(7)).string("no").toBytes();
        Verdict read = Verdict.decode(later);
        assertEquals(Optional.of(RefusalReason.REFUSED_BY_PEER), read.refusal());
        assertTrue(read.detail().contains("9999"), read.detail());
    }

    @Test
    void aLongDetailIsCutAndStillFits() throws Exception {
        Verdict verdict = Verdict.refuse(RefusalReason.WRONG_CLUSTER, "\u20ac".repeat(5_000), Optional.empty());
        assertTrue(verdict.encode().length() <= FrameFormat.MAX_CONTROL_PAYLOAD_BYTES);
        assertEquals(verdict, Verdict.decode(verdict.encode()));
    }

    static Bytes nonce(int seed) {
        byte[] nonce = new byte[Hello.NONCE_BYTES];
        new Random(seed).nextBytes(nonce);
        return Bytes.wrap(nonce);
    }

    private static void assertMalformed(Bytes payload, String expectedWords) {
        MalformedBytesException e = assertThrows(MalformedBytesException.class, () -> Hello.decode(payload));
        assertTrue(e.getMessage().contains(expectedWords), e.getMessage());
    }

    private static List<Field> fields(Bytes hello) throws MalformedBytesException {
        BytesReader in = new BytesReader(hello);
        in.u8();
        List<Field> fields = new ArrayList<>();
        while (in.remaining() > 0) {
            fields.add(new Field(in.u16(), in.bytes(in.remaining())));
        }
        return fields;
    }

    private static Bytes encode(List<Field> fields) {
        BytesWriter out = new BytesWriter().u8(Hello.MESSAGE);
        fields.forEach(field -> out.u16(field.tag).bytes(field.value));
        return out.toBytes();
    }

    @Test
    void theEpochIsToldIfItIsKnown() throws MalformedBytesException {
        Hello known = new Hello(1, 1, HELLO.capabilities(), HELLO.cluster(), HELLO.kind(), HELLO.name(), 7, List.of(),
            "1", HELLO.nonce(), HELLO.channelBinding(), 3);
        assertEquals(3, Hello.decode(known.encode()).epoch());
        assertEquals(0, Hello.decode(HELLO.encode()).epoch(), "an earlier build tells none");
    }
}
