package io.quorate.testing.transport;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.Connection;
import io.quorate.spi.transport.ConnectionHandler;
import io.quorate.spi.transport.ConnectionState;
import io.quorate.spi.transport.Evidence;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RpcStream;
import io.quorate.spi.transport.StreamAcceptor;
import io.quorate.spi.transport.StreamHandler;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.RpcExchange;
import io.quorate.spi.wire.RpcType;
import io.quorate.spi.wire.WireException;
import io.quorate.spi.wire.WireViolation;
import io.quorate.testing.time.VirtualWorld;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * A connection as it was in the incident (lesson A.2), on purpose, to be found out: one stream of messages for all
 * calls, which the callers and the server's loop read alike, first come, first served. A request begins with its
 * procedure's number; a response begins with its error, which is an empty string, whose first byte is 160. Nothing
 * says which call a message belongs to, nor whether it is a request. What is no call's goes over a sound connection.
 */
final class SharingConnection implements Connection {

    /** The first byte of an empty string in MessagePack: how a good response begins. */
    private static final int EMPTY_ERROR = 0xA0;

    private static final long DELAY_NANOS = 1_000_000;
    private static final int MAX_CALLS = 128;

    /** What goes over the shared stream: a first byte, whether its sender has more to say, and a body. */
    private record Message(int first, boolean end, Bytes body) {
    }

    /** Whoever waits for the next message. */
    private interface Reader {
        void read(Message message);
    }

    private final Connection sound;
    private final VirtualWorld world;
    private final Consumer<String> counters;
    private final ArrayDeque<Message> incoming = new ArrayDeque<>();
    private final ArrayDeque<Reader> readers = new ArrayDeque<>();
    private final List<SharingStream> calls = new ArrayList<>();
    private SharingConnection other;
    private StreamAcceptor acceptor;
    private SharingStream served;
    private long nextCall;

    SharingConnection(Connection sound, VirtualWorld world, Consumer<String> counters) {
        this.sound = sound;
        this.world = world;
        this.counters = counters;
    }

    void join(SharingConnection peer) {
        other = peer;
        peer.other = this;
    }

    private void write(Message message) {
        world.schedule(DELAY_NANOS, () -> {
            other.incoming.add(message);
            other.handOut();
        });
    }

    /** The next message goes to whoever began to wait last; the server's loop waits when nobody else does. */
    private void handOut() {
        while (!incoming.isEmpty() && !readers.isEmpty() && state() != ConnectionState.CLOSED) {
            readers.pollLast().read(incoming.poll());
        }
    }

    private void serve(Message message) {
        readers.addFirst(this::serve);
        if (message.first() < 1 || message.first() > RpcType.values().length) {
            String detail = "unknown rpc type " + message.first();
            counters.accept(WireViolation.UNKNOWN_RPC_TYPE.counterName());
            close(CloseReason.violation(WireViolation.UNKNOWN_RPC_TYPE, detail));
            return;
        }
        RpcType type = RpcType.values()[message.first() - 1];
        if (served == null) {
            served = new SharingStream(++nextCall, type, RpcExchange.server());
            calls.add(served);
            served.handler = acceptor.onStream(served);
        }
        SharingStream stream = served;
        if (message.end()) {
            served = null;
        }
        stream.deliver(FrameKind.REQUEST, message);
    }

    private final class SharingStream implements RpcStream {
        private final long id;
        private final RpcType type;
        private final RpcExchange exchange;
        private StreamHandler handler;
        private boolean gone;
        private final Reader reader = this::read;

        SharingStream(long id, RpcType type, RpcExchange exchange) {
            this.id = id;
            this.type = type;
            this.exchange = exchange;
        }

        @Override
        public long correlationId() {
            return id;
        }

        @Override
        public boolean send(Frame frame) {
            if (gone) {
                return false;
            }
            exchange.sending(frame);
            boolean request = frame.kind() == FrameKind.REQUEST;
            write(new Message(request ? type.ordinal() + 1 : EMPTY_ERROR, frame.end(), frame.body()));
            if (request && frame.end()) {
                readers.addLast(reader);
                handOut();
            }
            return true;
        }

        /** Takes whatever comes for the response: nothing says that it is not. */
        private void read(Message message) {
            if (!message.end()) {
                readers.addLast(reader);
            }
            deliver(FrameKind.RESPONSE, message);
        }

        private void deliver(FrameKind kind, Message message) {
            Frame frame = new Frame(kind, message.end(), type.code(), id, kind == FrameKind.REQUEST ? 1 : 0,
                List.of(message.body()));
            try {
                exchange.received(frame);
            } catch (WireException e) {
                throw new IllegalStateException("the frame was made to fit", e);
            }
            if (!gone) {
                handler.onFrame(frame);
            }
        }

        @Override
        public void read(boolean enabled) {
            // There is but one reader for all calls: to stop it would stop them all.
        }

        @Override
        public void reset(CloseReason reason) {
            if (!gone && !exchange.complete()) {
                // Nobody waits for the answer any more; when it comes, the server's loop is there to read it.
                readers.remove(reader);
                world.schedule(0, () -> lost(reason));
            }
        }

        private void lost(CloseReason reason) {
            if (!gone && !exchange.complete()) {
                gone = true;
                handler.onReset(reason);
            }
        }
    }

    @Override
    public int openCapacity() {
        return sound.openCapacity() > 0 ? MAX_CALLS : 0;
    }

    @Override
    public Optional<RpcStream> open(RpcType type, StreamHandler handler) {
        if (openCapacity() == 0) {
            return Optional.empty();
        }
        long id = ++nextCall;
        SharingStream stream = new SharingStream(id, type, RpcExchange.caller(type.code(), id));
        stream.handler = handler;
        calls.add(stream);
        return Optional.of(stream);
    }

    @Override
    public void activate(StreamAcceptor target) {
        sound.activate(stream -> {
            throw new IllegalStateException("no call goes over the sound connection");
        });
        acceptor = target;
        readers.addFirst(this::serve);
        handOut();
    }

    @Override
    public void start(ConnectionHandler handler) {
        sound.start(new ConnectionHandler() {
            @Override
            public void onControl(Frame frame) {
                handler.onControl(frame);
            }

            @Override
            public void onCapacity() {
                handler.onCapacity();
            }

            @Override
            public void onClosed(CloseReason reason) {
                List.copyOf(calls).forEach(call -> call.lost(reason));
                handler.onClosed(reason);
            }
        });
    }

    @Override
    public long id() {
        return sound.id();
    }

    @Override
    public String scheme() {
        return sound.scheme();
    }

    @Override
    public Origin origin() {
        return sound.origin();
    }

    @Override
    public OptionalLong dialId() {
        return sound.dialId();
    }

    @Override
    public String remote() {
        return sound.remote();
    }

    @Override
    public String source() {
        return sound.source();
    }

    @Override
    public Evidence evidence() {
        return sound.evidence();
    }

    @Override
    public void send(Frame controlFrame) {
        sound.send(controlFrame);
    }

    @Override
    public void close(CloseReason reason) {
        sound.close(reason);
    }

    @Override
    public long bytesRead() {
        return sound.bytesRead();
    }

    @Override
    public ConnectionState state() {
        return sound.state();
    }
}
