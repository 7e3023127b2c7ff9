package io.quorate.spi.consensus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.BytesWriter;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.spi.transport.Endpoint;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class MembershipTest {

    private static final NodeId N1 = new NodeId("n1");
    private static final NodeId N2 = new NodeId("n2");
    private static final NodeId N3 = new NodeId("n3");

    private static Membership sample() {
        return new Membership(new TreeSet<>(List.of(N2, N1)), new TreeSet<>(List.of(N3)),
            new TreeMap<>(Map.of(N1, List.of(Endpoint.parse("tcp://a:1"), Endpoint.parse("quic://a:2")),
                N2, List.of(), N3, List.of(Endpoint.parse("tcp://c:1")))));
    }

    @Test
    void theEncodedFormIsRead() throws MalformedBytesException {
        assertEquals(sample(), Membership.decode(sample().encode()));
    }

    @Test
    void everyTruncationIsRefused() {
        Bytes whole = sample().encode();
        for (int length = 0; length < whole.length(); length++) {
            Bytes cut = whole.slice(0, length);
            assertThrows(MalformedBytesException.class, () -> Membership.decode(cut), "cut to " + length);
        }
    }

    @Test
    void featuresAreReadAndWithoutThemTheFormIsThatOfBuildsThatHadNone() throws MalformedBytesException {
        Membership with = sample().withFeatures(new TreeSet<>(List.of("y", "x")));
        assertEquals(with, Membership.decode(with.encode()));
        assertEquals(List.of("x", "y"), List.copyOf(Membership.decode(with.encode()).features()));
        assertEquals(sample().encode(), with.encode().slice(0, sample().encode().length()), "they stand behind");
        assertEquals(sample(), Membership.decode(sample().encode()));
        assertEquals(with, with.withFeatures(new TreeSet<>(List.of("x"))), "what is on stays on");
    }

    @Test
    void aListOfFeaturesThatIsCutOrEmptyOrNamesOneTwiceIsRefused() {
        Bytes without = sample().encode();
        Bytes with = sample().withFeatures(new TreeSet<>(List.of("x", "y"))).encode();
        for (int length = without.length() + 1; length < with.length(); length++) {
            Bytes cut = with.slice(0, length);
            assertThrows(MalformedBytesException.class, () -> Membership.decode(cut), "cut to " + length);
        }
        Bytes none = new BytesWriter(256).raw(without).i32(0).toBytes();
        assertThrows(MalformedBytesException.class, () -> Membership.decode(none));
        Bytes twice = new BytesWriter(256).raw(without).i32(2).string("x").string("x").toBytes();
        assertThrows(MalformedBytesException.class, () -> Membership.decode(twice));
    }

    @Test
    void learnersAreMembersAndDoNotCountForTheQuorum() {
        assertEquals(2, sample().quorum());
        assertTrue(sample().contains(N3));
        assertFalse(sample().voters().contains(N3));
        assertEquals(List.of(N1, N2, N3), List.copyOf(sample().members()));
    }

    @Test
    void nobodyIsBothVoterAndLearner() {
        TreeSet<NodeId> one = new TreeSet<>(List.of(N1));
        assertThrows(IllegalArgumentException.class, () -> new Membership(one, one, new TreeMap<>()));
    }
}
