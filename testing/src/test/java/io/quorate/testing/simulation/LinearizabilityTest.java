package io.quorate.testing.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.testing.simulation.Linearizability.Operation;
import io.quorate.testing.simulation.Linearizability.Verdict;
import io.quorate.testing.simulation.RegisterModel.Action;
import io.quorate.testing.simulation.RegisterModel.Answer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

class LinearizabilityTest {

    private static Operation<Action, Answer> write(String client, String value, long from, long to) {
        return Operation.answered(client, new Action.Write(value), new Answer.Done(), from, to);
    }

    private static Operation<Action, Answer> lostWrite(String client, String value, long from) {
        return Operation.unknown(client, new Action.Write(value), from);
    }

    private static Operation<Action, Answer> read(String client, String value, long from, long to) {
        return Operation.answered(client, new Action.Read(), new Answer.Found(Optional.ofNullable(value)), from, to);
    }

    private static Operation<Action, Answer> cas(String client, String expected, String value, boolean swapped,
            long from, long to) {
        return Operation.answered(client, new Action.CompareAndSet(Optional.ofNullable(expected), value),
            new Answer.Compared(swapped), from, to);
    }

    @SafeVarargs
    @SuppressWarnings("varargs")
    private static Verdict check(Operation<Action, Answer>... history) {
        return Linearizability.check(List.of(history), new RegisterModel());
    }

    private static void holds(Verdict verdict) {
        assertInstanceOf(Verdict.Linearizable.class, verdict, verdict::toString);
    }

    private static void fails(Verdict verdict) {
        assertInstanceOf(Verdict.Violated.class, verdict, verdict::toString);
    }

    @Test
    void nothingIsLinearizable() {
        holds(check());
    }

    @Test
    void a_read_sees_what_was_written_before_it() {
        holds(check(write("a", "1", 0, 10), read("b", "1", 11, 12)));
        fails(check(write("a", "1", 0, 10), read("b", null, 11, 12)));
    }

    @Test
    void what_overlaps_may_be_in_either_order() {
        holds(check(write("a", "1", 0, 10), read("b", null, 5, 12)));
        holds(check(write("a", "1", 0, 10), read("b", "1", 5, 12)));
        holds(check(write("a", "1", 0, 10), read("b", null, 10, 12)));
    }

    @Test
    void two_reads_do_not_go_back_in_time() {
        fails(check(write("a", "1", 0, 1), write("a", "2", 2, 20), read("b", "2", 3, 5), read("c", "1", 6, 8)));
        holds(check(write("a", "1", 0, 1), write("a", "2", 2, 20), read("b", "1", 3, 5), read("c", "2", 6, 8)));
    }

    @Test
    void a_write_of_unknown_outcome_may_have_happened_late_or_never() {
        holds(check(lostWrite("a", "1", 0), read("b", null, 1, 2), read("b", "1", 100, 101)));
        holds(check(lostWrite("a", "1", 0), read("b", null, 1, 2)));
        fails(check(lostWrite("a", "1", 0), read("b", "1", 1, 2), read("b", null, 3, 4)));
        fails(check(read("b", "1", 1, 2), lostWrite("a", "1", 3)));
    }

    @Test
    void two_clients_cannot_both_have_swapped() {
        holds(check(cas("a", null, "1", true, 0, 10), cas("b", null, "2", false, 0, 10)));
        fails(check(cas("a", null, "1", true, 0, 10), cas("b", null, "2", true, 0, 10)));
        fails(check(cas("a", null, "1", false, 0, 10)));
    }

    @Test
    void a_violation_says_what_could_not_be_explained() {
        Verdict verdict = check(write("a", "1", 0, 10), read("b", "7", 11, 12));
        String text = assertInstanceOf(Verdict.Violated.class, verdict).explanation();
        assertTrue(text.contains("b Read[] -> Found[value=Optional[7]]"), text);
    }

