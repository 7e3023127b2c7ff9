package io.quorate.distribution.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.distribution.simulation.Mutant.StaleException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The list of broken lines fits the source at every build; mvn verify -Pmutants takes longer, and tries them. */
class MutantTest {

    private static final Path ROOT = Path.of(System.getProperty("basedir", "")).toAbsolutePath().getParent();
    private static final int LEAST_MUTANTS = 60;

    @Test
    void everyLineOfTheListIsInTheSourceOnceAndIsChanged() throws Exception {
        List<Mutant> mutants = Mutant.read(ROOT.resolve(Mutants.LIST));
        Set<String> seen = new HashSet<>();
        for (Mutant mutant : mutants) {
            String source = Files.readString(ROOT.resolve(mutant.file()));
            String mutated = mutant.applied(source);
            assertTrue(!mutated.equals(source) && seen.add(mutated), () -> mutant + " does nothing, or is there twice");
            for (String scenario : mutant.scenario().stream().toList()) {
                Class.forName(scenario);
            }
        }
        assertTrue(mutants.size() >= LEAST_MUTANTS, () -> mutants.size() + " mutants");
    }

    @Test
    void aLineThatIsNotThereAnyMoreOrTwiceIsAnError() throws Exception {
        Mutant mutant = new Mutant("36", "A.java", "a < b", false, "a <= b", Optional.empty());
        assertEquals("if (a <= b) {", mutant.applied("if (a < b) {"));
        assertThrows(StaleException.class, () -> mutant.applied("if (a > b) {"));
        assertThrows(StaleException.class, () -> mutant.applied("if (a < b || a < b) {"));
        assertEquals("a < b || a <= b", new Mutant("36", "A.java", "a < b", true, "a <= b", Optional.empty())
            .applied("a < b || a < b"));
    }

    @Test
    void aListIsReadAndALineThatMakesNoSenseIsAnError(@TempDir Path directory) throws Exception {
        Path list = directory.resolve("list");
        Files.writeString(list, "# word\n== 36 core/A.java\n? some.Test\n- a < b\n+ a <= b\n-last c;\n+\n"
            + "== 4.3 core/B.java\n- d\n+ e\n");
        assertEquals(List.of(new Mutant("36", "core/A.java", "a < b", false, "a <= b", Optional.of("some.Test")),
            new Mutant("36", "core/A.java", "c;", true, "", Optional.of("some.Test")),
            new Mutant("4.3", "core/B.java", "d", false, "e", Optional.empty())), Mutant.read(list));
        Files.writeString(list, "== 36 core/A.java\na < b\n");
        assertThrows(StaleException.class, () -> Mutant.read(list));
    }

    @Test
    void aScenarioIsRunAsATestIsAndTellsWhatItFound() {
        assertEquals(Optional.empty(), MutantSeeds.failureOf(Passes.class.getName()));
        String failure = MutantSeeds.failureOf(Fails.class.getName()).orElseThrow();
        assertTrue(failure.contains("the second") && failure.contains("not so"), failure);
    }

    /** Stands for a scenario that finds nothing. */
    static class Passes {
        @Test
        void one() {
            assertTrue(true);
        }
    }

    /** Stands for one that does; its name keeps it from being run by itself. */
    static class Fails {
        @Test
        void first() {
            assertTrue(true);
        }

        @Test
        void theSecond() {
            throw new AssertionError("the second is not so");
        }
    }
}
