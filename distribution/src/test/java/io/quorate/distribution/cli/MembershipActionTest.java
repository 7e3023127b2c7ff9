package io.quorate.distribution.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.api.NodeId;
import io.quorate.spi.consensus.MembershipChange;
import io.quorate.spi.transport.Endpoint;
import java.util.List;
import org.junit.jupiter.api.Test;

/** An operator reads what has become of the node that the order was about, not only who votes now. */
final class MembershipActionTest {

    private static final NodeId N4 = new NodeId("n4");
    private static final List<Endpoint> PLACES =
        List.of(Endpoint.parse("tcp://10.0.0.4:7400"), Endpoint.parse("quic://10.0.0.4:7400"));

    @Test
    void eachChangeSaysWhatTheNodeIsNow() {
        assertEquals("n4 is a learner, and becomes a voter once it has caught up",
            MembershipAction.said(new MembershipChange.Add(N4, PLACES, true)));
        assertEquals("n4 is a learner, and stays one",
            MembershipAction.said(new MembershipChange.Add(N4, PLACES, false)));
        assertEquals("n4 is no member any more", MembershipAction.said(new MembershipChange.Remove(N4)));
        assertEquals("n4 is a voter", MembershipAction.said(new MembershipChange.Promote(N4)));
        assertEquals("n4 is a learner, and stays one", MembershipAction.said(new MembershipChange.Demote(N4)));
        assertEquals("n4 is to be reached at tcp://10.0.0.4:7400, quic://10.0.0.4:7400",
            MembershipAction.said(new MembershipChange.SetEndpoints(N4, PLACES)));
    }
}
