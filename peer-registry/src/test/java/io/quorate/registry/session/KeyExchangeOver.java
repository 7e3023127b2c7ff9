package io.quorate.registry.session;

import io.quorate.spi.transport.Connection;
import io.quorate.spi.transport.ConnectionFailure;
import io.quorate.spi.transport.ConnectionSink;
import io.quorate.spi.transport.Evidence;
import io.quorate.spi.transport.Transport;
import java.util.Optional;

/** Makes a transport say which key exchange its connections have. */
final class KeyExchangeOver {

    private KeyExchangeOver() {
    }

    static Transport over(Transport transport, Optional<String> group) {
        return LazyCapacity.proxy(Transport.class, (self, method, arguments) -> {
            if (!method.getName().equals("start")) {
                return LazyCapacity.invoke(transport, method, arguments);
            }
            ConnectionSink sink = (ConnectionSink) arguments[0];
            transport.start(new ConnectionSink() {
                @Override
                public void onConnection(Connection connection) {
                    sink.onConnection(with(connection, group));
                }

                @Override
                public void onFailure(ConnectionFailure failure) {
                    sink.onFailure(failure);
                }
            });
            return null;
        });
    }

    private static Connection with(Connection connection, Optional<String> group) {
        Evidence plain = connection.evidence();
        Evidence evidence = new Evidence(plain.chain(), plain.channelBinding(), group, plain.description());
        return LazyCapacity.proxy(Connection.class, (self, method, arguments) ->
            method.getName().equals("evidence") ? evidence : LazyCapacity.invoke(connection, method, arguments));
    }
}
