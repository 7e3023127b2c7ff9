package io.quorate.raft.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class TermIndexTest {

    @Test
    void agrees_with_a_plain_list_whatever_is_done_to_it() {
        Random random = new Random(42);
        for (int round = 0; round < 200; round++) {
            long first = 1 + random.nextInt(3);
            TermIndex index = new TermIndex(first, first - 1);
            List<Long> plain = new ArrayList<>();
            for (int step = 0; step < 60; step++) {
                long last = plain.isEmpty() ? first - 1 : plain.get(plain.size() - 1);
                if (random.nextInt(4) > 0) {
                    int count = 1 + random.nextInt(3);
                    long term = Math.max(1, last + random.nextInt(3));
                    index.append(first + plain.size(), first + plain.size() + count - 1, term);
                    for (int i = 0; i < count; i++) {
                        plain.add(term);
                    }
                } else {
                    int keep = random.nextInt(plain.size() + 2);
                    index.truncateFrom(first + keep);
                    plain = new ArrayList<>(plain.subList(0, Math.min(keep, plain.size())));
                }
                compare(plain, index, first, random.nextInt(12));
            }
            compare(plain, index.copy(), first, 3);
        }
    }

    private static void compare(List<Long> plain, TermIndex index, long first, long term) {
        assertEquals(first + plain.size() - 1, index.lastIndex());
        assertEquals(first - 1, index.termAt(first - 1));
        long atOrBelow = first - 1;
        for (int i = 0; i < plain.size(); i++) {
            long at = first + i;
            assertEquals(plain.get(i), index.termAt(at));
            assertEquals(first + plain.indexOf(plain.get(i)), index.firstIndexOfTermAt(at));
            assertTrue(index.matches(at, plain.get(i)));
            assertFalse(index.matches(at, plain.get(i) + 1));
            if (plain.get(i) <= term) {
                atOrBelow = at;
            }
        }
        assertEquals(atOrBelow, index.lastIndexAtOrBelowTerm(Long.MAX_VALUE, term));
        assertThrows(IndexOutOfBoundsException.class, () -> index.termAt(index.lastIndex() + 1));
        assertThrows(IndexOutOfBoundsException.class, () -> index.termAt(first - 2));
        assertFalse(index.matches(index.lastIndex() + 1, 0));
        assertFalse(index.matches(first - 2, 0));
    }

    @Test
    void refuses_gaps_and_decreasing_terms() {
        TermIndex index = new TermIndex();
        index.append(1, 3);
        assertThrows(IllegalArgumentException.class, () -> index.append(3, 3));
        assertThrows(IllegalArgumentException.class, () -> index.append(1, 3));
        assertThrows(IllegalArgumentException.class, () -> index.append(2, 2));
        assertThrows(IllegalArgumentException.class, () -> new TermIndex().append(1, 0));
        assertThrows(IllegalArgumentException.class, () -> index.truncateFrom(0));
    }

    @Test
    void whatIsReleasedHasNoTermAndMatchesNothingButTheLastOfIt() {
        for (long released = 0; released <= 9; released++) {
            TermIndex terms = new TermIndex();
            terms.append(1, 3, 1);
            terms.append(4, 4, 3);
            terms.append(5, 9, 4);
            TermIndex whole = terms.copy();
            terms.releaseUntil(released);
            terms.releaseUntil(released - 1);
            assertEquals(released + 1, terms.firstIndex());
            assertEquals(9, terms.lastIndex());
            assertEquals(4, terms.lastTerm());
            for (long index = 0; index <= 10; index++) {
                for (long term = 0; term <= 5; term++) {
                    assertEquals(index >= released && whole.matches(index, term), terms.matches(index, term));
                }
                if (index < released) {
                    long gone = index;
                    assertThrows(IndexOutOfBoundsException.class, () -> terms.termAt(gone));
                }
            }
            if (released < 9) {
                assertEquals(Math.max(whole.firstIndexOfTermAt(released + 1), released + 1),
                    terms.firstIndexOfTermAt(released + 1));
            }
            assertEquals(Math.max(released, 3), terms.lastIndexAtOrBelowTerm(9, 2));
            terms.append(10, 6);
            assertEquals(6, terms.termAt(10));
        }
        assertThrows(IndexOutOfBoundsException.class, () -> new TermIndex().releaseUntil(1));
    }
}
