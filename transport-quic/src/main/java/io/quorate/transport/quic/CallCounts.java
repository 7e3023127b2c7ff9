package io.quorate.transport.quic;

/**
 * How many calls of the other side are under way on one connection, counted where Netty keeps them. On the connection's
 * thread.
 *
 * <p>QUIC's own limit is none to a peer that does not mean well. It sends a whole request, ends its half, and says
 * STOP_SENDING: quiche then ends the other half by itself, counts the stream as done and permits one more, while Netty,
 * which tells nobody who has nothing to write, keeps the stream, and this side the call, as long as the connection
 * lives. Such a peer could have any number of calls served at once.
 */
final class CallCounts {

    /**
     * Netty is a little behind quiche: a stream that has ended there, and given its place to another, is told here
     * later. Never by as many as are permitted.
     */
    private static final int SLACK = 2;

    private final int most;
    private int underWay;

    /** @param permitted calls that the other side may have open */
    CallCounts(int permitted) {
        this.most = Math.multiplyExact(SLACK, permitted);
    }

    /** The other side has begun a call; whether that is within the limit. */
    boolean began() {
        underWay++;
        return underWay <= most;
    }

    /** Its stream is gone. */
    void gone() {
        underWay--;
    }

    /** What is wrong. */
    String excess() {
        return "found " + underWay + " streams of calls that this side has not ended, expected at most " + most;
    }
}
