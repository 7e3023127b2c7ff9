package io.quorate.raft.core;

/** Whether this node may take part in elections, and how, by its configuration and by what it has stored. */
final class Eligibility {

    private final RaftCore core;
    private final MembershipLog memberships;
    private boolean clusterExists;

    Eligibility(RaftCore core, MembershipLog memberships) {
        this.core = core;
        this.memberships = memberships;
    }

    /** A node has been met that has data of this cluster. */
    void clusterExists(long now) {
        clusterExists = true;
        if (hasLostItsData() && core.role() instanceof Candidate) {
            core.stepDown(now);
        }
    }

    /**
     * Learners, removed nodes and strangers never campaign; nor does a voter that could not write its first entry, or
     * one that has lost the store with which it votes, or has no data of a cluster that has some.
     *
     * <p>A configuration is in force from when it is in the log, so there is none that waits to be applied, and a
     * candidate needs the majorities of the newest one that it has, committed or not (thesis §4.1). An outgoing voter
     * may win too, and so may one whose removal is not known to be committed, without counting itself: see
     * {@link MembershipLog#stillHolds}.
     */
    boolean mayCampaign() {
        return !core.isStorageFull() && hasItsStore() && !hasLostItsData()
            && memberships.stillHolds(membership -> membership.votes(core.self()), core.log().commitIndex());
    }

    /**
     * A node that knows that it was removed stays out of elections; a learner votes, since it may have been promoted
     * meanwhile. One that has lost its data helps only those who have some.
     *
     * <p>A node that no configuration it knows has ever named cannot know whether it is a member today, so it votes for
     * whoever asks and leaves it to the candidate to count the vote or not (by its own configuration and the store
     * recorded there). Scenario: a cluster of one adds a second node and makes it a voter by force, and both stop
     * before the second has received more than the first entries. The first needs its vote, and only a leader could
     * tell the second that it has one. In the specification: {@code StrangersStayOut}, {@code OnlyTheEmptyVote}.
     */
    boolean mayVoteFor(long candidatesLastIndex) {
        return (!memberships.haveNamed(core.self())
                || memberships.stillHolds(membership -> membership.contains(core.self()), core.log().commitIndex()))
            && hasItsStore() && (candidatesLastIndex > 0 || !hasLostItsData());
    }

    /** Whether its store is the one that is recorded for it, as far as either is known. */
    private boolean hasItsStore() {
        Long recorded = core.membership().stores().get(core.self());
        return recorded == null || core.store() == 0 || recorded == core.store();
    }

    /**
     * Whether this node has nothing of a cluster that has something. Scenario: three of five voters lose their disks
     * and start again with the configuration of the first day. They are a majority, and with logs that are equally
     * empty they would found a second cluster under the survivors' eyes.
     */
    private boolean hasLostItsData() {
        return clusterExists && core.log().lastIndex() == 0;
    }
}
