package io.quorate.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.api.NodeId;
import io.quorate.api.Term;
import io.quorate.client.LeaderView.Offer;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Only a term makes one account of the leader newer than another. */
class LeaderViewTest {

    private static final NodeId N1 = new NodeId("n1");
    private static final NodeId N2 = new NodeId("n2");
    private static final NodeId N3 = new NodeId("n3");

    private final LeaderView view = new LeaderView();

    @Test
    void aHigherTermWithALeaderIsNewer() {
        assertEquals(Offer.CHANGED, offer(3, N1));
        assertEquals(Offer.CHANGED, offer(5, N2));
        assertEquals(Optional.of(N2), view.leader());
    }

    @Test
    void aLowerTermIsStaleWhateverItSays() {
        offer(5, N2);
        assertEquals(Offer.STALE, offer(4, N1));
        assertEquals(Offer.STALE, offer(4, N2));
        assertEquals(Optional.of(N2), view.leader());
        assertEquals(new Term(5), view.term());
    }

    @Test
    void aHigherTermWithoutALeaderHidesNobody() {
        offer(5, N2);
        assertEquals(Offer.STALE, offer(900, null));
        assertEquals(Optional.of(N2), view.leader());
        assertEquals(Offer.CHANGED, offer(6, N3));
    }

    @Test
    void theSameLeaderOfTheSameTermIsConfirmed() {
        offer(5, N2);
        assertEquals(Offer.CONFIRMED, offer(5, N2));
    }

    @Test
    void aTermHasOneLeader() {
        offer(5, N2);
        assertEquals(Offer.STALE, offer(5, N1));
        assertEquals(Optional.of(N2), view.leader());
    }

    @Test
    void aLeaderThatDisownsItsTermDoesNotGetItBack() {
        offer(5, N2);
        view.notLeading(N2, Optional.of(N3));
        assertEquals(Optional.empty(), view.leader());
        assertEquals(Optional.of(N3), view.hint());
        assertEquals(Offer.STALE, offer(5, N2));
        assertEquals(Offer.CHANGED, offer(6, N2));
        assertEquals(Optional.of(N2), view.leader());
        assertEquals(Optional.empty(), view.hint());
    }

    @Test
    void aHintCountsForNothingWhileALeaderIsKnown() {
        offer(5, N2);
        view.notLeading(N1, Optional.of(N3));
        assertEquals(Optional.of(N2), view.leader());
        assertEquals(Optional.empty(), view.hint());
    }

    @Test
    void aHintAtTheDeposedOrThatIsDisownedIsDropped() {
        offer(5, N2);
        view.notLeading(N2, Optional.empty());
        view.notLeading(N1, Optional.of(N2));
        assertEquals(Optional.empty(), view.hint());
        view.notLeading(N1, Optional.of(N3));
        view.notLeading(N3, Optional.empty());
        assertEquals(Optional.empty(), view.hint());
    }

    private Offer offer(long term, NodeId leader) {
        return view.offer(new Term(term), Optional.ofNullable(leader));
    }
}
