package io.quorate.testing.simulation;

/** What can go wrong in a simulated cluster. A run has some kinds of faults and not others (swarm testing). */
public enum FaultKind {
    /** A process is killed; its kernel closes its connections and keeps what it wrote. */
    KILL,
    /** A process is stopped in order. */
    STOP,
    /** A machine loses its power, and any part of what was not synced. */
    POWER_LOSS,
    /** A machine loses its power within one of the next operations on its disk. */
    POWER_LOSS_IN_WRITE,
    /** A process stands still for a while. */
    PAUSE,
    /** The hosts fall into two groups that do not reach each other. */
    PARTITION,
    /** One host does not reach another, which still reaches it. */
    ONE_WAY,
    /** Two hosts do not reach each other, and both reach all others. */
    PARTIAL,
    /** Connections between two hosts break. */
    CUT,
    /** Frames are lost now and then, and their connections with them. */
    LOSS,
    /** Frames are late now and then, so that what was sent on two connections arrives the other way round. */
    DELAY,
    /** The way from one host to another is long. */
    SLOW_PATH,
    /** A host's clocks run fast or slow. */
    CLOCK_DRIFT,
    /** A host's wall clock is set, by up to an hour. */
    WALL_CLOCK_JUMP,
    /** A disk has no room for a while. */
    DISK_FULL,
    /** A disk is slow for a while. */
    DISK_SLOW,
    /** An fsync fails; what it should have saved looks saved until the power is cut. */
    FAILED_SYNC,
    /** A write fails after half of it. */
    FAILED_WRITE,
    /** Bits of a stopped node's files are not what they were. */
    BIT_FLIP,
    /** A voter's disk is replaced by an empty one, while all others are well; it is started with its old name. */
    REPLACED_DISK,
    /** Members are added, removed, promoted or demoted. */
    MEMBERSHIP,
    /** The leadership is handed over. */
    TRANSFER,
    /** A leader is cut off with what it is asked just then, for long enough that another is elected. */
    STRANDED_LEADER,
    /** A follower misses what a leader takes, the leader is gone, and those who are left elect another. */
    LEFT_BEHIND,
    /** The order to lead comes late, or its sender is cut off with reads under way as soon as it has sent it. */
    LATE_HANDOVER,
    /** Some nodes are of an earlier build at first, and are upgraded one by one, in any order. */
    VERSION_MIX
}