    @Test
    void a_budget_that_runs_out_is_no_success() {
        List<Operation<Action, Answer>> history = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            history.add(write("c" + i, "v" + i, 0, 100));
        }
        history.add(read("r", "never", 200, 201));
        assertInstanceOf(Verdict.Undecided.class, Linearizability.check(history, new RegisterModel(), 10_000));
    }

    @Test
    void operations_of_unknown_outcome_do_not_cost_the_budget() {
        List<Operation<Action, Answer>> history = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            history.add(Operation.unknown("d" + i, new Action.Delete(), i));
            history.add(Operation.unknown("w" + i, new Action.Write("v" + i), i));
            history.add(write("c", "w" + i, 100 + i, 100 + i));
        }
        history.add(read("r", "v7", 200, 201));
        assertInstanceOf(Verdict.Linearizable.class, Linearizability.check(history, new RegisterModel(), 200_000));
    }

    /** Every history of up to six small operations, against a search that tries all orders. */
    @Test
    void agrees_with_a_search_of_all_orders() {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(20_250_101);
        Map<Boolean, Integer> outcomes = new HashMap<>();
        for (int round = 0; round < 20_000; round++) {
            List<Operation<Action, Answer>> history = randomHistory(random);
            boolean expected = allOrders(history, new HashSet<>(), Optional.empty());
            boolean found = Linearizability.check(history, new RegisterModel()) instanceof Verdict.Linearizable;
            assertEquals(expected, found, history::toString);
            outcomes.merge(found, 1, Integer::sum);
        }
        assertTrue(outcomes.get(true) > 1_000 && outcomes.get(false) > 1_000, outcomes::toString);
    }

    private static List<Operation<Action, Answer>> randomHistory(RandomGenerator random) {
        List<Operation<Action, Answer>> history = new ArrayList<>();
        int size = random.nextInt(1, 7);
        for (int i = 0; i < size; i++) {
            long from = random.nextInt(8);
            long to = from + random.nextInt(5);
            String value = random.nextInt(3) == 0 ? null : String.valueOf(random.nextInt(2));
            boolean lost = random.nextInt(3) == 0;
            Action action = switch (random.nextInt(4)) {
                case 0 -> new Action.Delete();
                case 1 -> new Action.CompareAndSet(Optional.ofNullable(value), String.valueOf(random.nextInt(2)));
                case 2 -> new Action.Write(String.valueOf(random.nextInt(2)));
                default -> new Action.Read();
            };
            Answer answer = switch (action) {
                case Action.Write write -> new Answer.Done();
                case Action.Delete delete -> new Answer.Done();
                case Action.CompareAndSet cas -> new Answer.Compared(random.nextBoolean());
                case Action.Read read -> new Answer.Found(Optional.ofNullable(value));
            };
            history.add(lost ? Operation.unknown("c" + i, action, from)
                : Operation.answered("c" + i, action, answer, from, to));
        }
        return history;
    }

    private static boolean allOrders(List<Operation<Action, Answer>> history, Set<Integer> done,
            Optional<String> state) {
        boolean complete = true;
        for (int i = 0; i < history.size(); i++) {
            complete &= done.contains(i) || history.get(i).output().isEmpty();
        }
        if (complete) {
            return true;
        }
        for (int i = 0; i < history.size(); i++) {
            Operation<Action, Answer> next = history.get(i);
            if (done.contains(i) || precededByAnother(history, done, next)) {
                continue;
            }
            Optional<Optional<String>> after = new RegisterModel().step(state, next.input(), next.output());
            if (after.isPresent()) {
                Set<Integer> more = new HashSet<>(done);
                more.add(i);
                if (allOrders(history, more, after.get())) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean precededByAnother(List<Operation<Action, Answer>> history, Set<Integer> done,
            Operation<Action, Answer> next) {
        for (int i = 0; i < history.size(); i++) {
            Operation<Action, Answer> other = history.get(i);
            if (!done.contains(i) && other != next && other.output().isPresent()
                && other.returnedAt() < next.invokedAt()) {
                return true;
            }
        }
        return false;
    }
}
