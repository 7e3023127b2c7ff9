package io.quorate.identity.x509;

import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.helpers.MessageFormatter;

/** A log that a test can read. */
final class RecordingLog {

    private final List<String> lines = new CopyOnWriteArrayList<>();

    Logger logger() {
        return (Logger) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {Logger.class},
            (proxy, method, arguments) -> {
                Object[] rest = Arrays.stream(arguments).skip(1)
                    .flatMap(a -> a instanceof Object[] many ? Arrays.stream(many) : java.util.stream.Stream.of(a))
                    .toArray();
                lines.add(method.getName() + ": "
                    + MessageFormatter.arrayFormat((String) arguments[0], rest).getMessage());
                return null;
            });
    }

    List<String> warnings() {
        return lines.stream().filter(line -> line.startsWith("warn: ")).toList();
    }

    List<String> lines() {
        return lines;
    }
}
