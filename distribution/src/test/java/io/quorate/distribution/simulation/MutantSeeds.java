package io.quorate.distribution.simulation;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** A mutant's process: runs a scenario and seeds until one fails, which is what is wanted. Prints one line. */
final class MutantSeeds {

    private static final long LONGEST_SECONDS = 120;
    private static final int NONE = 0;

    private MutantSeeds() {
    }

    /** @param arguments classes of tests or -, and the seeds, each separated by commas */
    public static void main(String[] arguments) {
        AtomicReference<String> now = new AtomicReference<>("its scenario");
        AtomicLong began = new AtomicLong(System.nanoTime());
        Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().factory())
            .scheduleAtFixedRate(() -> watch(now, began), 1, 1, TimeUnit.SECONDS);
        Runs.quietly(() -> {
            for (String scenario : arguments[0].equals("-") ? new String[0] : arguments[0].split(",")) {
                failureOf(scenario).ifPresent(found -> end("KILLED by " + now + ": " + found));
            }
            List<Long> seeds = Arrays.stream(arguments[1].split(",")).map(Long::valueOf).toList();
            for (long seed : seeds) {
                now.set("seed " + seed);
                began.set(System.nanoTime());
                try {
                    Runs.run(seed);
                } catch (RuntimeException | Error e) {
                    end("KILLED by seed " + seed + ": " + found(e));
                }
            }
            end("SURVIVED " + seeds.size() + " seeds");
        });
    }

    private static void end(String line) {
        System.out.println(line);
        Runtime.getRuntime().exit(NONE);
    }

    /** A mutant may go round and round within one event; then nothing but another thread sees it. */
    private static void watch(AtomicReference<String> now, AtomicLong began) {
        if (System.nanoTime() - began.get() > TimeUnit.SECONDS.toNanos(LONGEST_SECONDS)) {
            System.out.println("KILLED by " + now + ": it does not end within " + LONGEST_SECONDS + " s");
            Runtime.getRuntime().halt(NONE);
        }
    }

    /** What a failure has found, without how to see it again. */
    private static String found(Throwable failure) {
        return String.valueOf(failure.getMessage()).lines().filter(line -> !line.startsWith("SIMULATION FAILED"))
            .findFirst().orElse("").replaceFirst("^.*Violation: ", "");
    }

    /** Runs the tests of a class, in order of name; what the first one found that fails. */
    static Optional<String> failureOf(String scenario) {
        try {
            Class<?> tests = Class.forName(scenario);
            Constructor<?> maker = tests.getDeclaredConstructor();
            maker.setAccessible(true);
            for (Method test : Arrays.stream(tests.getDeclaredMethods())
                .filter(method -> method.isAnnotationPresent(Test.class))
                .sorted(Comparator.comparing(Method::getName)).toList()) {
                test.setAccessible(true);
                try {
                    test.invoke(maker.newInstance());
                } catch (InvocationTargetException e) {
                    return Optional.of(test.getName() + ": " + found(e.getCause()));
                }
            }
            return Optional.empty();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("found no tests in " + scenario + ", expected some; mend the list", e);
        }
    }
}
