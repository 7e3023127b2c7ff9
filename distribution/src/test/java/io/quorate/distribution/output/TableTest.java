package io.quorate.distribution.output;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Columns line up, whatever is in them. */
final class TableTest {

    @Test
    void alignsColumnsAndNumbersRight() {
        Table table = new Table("NODE", ">TERM", "STATUS").row("n1", 7, "ONLINE").row("node-10", 1234, "x");

        assertEquals(List.of(
            "NODE     TERM  STATUS",
            "n1          7  ONLINE",
            "node-10  1234  x"), table.lines());
    }

    @Test
    void showsWhatIsMissingAsADash() {
        assertEquals(List.of("A  B  C", "-  -  c"), new Table("A", "B", "C").row(null, "", "c").lines());
    }

    @Test
    void countsCharactersAndNotCodeUnits() {
        assertEquals(List.of("A   B", "\uD83D\uDE80\uD83D\uDE80  x", "ab  y"),
            new Table("A", "B").row("\uD83D\uDE80\uD83D\uDE80", "x").row("ab", "y").lines());
    }

    @Test
    void refusesARowOfAnotherLength() {
        assertThrows(IllegalArgumentException.class, () -> new Table("A", "B").row("only one"));
    }
}
