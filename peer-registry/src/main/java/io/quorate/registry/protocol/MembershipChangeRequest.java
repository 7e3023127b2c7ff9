package io.quorate.registry.protocol;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.BytesWriter;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.MembershipChange;
import io.quorate.spi.transport.Endpoint;
import java.util.ArrayList;
import java.util.List;

/**
 * The request of CHANGE_MEMBERSHIP: {@code u8 kind, bool force, string node, bool promote, i32 count, count × string}.
 *
 * @param change what is wanted
 * @param force whether it is wanted although it would endanger the quorum
 */
public record MembershipChangeRequest(MembershipChange change, boolean force) {

    private static final int ADD = 1;
    private static final int REMOVE = 2;
    private static final int PROMOTE = 3;
    private static final int DEMOTE = 4;
    private static final int SET_ENDPOINTS = 5;

    public List<Bytes> encode() {
        return switch (change) {
            case MembershipChange.Add add -> encode(ADD, add.promote(), add.endpoints());
            case MembershipChange.Remove remove -> encode(REMOVE, false, List.of());
            case MembershipChange.Promote promote -> encode(PROMOTE, false, List.of());
            case MembershipChange.Demote demote -> encode(DEMOTE, false, List.of());
            case MembershipChange.SetEndpoints set -> encode(SET_ENDPOINTS, false, set.endpoints());
        };
    }

    private List<Bytes> encode(int kind, boolean promote, List<Endpoint> endpoints) {
        BytesWriter out = new BytesWriter(128).u8(kind).bool(force).string(change.node().value()).bool(promote);
        out.i32(endpoints.size());
        endpoints.forEach(endpoint -> out.string(endpoint.toString()));
        return List.of(out.toBytes());
    }

    public static MembershipChangeRequest decode(Bytes payload) throws MalformedBytesException {
        BytesReader in = new BytesReader(payload);
        int kind = in.u8();
        boolean force = in.bool();
        NodeId node = Fields.nodeId(in);
        boolean promote = in.bool();
        int count = in.count(Membership.MAX_ENDPOINTS, Integer.BYTES + 1);
        List<Endpoint> endpoints = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            endpoints.add(endpoint(in.string(Endpoint.MAX_LENGTH)));
        }
        in.end();
        return new MembershipChangeRequest(change(kind, node, promote, endpoints), force);
    }

    private static MembershipChange change(int kind, NodeId node, boolean promote, List<Endpoint> endpoints)
            throws MalformedBytesException {
        boolean withEndpoints = kind == ADD || kind == SET_ENDPOINTS;
        if (withEndpoints == endpoints.isEmpty() || promote && kind != ADD) {
            throw new MalformedBytesException("found a change of kind " + kind + " with " + endpoints.size()
                + " endpoints, expected at least one to add a node or to set its endpoints, otherwise none");
        }
        return switch (kind) {
            case ADD -> new MembershipChange.Add(node, endpoints, promote);
            case REMOVE -> new MembershipChange.Remove(node);
            case PROMOTE -> new MembershipChange.Promote(node);
            case DEMOTE -> new MembershipChange.Demote(node);
            case SET_ENDPOINTS -> new MembershipChange.SetEndpoints(node, endpoints);
            default -> throw new MalformedBytesException("found a change of kind " + kind + ", expected 1 to 5");
        };
    }

    private static Endpoint endpoint(String text) throws MalformedBytesException {
        try {
            return Endpoint.parse(text);
        } catch (IllegalArgumentException e) {
            throw new MalformedBytesException(e.getMessage());
        }
    }
}
