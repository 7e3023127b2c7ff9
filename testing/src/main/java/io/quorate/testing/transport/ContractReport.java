package io.quorate.testing.transport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.junit.jupiter.api.extension.TestWatcher;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.TestAbortedException;

/**
 * Quotes the rule in each failure, and writes the table of rules after a run: to the platform's logger and to {@code
 * target/transport-contract-<name>.txt} (in the working directory if there is no {@code target}).
 *
 * <p>{@link System.Logger}, because this module requires no logging library: it ends up on the console, or wherever the
 * application sends it.
 */
final class ContractReport implements BeforeAllCallback, AfterAllCallback, InvocationInterceptor, TestWatcher {

    private static final System.Logger LOG = System.getLogger("io.quorate.testing.transport");
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(ContractReport.class);
    private static final int COLUMN = 7;

    /** One class's results, by rule. */
    private static final class Table {
        private final Map<Integer, String> lines = new TreeMap<>();
        private final Map<String, Integer> sums = new TreeMap<>();
        private volatile String name = "";
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        context.getStore(NAMESPACE).put(Table.class, new Table());
    }

    private static Table table(ExtensionContext context) {
        return context.getStore(NAMESPACE).get(Table.class, Table.class);
    }

    @Override
    public void interceptTestMethod(Invocation<Void> invocation, ReflectiveInvocationContext<Method> method,
            ExtensionContext context) throws Throwable {
        ContractRule rule = method.getExecutable().getAnnotation(ContractRule.class);
        if (rule == null) {
            invocation.proceed();
            return;
        }
        Bench bench = ((TransportContract) context.getRequiredTestInstance()).bench();
        table(context).name = bench.under().name();
        try {
            invocation.proceed();
            bench.verify();
        } catch (TestAbortedException skipped) {
            throw skipped;
        } catch (Throwable broken) {
            throw new AssertionFailedError("transport " + bench.under().name() + " breaks rule T" + two(rule.number())
                + ": \"" + rule.text() + "\": " + broken.getMessage() + bench.story(), broken);
        }
    }

    @Override
    public void testSuccessful(ExtensionContext context) {
        note(context, "passed", "");
    }

    @Override
    public void testFailed(ExtensionContext context, Throwable cause) {
        note(context, "FAILED", "");
    }

    @Override
    public void testAborted(ExtensionContext context, Throwable cause) {
        note(context, "skipped", " (" + cause.getMessage() + ")");
    }

    @Override
    public void testDisabled(ExtensionContext context, Optional<String> reason) {
        note(context, "skipped", " (" + reason.orElse("disabled") + ")");
    }

    private static void note(ExtensionContext context, String result, String why) {
        ContractRule rule = context.getRequiredTestMethod().getAnnotation(ContractRule.class);
        if (rule != null) {
            Table table = table(context);
            table.lines.put(rule.number(), "T" + two(rule.number()) + "  " + result
                + " ".repeat(COLUMN - result.length()) + "  " + rule.text() + why);
            table.sums.merge(result, 1, Integer::sum);
        }
    }

    private static String two(int number) {
        return number < 10 ? "0" + number : Integer.toString(number);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        Table table = table(context);
        if (table.lines.isEmpty()) {
            return;
        }
        String text = "Transport contract, " + table.name + ": " + table.sums + "\n"
            + String.join("\n", table.lines.values()) + "\n";
        LOG.log(System.Logger.Level.INFO, "{0}", text);
        Path folder = Files.isDirectory(Path.of("target")) ? Path.of("target") : Path.of("");
        try {
            Files.writeString(folder.resolve("transport-contract-" + table.name + ".txt"), text);
        } catch (IOException e) {
            throw new UncheckedIOException("the table of rules could not be written", e);
        }
    }
}
