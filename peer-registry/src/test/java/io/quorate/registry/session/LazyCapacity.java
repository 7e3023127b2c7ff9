package io.quorate.registry.session;

import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.Connection;
import io.quorate.spi.transport.ConnectionFailure;
import io.quorate.spi.transport.ConnectionHandler;
import io.quorate.spi.transport.ConnectionSink;
import io.quorate.spi.transport.StreamHandler;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.RpcType;
import io.quorate.testing.time.VirtualWorld;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Optional;

/** Makes a transport's connections tell of a call's end a moment before they can be leased again. */
final class LazyCapacity {

    private final Connection connection;
    private final VirtualWorld world;
    private final long lazyMillis;
    private ConnectionHandler handler;
    private boolean busy;

    private LazyCapacity(Connection connection, VirtualWorld world, long lazyMillis) {
        this.connection = connection;
        this.world = world;
        this.lazyMillis = lazyMillis;
    }

    static Transport over(Transport transport, VirtualWorld world, long lazyMillis) {
        return proxy(Transport.class, (self, method, arguments) -> {
            if (!method.getName().equals("start")) {
                return invoke(transport, method, arguments);
            }
            ConnectionSink sink = (ConnectionSink) arguments[0];
            transport.start(new ConnectionSink() {
                @Override
                public void onConnection(Connection connection) {
                    sink.onConnection(new LazyCapacity(connection, world, lazyMillis).asConnection());
                }

                @Override
                public void onFailure(ConnectionFailure failure) {
                    sink.onFailure(failure);
                }
            });
            return null;
        });
    }

    private Connection asConnection() {
        return proxy(Connection.class, (self, method, arguments) -> switch (method.getName()) {
            case "start" -> {
                handler = (ConnectionHandler) arguments[0];
                yield invoke(connection, method, arguments);
            }
            case "openCapacity" -> busy ? 0 : connection.openCapacity();
            case "open" -> busy ? Optional.empty()
                : connection.open((RpcType) arguments[0], late((StreamHandler) arguments[1]));
            default -> invoke(connection, method, arguments);
        });
    }

    private StreamHandler late(StreamHandler target) {
        return new StreamHandler() {
            @Override
            public void onFrame(Frame frame) {
                busy = true;
                target.onFrame(frame);
                world.schedule(lazyMillis * 1_000_000, () -> {
                    busy = false;
                    handler.onCapacity();
                });
            }

            @Override
            public void onReset(CloseReason reason) {
                target.onReset(reason);
            }
        };
    }

    static Object invoke(Object target, Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    static <T> T proxy(Class<T> type, InvocationHandler behaviour) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, behaviour));
    }
}
