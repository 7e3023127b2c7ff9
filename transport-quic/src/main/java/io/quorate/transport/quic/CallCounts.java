package io.quorate.transport.quic;

import io.quorate.spi.transport.CloseReason;

/**
 * What the calls of one connection have come to: how many of the other side are under way, counted where Netty keeps
 * them, and how many of either side were cut short. On the connection's thread.
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
    private final int mostCut;
    private int underWay;
    private int cut;

    /**
     * @param permitted calls that the other side may have open
     * @param mostCut calls that may be cut short before the connection is retired
     */
    CallCounts(int permitted, int mostCut) {
        this.most = Math.multiplyExact(SLACK, permitted);
        this.mostCut = mostCut;
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

    /** A call was cut short, by either side; whether that is the one with which the connection has had enough. */
    boolean cut() {
        cut++;
        return cut == mostCut;
    }

    /** Why a connection is retired. */
    static CloseReason retirement(int mostCut) {
        return CloseReason.of(CloseReason.Kind.NORMAL, "found " + mostCut + " calls cut short, expected fewer on one "
            + "connection; dial again");
    }

    /** What is wrong. */
    String excess() {
        return "found " + underWay + " streams of calls that this side has not ended, expected at most " + most;
    }
}
