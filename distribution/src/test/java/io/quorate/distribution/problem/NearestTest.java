package io.quorate.distribution.problem;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The word that was meant, and none where none was. */
final class NearestTest {

    private static final List<String> WORDS = List.of("listen", "members", "node", "data-directory");

    @Test
    void findsWhatASlipOrTwoAwayStands() {
        assertEquals(Optional.of("listen"), Nearest.to("lisen", WORDS));
        assertEquals(Optional.of("listen"), Nearest.to("listne", WORDS));
        assertEquals(Optional.of("members"), Nearest.to("memberz", WORDS));
        assertEquals(Optional.of("data-directory"), Nearest.to("datadirectroy", WORDS));
    }

    @Test
    void suggestsNothingForAnotherWord() {
        assertEquals(Optional.empty(), Nearest.to("certificate", WORDS));
        assertEquals(Optional.empty(), Nearest.to("xyz", List.of("listen")));
    }
}
