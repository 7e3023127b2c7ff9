package io.quorate.spi.wire;

/** How urgent an RPC is. What is urgent never queues behind what is not. */
public enum Lane {
    /** Small and needed now: votes, heartbeats, read confirmations, status. */
    URGENT,
    /** Appends, commands, queries. */
    NORMAL,
    /** Snapshots, and calls that wait: watches. */
    BULK
}
