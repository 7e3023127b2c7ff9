package io.quorate.spi.node;

/**
 * What is different for a node in a simulation, beside what its consensus finds ({@code ConsensusEnvironment}).
 *
 * @param trace hears how the replicated state follows from the log
 * @param sessionPace how the time of sessions passes; the same on all nodes of a cluster
 */
public record NodeEnvironment(StateTrace trace, SessionPace sessionPace) {

    /** Production's. */
    public static final NodeEnvironment USUAL = new NodeEnvironment(StateTrace.NONE, SessionPace.USUAL);
}
