package io.quorate.registry.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.quorate.api.Bytes;
import io.quorate.api.BytesWriter;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.registry.protocol.AdministrationAnswer;
import io.quorate.registry.protocol.Failures;
import io.quorate.registry.protocol.MembershipChangeRequest;
import io.quorate.registry.protocol.TransferRequest;
import io.quorate.spi.consensus.AdministrationResult;
import io.quorate.spi.consensus.MembershipChange;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.wire.RpcType;
import io.quorate.testing.identity.TestIdentity;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Orders of operators to the leader. */
class AdministrationTest {

    private static final NodeId N4 = new NodeId("n4");
    private static final List<Endpoint> PLACES = List.of(Endpoint.parse("tcp://h:1"), Endpoint.parse("quic://h:2"));
    private static final List<MembershipChange> CHANGES = List.of(new MembershipChange.Add(N4, PLACES, true),
        new MembershipChange.Add(N4, PLACES, false), new MembershipChange.Remove(N4),
        new MembershipChange.Promote(N4), new MembershipChange.Demote(N4),
        new MembershipChange.SetEndpoints(N4, PLACES));

    @Test
    void whatIsOrderedArrivesAsItWas() throws MalformedBytesException {
        for (MembershipChange change : CHANGES) {
            for (boolean force : new boolean[] {false, true}) {
                MembershipChangeRequest request = new MembershipChangeRequest(change, force);
                Bytes encoded = request.encode().getFirst();
                assertEquals(request, MembershipChangeRequest.decode(encoded));
                for (int length = 0; length < encoded.length(); length++) {
                    Bytes cut = encoded.slice(0, length);
                    assertThrows(MalformedBytesException.class, () -> MembershipChangeRequest.decode(cut));
                }
            }
        }
        for (Optional<NodeId> to : List.of(Optional.of(N4), Optional.<NodeId>empty())) {
            assertEquals(to, TransferRequest.decode(new TransferRequest(to).encode().getFirst()).to());
        }
        Bytes noEndpoint = new BytesWriter().u8(1).bool(false).string("n4").bool(true).i32(0).toBytes();
        assertThrows(MalformedBytesException.class, () -> MembershipChangeRequest.decode(noEndpoint));
    }

    @Test
    void theLeaderServesOperatorsAndOthersNameIt() throws MalformedBytesException {
        SimCluster cluster = CommandTest.ledByFirst(31);
        SimCaller operator = new SimCaller(cluster, TestIdentity.operator("ops"));
        List<Bytes> request = new MembershipChangeRequest(new MembershipChange.Remove(N4), true).encode();
        SimCaller.Answer done = operator.await("n1", RpcType.CHANGE_MEMBERSHIP, request);
        assertEquals(new AdministrationResult.Done("so it is"), AdministrationAnswer.decode(done.response()));
        assertEquals(List.of("Remove[node=n4] true"), cluster.host("n1").consensus().orders);
        SimCaller.Answer elsewhere = operator.await("n2", RpcType.CHANGE_MEMBERSHIP, request);
        assertEquals("NOT_LEADER", elsewhere.code());
        assertEquals(Optional.of(new NodeId("n1")), Failures.leader(elsewhere.failure().error().orElseThrow()));

        cluster.host("n1").consensus().administration = new AdministrationResult.Refused("no", true);
        assertEquals(new AdministrationResult.Refused("no", true),
            AdministrationAnswer.decode(operator.await("n1", RpcType.CHANGE_MEMBERSHIP, request).response()));
        cluster.host("n1").consensus().administration = new AdministrationResult.Unknown("who knows");
        assertEquals("OUTCOME_UNKNOWN", operator.await("n1", RpcType.CHANGE_MEMBERSHIP, request).code());
        SimCaller client = new SimCaller(cluster, TestIdentity.client("app"));
        assertEquals("DENIED", client.await("n1", RpcType.CHANGE_MEMBERSHIP, request).code());
        assertEquals("DENIED", client.await("n1", RpcType.TRANSFER_LEADERSHIP,
            new TransferRequest(Optional.empty()).encode()).code());
        assertEquals("MALFORMED", operator.await("n1", RpcType.CHANGE_MEMBERSHIP, List.of(Bytes.utf8("x"))).code());
    }
}
