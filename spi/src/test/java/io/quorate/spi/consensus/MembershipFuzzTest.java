package io.quorate.spi.consensus;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.NodeId;
import io.quorate.fuzz.Codecs;
import io.quorate.fuzz.Fuzzing;
import io.quorate.fuzz.FuzzInput;
import io.quorate.fuzz.Reached;
import io.quorate.spi.transport.Endpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Configurations of a cluster, as entries of the log and as the file of the first start carry them. */
public final class MembershipFuzzTest {

    private static final Reached REACHED = new Reached();

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void holdsOnKeptAndSeededInputs() throws Exception {
        Fuzzing.shortRun(getClass(), 2_000, MembershipFuzzTest::fuzzerTestOneInput);
        REACHED.requirePercent(20, "read", "refused");
        REACHED.require(20, "learner");
    }

    public static void fuzzerTestOneInput(byte[] data) throws Exception {
        FuzzInput in = new FuzzInput(data);
        byte[] encoded;
        if (in.oneIn(8)) {
            encoded = in.rest();
        } else {
            encoded = Codecs.roundTrip(membership(in), Membership::decode, Membership::encode).toByteArray();
            in.damage(encoded, 0, encoded.length);
        }
        Optional<Membership> read = Codecs.hostile(Bytes.wrap(encoded), Membership::decode, Membership::encode);
        REACHED.count(read.isPresent() ? "read" : "refused");
        read.ifPresent(membership -> {
            assertTrue(membership.members().size() <= Membership.MAX_MEMBERS);
            if (!membership.learners().isEmpty()) {
                REACHED.count("learner");
            }
        });
    }

    private static Membership membership(FuzzInput in) {
        TreeSet<NodeId> voters = new TreeSet<>();
        TreeSet<NodeId> learners = new TreeSet<>();
        TreeMap<NodeId, List<Endpoint>> endpoints = new TreeMap<>();
        for (int i = in.below(9); i > 0; i--) {
            NodeId id = new NodeId("n" + i);
            (in.oneIn(4) ? learners : voters).add(id);
            List<Endpoint> places = new ArrayList<>();
            for (int j = in.below(3); j > 0; j--) {
                places.add(new Endpoint(in.pick("tcp", "quic"), in.pick("::1", "h.example.org"), in.below(65_536)));
            }
            endpoints.put(id, places);
        }
        return new Membership(voters, learners, endpoints);
    }
}
