package io.quorate.client;

import io.quorate.api.Bytes;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.spi.wire.RpcType;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.Predicate;

/**
 * An operation with calls of its own: a watch, a look at the peers, a status. It can change nothing, so every failure
 * that is not a verdict is tried again. Or an order of an operator to the leader, which is tried again only if it
 * surely did nothing.
 */
final class DirectCall<R> extends Pending<R> {

    /** Reads a response. */
    @FunctionalInterface
    interface Decoder<R> {
        R decode(Bytes response) throws MalformedBytesException;
    }

    final RpcType type;

    /** Makes the request; is given how long the asked node may wait for news, in milliseconds. */
    final IntFunction<List<Bytes>> request;
    final Decoder<R> decoder;

    /** Whether a response is worth returning before the time to wait is over. */
    final Predicate<R> news;

    /** How long to wait for news; 0 for a plain question. */
    final long waitNanos;

    /** The one node to ask; null if any will do. */
    final NodeId only;

    /** Whether it is for the leader, and changes something. */
    final boolean order;

    long notBeforeNanos = Long.MIN_VALUE;

    DirectCall(RpcType type, int bytes, IntFunction<List<Bytes>> request, Decoder<R> decoder, Predicate<R> news,
            long waitNanos, NodeId only) {
        this(type, bytes, request, decoder, news, waitNanos, only, false);
    }

    private DirectCall(RpcType type, int bytes, IntFunction<List<Bytes>> request, Decoder<R> decoder,
            Predicate<R> news, long waitNanos, NodeId only, boolean order) {
        super(bytes);
        this.order = order;
        this.type = type;
        this.request = request;
        this.decoder = decoder;
        this.news = news;
        this.waitNanos = waitNanos;
        this.only = only;
    }

    /** A plain question to any node, or to {@code only} if that is not null. */
    static <R> DirectCall<R> question(RpcType type, Decoder<R> decoder, NodeId only) {
        return new DirectCall<>(type, 0, wait -> List.of(Bytes.empty()), decoder, answer -> true, 0, only);
    }

    /** An order to the leader, which may take {@code takesNanos} beside the usual time. */
    static <R> DirectCall<R> order(RpcType type, List<Bytes> request, Decoder<R> decoder, long takesNanos) {
        return new DirectCall<>(type, 0, wait -> request, decoder, answer -> true, takesNanos, null, true);
    }

    Routes.Want want() {
        return order ? Routes.Want.LEADER : Routes.Want.ANY;
    }

    /** After its time to wait it has the time of any other operation to get an answer. */
    @Override
    long limitNanos(long operationTimeoutNanos) {
        return waitNanos + operationTimeoutNanos;
    }
}
