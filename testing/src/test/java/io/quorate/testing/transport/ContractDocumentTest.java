package io.quorate.testing.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The page and the tests have the same rules, in the same words. */
class ContractDocumentTest {

    private static final Pattern ROW = Pattern.compile("(?m)^\\| T(\\d\\d) \\| (.*?) \\| (.+) \\|$");

    private static List<Method> rules() {
        return Arrays.stream(TransportContract.class.getMethods())
            .filter(method -> method.isAnnotationPresent(ContractRule.class)).toList();
    }

    private static String page() throws IOException {
        Path docs = Path.of("docs");
        return Files.readString((Files.isDirectory(docs) ? docs : Path.of("..", "docs"))
            .resolve("transport-contract.md"));
    }

    @Test
    void livesInANamedModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void thePageHasTheRulesOfTheTests() throws IOException {
        Map<Integer, String> written = ROW.matcher(page()).results().collect(Collectors.toMap(
            (MatchResult row) -> Integer.parseInt(row.group(1)), row -> row.group(2), (a, b) -> a + b, TreeMap::new));
        Map<Integer, String> tested = new TreeMap<>();
        for (Method method : rules()) {
            ContractRule rule = method.getAnnotation(ContractRule.class);
            assertEquals(null, tested.put(rule.number(), rule.text()), "rule " + rule.number() + " is there twice");
        }
        assertEquals(tested, written);
    }

    @Test
    void eachTestIsNamedAfterItsRule() {
        for (Method method : rules()) {
            String number = String.format("%02d", method.getAnnotation(ContractRule.class).number());
            assertTrue(method.getName().startsWith("required_t" + number + "_"), method.getName());
        }
    }

    /** What the page shows of the in-memory transport's harness is the code that runs. */
    @Test
    void theExampleIsTheCode() throws IOException {
        Path source = Path.of("src/test/java/io/quorate/testing/transport/MemoryUnderTest.java");
        String code = Files.readString(Files.exists(source) ? source : Path.of("testing").resolve(source));
        assertTrue(page().contains(code.substring(code.indexOf("/** The in-memory")).strip()));
    }
}
