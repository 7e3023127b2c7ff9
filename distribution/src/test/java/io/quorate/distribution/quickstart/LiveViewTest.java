package io.quorate.distribution.quickstart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.ClusterId;
import io.quorate.api.LogIndex;
import io.quorate.api.NodeId;
import io.quorate.api.NodeStatus;
import io.quorate.api.Peer;
import io.quorate.api.PeerStatus;
import io.quorate.api.Term;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.time.LocalTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** A cluster as it changes: redrawn on a terminal, told change by change elsewhere. */
final class LiveViewTest {

    private static final NodeId N1 = new NodeId("n1");
    private static final NodeId N2 = new NodeId("n2");

    private final StringWriter text = new StringWriter();

    @Test
    void tellsChangesAloneWhereNoTerminalIs() {
        LiveView view = new LiveView(new PrintWriter(text), false, () -> LocalTime.NOON);

        view.show(snapshot(true), Map.of());
        view.show(snapshot(true), Map.of());
        view.show(snapshot(false), Map.of());

        assertEquals("""
            12:00:00  n1 leader, term 2, sees n2, ONLINE
            12:00:00  n2 follower, term 2, sees n1, ONLINE
            12:00:00  n1 leader, term 2, sees nobody, ONLINE
            12:00:00  n2 no answer, OFFLINE
            """, text.toString());
    }

    @Test
    void drawsATableOverTheLastOne() {
        LiveView view = new LiveView(new PrintWriter(text), true, () -> LocalTime.NOON);

        view.show(snapshot(true), Map.of(N1, 100L, N2, 2000L));
        assertEquals("""
            NODE   PID  ROLE      TERM  COMMIT  APPLIED  SEES  STATUS
            n1     100  leader       2       9        8  n2    ONLINE
            n2    2000  follower     2       9        8  n1    ONLINE
            """, text.toString().replaceAll("\u001b\\[\\?7[lh]", ""));
        view.note("node n2 ended by signal 9");
        view.show(snapshot(false), Map.of(N1, 100L));
        assertTrue(text.toString().contains("\u001b[3A\u001b[0J\u001b[?7lNODE"), text.toString());
        assertTrue(text.toString().endsWith("""
            n2      -  no answer     -       -        -  -     OFFLINE

            12:00:00  node n2 ended by signal 9
            """ + "\u001b[?7h"), text.toString());
    }

    @Test
    void knowsWhenEveryoneSeesEveryone() {
        assertTrue(snapshot(true).allOnlineEverywhere());
        assertFalse(snapshot(false).allOnlineEverywhere());
        assertEquals(N1, snapshot(true).leader().orElseThrow().node());
        assertTrue(snapshot(false).says(N1, N2, PeerStatus.OFFLINE));
        assertFalse(snapshot(false).says(N2, N2, PeerStatus.OFFLINE), "a node that does not answer says nothing");
    }

    private static ClusterSnapshot snapshot(boolean both) {
        TreeMap<NodeId, Optional<NodeStatus>> nodes = new TreeMap<>();
        TreeMap<NodeId, List<Peer>> views = new TreeMap<>();
        List<Peer> peers = List.of(peer(N1, PeerStatus.ONLINE),
            peer(N2, both ? PeerStatus.ONLINE : PeerStatus.OFFLINE));
        nodes.put(N1, Optional.of(status(N1, "leader", both ? List.of(N1, N2) : List.of(N1))));
        views.put(N1, peers);
        nodes.put(N2, both ? Optional.of(status(N2, "follower", List.of(N1))) : Optional.empty());
        if (both) {
            views.put(N2, peers);
        }
        return new ClusterSnapshot(nodes, views);
    }

    private static Peer peer(NodeId id, PeerStatus status) {
        return new Peer(id, 1, status, "", Optional.empty(), Optional.empty(), List.of(), "", Instant.EPOCH,
            Optional.empty(), Term.ZERO);
    }

    private static NodeStatus status(NodeId node, String role, List<NodeId> sees) {
        return new NodeStatus(node, new ClusterId("c"), 1, "v", role, new Term(2), Optional.of(N1), new LogIndex(9),
            new LogIndex(8), new LogIndex(9), List.of(N1, N2), sees, "kv", 0, new TreeMap<>(), Optional.empty());
    }
}
