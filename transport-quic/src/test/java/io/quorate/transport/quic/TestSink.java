package io.quorate.transport.quic;

import io.quorate.spi.transport.Connection;
import io.quorate.spi.transport.ConnectionFailure;
import io.quorate.spi.transport.ConnectionSink;

/** Expects nothing. */
final class TestSink implements ConnectionSink {

    @Override
    public void onConnection(Connection connection) {
        throw new AssertionError("found " + connection + ", expected none");
    }

    @Override
    public void onFailure(ConnectionFailure failure) {
        throw new AssertionError("found " + failure + ", expected none");
    }
}
