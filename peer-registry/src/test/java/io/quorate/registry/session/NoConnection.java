package io.quorate.registry.session;

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
import io.quorate.spi.wire.RpcType;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** A connection that leads nowhere, and whose certificate is missing. */
final class NoConnection implements Connection {

    @Override
    public long id() {
        return 1;
    }

    @Override
    public String scheme() {
        return "none";
    }

    @Override
    public Origin origin() {
        return Origin.ACCEPTED;
    }

    @Override
    public OptionalLong dialId() {
        return OptionalLong.empty();
    }

    @Override
    public String remote() {
        return "nowhere:1";
    }

    @Override
    public String source() {
        return "nowhere";
    }

    @Override
    public Evidence evidence() {
        return new Evidence(List.of(), Bytes.utf8("none"), Optional.empty(), "none");
    }

    @Override
    public void start(ConnectionHandler handler) {
        // Nothing arrives.
    }

    @Override
    public void send(Frame frame) {
        // Nothing leaves.
    }

    @Override
    public void activate(StreamAcceptor acceptor) {
        // No call arrives.
    }

    @Override
    public int openCapacity() {
        return 0;
    }

    @Override
    public Optional<RpcStream> open(RpcType type, StreamHandler handler) {
        return Optional.empty();
    }

    @Override
    public void close(CloseReason reason) {
        // Nothing is held.
    }

    @Override
    public long bytesRead() {
        return 0;
    }

    @Override
    public ConnectionState state() {
        return ConnectionState.CLOSED;
    }
}
