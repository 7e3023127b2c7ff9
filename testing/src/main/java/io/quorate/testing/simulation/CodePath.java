package io.quorate.testing.simulation;

/**
 * A way through the code that runs are known to take: rare ones, on which much depends. A campaign that does not take
 * one of them says nothing about it.
 */
public enum CodePath {
    /** A snapshot came from another node and was installed. */
    SNAPSHOT_INSTALLED,
    /** The replicated state was read from a snapshot, at a start or in place. */
    STATE_RESTORED,
    /** The beginning of a log was released behind a snapshot. */
    LOG_COMPACTED,
    /** Entries that the leader does not have were cut off a log. */
    CONFLICT_TRUNCATED,
    /** A follower told the leader that its log does not fit. */
    APPEND_REFUSED_BY_LOG,
    /** A leader of a former term was told that it is one. */
    APPEND_REFUSED_BY_TERM,
    /** A follower told its leader that it has no room. */
    FULL_DISK_TOLD,
    /** A process found less in its log than the one before it had written. */
    LOG_SHORTER_AFTER_RESTART,
    /** A process found the vote of the one before it. */
    VOTE_FOUND_AFTER_RESTART,
    /** A vote was refused. */
    VOTE_REFUSED,
    /** A pre-vote was refused. */
    PRE_VOTE_REFUSED,
    /** A leader gave up, since it heard no majority. */
    LEADER_GAVE_UP,
    /** A leader heard of a higher term. */
    LEADER_DEPOSED,
    /** A leader handed over, and the other one leads. */
    LEADERSHIP_HANDED_OVER,
    /** A joint configuration came into force. */
    JOINT_ENTERED,
    /** The same at a leader that is not among the new voters. */
    JOINT_ENTERED_BY_LEAVING_LEADER,
    /** A joint configuration was left by another leader than the one that had entered it. */
    JOINT_LEFT_BY_ANOTHER_LEADER,
    /** A learner became a voter. */
    LEARNER_PROMOTED,
    /** A member that has lost its data directory was told from the one that it was. */
    STORE_REPLACED,
    /** A node that was told of no configuration joined a cluster. */
    JOINED_WITHOUT_CONFIGURATION,
    /** A read was confirmed by a round of the leader's. */
    READ_BY_ROUND,
    /** A read was confirmed by the leader's lease. */
    READ_BY_LEASE,
    /** A client's session ended through the log. */
    SESSION_EXPIRED,
    /** A command that was applied already was answered from its session. */
    COMMAND_REPEATED,
    /** A client was told that the outcome of its command is unknown. */
    OUTCOME_UNKNOWN,
    /** A node whose disk failed stopped serving. */
    STOPPED_BY_DISK,
    /** A node with damaged files refused to start. */
    REFUSED_BY_DAMAGE
}
