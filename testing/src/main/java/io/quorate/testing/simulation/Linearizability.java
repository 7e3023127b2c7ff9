package io.quorate.testing.simulation;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Whether a history could have been made by one copy of an object that does one thing at a time (Herlihy and Wing
 * 1990). The search is that of Wing and Gong (1993) with Lowe's (2017) memory of configurations that led nowhere: a
 * configuration is which operations have taken effect, and the state.
 *
 * <p>A search is exponential at worst, so it has a budget of steps, and counts steps and not seconds: the same history
 * has the same verdict everywhere. Keep histories to about eight clients and 1,000 operations of one object; check
 * each object (each key) by itself, which is as good (linearizability is local).
 *
 * <p>Stateless; thread-safe.
 */
public final class Linearizability {

    /** Enough for a thousand operations of eight clients unless nearly all of their outcomes are unknown. */
    public static final long DEFAULT_MAX_STEPS = 5_000_000;

    private static final int MOST_SHOWN = 24;

    /**
     * One operation of one client.
     *
     * @param client who; the operations of one client may overlap
     * @param input what was asked
     * @param output what was answered; empty if the outcome is unknown: it may have happened at any time after it was
     *     invoked, or never. What certainly did not happen does not belong in a history
     * @param invokedAt when it was sent
     * @param returnedAt when the answer came; ignored if the outcome is unknown
     * @param <I> inputs
     * @param <O> outputs
     */
    public record Operation<I, O>(String client, I input, Optional<O> output, long invokedAt, long returnedAt) {

        /** @throws IllegalArgumentException if it returned before it was invoked */
        public Operation {
            if (output.isPresent() && returnedAt < invokedAt) {
                throw new IllegalArgumentException("operation of " + client + ": found it returned at " + returnedAt
                    + ", expected no earlier than its invocation at " + invokedAt);
            }
        }

        /** One that was answered. */
        public static <I, O> Operation<I, O> answered(String client, I input, O output, long invokedAt,
                long returnedAt) {
            return new Operation<>(client, input, Optional.of(output), invokedAt, returnedAt);
        }

        /** One whose outcome nobody knows. */
        public static <I, O> Operation<I, O> unknown(String client, I input, long invokedAt) {
            return new Operation<>(client, input, Optional.empty(), invokedAt, Long.MAX_VALUE);
        }

        private String describe() {
            return "[" + invokedAt + ", " + output.map(o -> String.valueOf(returnedAt)).orElse("unknown") + "] "
                + client + " " + input + output.map(o -> " -> " + o).orElse(" -> ?");
        }
    }

    /**
     * The object, done one operation at a time.
     *
     * @param <S> states; with value equality, immutable
     * @param <I> inputs
     * @param <O> outputs
     */
    public interface Model<S, I, O> {

        S initial();

        /**
         * The state after an operation.
         *
         * @param output what was answered; empty if unknown, then every answer counts as possible
         * @return empty if the object in this state would not have answered so
         */
        Optional<S> step(S state, I input, Optional<O> output);

        /** Whether what was answered so has changed nothing, in whatever state it met. Saves the search much time. */
        default boolean changesNothing(I input, O output) {
            return false;
        }
    }

    /** What a check found. */
    public sealed interface Verdict {

        /** There is an order that explains everything. */
        record Linearizable(long steps) implements Verdict {
        }

        /** There is none; {@code explanation} shows how far any order came. */
        record Violated(String explanation) implements Verdict {
        }

        /** The budget ran out. Counts as a failure: what was not checked was not proved. */
        record Undecided(long steps) implements Verdict {
        }
    }

    private Linearizability() {
    }

    /** Checks with {@link #DEFAULT_MAX_STEPS}. */
    public static <S, I, O> Verdict check(List<Operation<I, O>> history, Model<S, I, O> model) {
        return check(history, model, DEFAULT_MAX_STEPS);
    }

    /** Checks the history of one object. The order of {@code history} does not matter. */
    public static <S, I, O> Verdict check(List<Operation<I, O>> history, Model<S, I, O> model, long maxSteps) {
        return new Search<>(history, model, maxSteps).run();
    }

    /** A place in the history: an invocation, or the return that belongs to it. */
    private static final class Event {
        private final int operation;
        private final long at;
        private final boolean invocation;
        private Event match;
        private Event previous;
        private Event next;

        Event(int operation, long at, boolean invocation) {
            this.operation = operation;
            this.at = at;
            this.invocation = invocation;
        }
    }

    private record Configuration<S>(BitSet answered, S state) {
    }

    /** @param only whether no other one need be tried in its place */
    private record Choice<S>(Event invocation, S before, boolean only) {
    }

    private static final class Search<S, I, O> {

        private final List<Operation<I, O>> operations;
        private final Model<S, I, O> model;
        private final long maxSteps;
        private final Event head = new Event(-1, Long.MIN_VALUE, true);
        private final Event unknownHead = new Event(-1, Long.MIN_VALUE, true);
        private final Map<Configuration<S>, List<BitSet>> seen = new HashMap<>();
        private final BitSet unknown = new BitSet();
        private final ArrayList<Choice<S>> choices = new ArrayList<>();
        private final BitSet done = new BitSet();
        private final int[] alikeBefore;
        /** For each operation a number that it shares with those that asked and were answered the very same. */
        private final int[] kinds;
        private int answeredLeft;
        private List<Integer> longest = List.of();

        Search(List<Operation<I, O>> history, Model<S, I, O> model, long maxSteps) {
            this.operations = history.stream().sorted(Comparator.comparingLong(Operation::invokedAt)).toList();
            this.model = model;
            this.maxSteps = maxSteps;
            this.alikeBefore = alikeBefore();
            Map<List<Object>, Integer> numbers = new HashMap<>();
            this.kinds = operations.stream().mapToInt(operation -> numbers.computeIfAbsent(
                List.of(operation.input(), operation.output()), key -> numbers.size())).toArray();
            link();
        }

        /** For each operation of unknown outcome the last one before it that asks the same, or -1. */
        private int[] alikeBefore() {
            int[] before = new int[operations.size()];
            Map<I, Integer> last = new HashMap<>();
            for (int i = 0; i < before.length; i++) {
                Operation<I, O> operation = operations.get(i);
                before[i] = -1;
                if (operation.output().isEmpty()) {
                    unknown.set(i);
                    Integer earlier = last.put(operation.input(), i);
                    before[i] = earlier == null ? -1 : earlier;
                }
            }
            return before;
        }

        private void link() {
            List<Event> events = new ArrayList<>();
            List<Event> unknowns = new ArrayList<>();
            for (int i = 0; i < operations.size(); i++) {
                Operation<I, O> operation = operations.get(i);
                Event invoked = new Event(i, operation.invokedAt(), true);
                if (operation.output().isPresent()) {
                    invoked.match = new Event(i, operation.returnedAt(), false);
                    events.add(invoked);
                    events.add(invoked.match);
                    answeredLeft++;
                } else {
                    unknowns.add(invoked);
                }
            }
            // At one time, invocations first: two operations that only touch may have been either way round.
            events.sort(Comparator.<Event>comparingLong(event -> event.at).thenComparing(event -> !event.invocation)
                .thenComparingInt(event -> event.operation));
            chain(head, events);
            chain(unknownHead, unknowns);
        }

        private static void chain(Event head, List<Event> events) {
            Event last = head;
            for (Event event : events) {
                last.next = event;
                event.previous = last;
                last = event;
            }
        }

        Verdict run() {
            S state = model.initial();
            long steps = 0;
            Event at = first(head.next);
            while (answeredLeft > 0) {
                if (++steps > maxSteps) {
                    return new Verdict.Undecided(steps);
                }
                if (at != null) {
                    Operation<I, O> operation = operations.get(at.operation);
                    Optional<S> after = model.step(state, operation.input(), operation.output());
                    if (after.isPresent() && isWorthwhile(at, state, after.get())
                        && isNew(at.operation, after.get())) {
                        // What never changes anything can take its place now, however it goes on from here.
                        choices.add(new Choice<>(at, state, operation.output().isPresent()
                            && model.changesNothing(operation.input(), operation.output().get())));
                        take(at);
                        state = after.get();
                        at = first(head.next);
                    } else {
                        at = following(at);
                    }
                    continue;
                }
                // Everything that may come next has been tried: no order from here explains it.
                if (choices.isEmpty()) {
                    return new Verdict.Violated(explanation());
                }
                Choice<S> last = choices.removeLast();
                giveBack(last.invocation());
                state = last.before();
                at = last.only() ? null : following(last.invocation());
            }
            return new Verdict.Linearizable(steps);
        }

        /**
         * What may take effect next, from this event on: the answered operations that were invoked before the first
         * return, then those of unknown outcome. These come last, so that the shortest orders are tried first and cut
         * off the longer ones that end alike.
         */
        private Event first(Event from) {
            return from != null && from.invocation ? from : firstUnknown(unknownHead.next);
        }

        private Event following(Event tried) {
            return tried.match == null ? firstUnknown(tried.next) : first(tried.next);
        }

        private Event firstUnknown(Event from) {
            if (from == null) {
                return null;
            }
            Event next = head.next;
            while (next != null && next.invocation) {
                next = next.next;
            }
            return next == null || from.at <= next.at ? from : null;
        }

        /**
         * An operation whose outcome is unknown may as well never have happened. So nothing is lost by leaving it out
         * where it changes nothing, nor by trying it only after those that ask the same and were invoked before it:
         * wherever the later one may stand, the earlier one may. Without this a few dozen of them cost the whole
         * budget. For the same reason, of those that asked and were answered the same the one that returned first may
         * as well be the first: a dozen that wait together for a leader have half a thousand million orders.
         */
        private boolean isWorthwhile(Event invocation, S before, S after) {
            int operation = invocation.operation;
            if (operations.get(operation).output().isPresent()) {
                long returned = operations.get(operation).returnedAt();
                for (Event other = head.next; other.invocation; other = other.next) {
                    long otherReturned = operations.get(other.operation).returnedAt();
                    if (kinds[other.operation] == kinds[operation] && (otherReturned < returned
                        || otherReturned == returned && other.operation < operation)) {
                        return false;
                    }
                }
                return true;
            }
            return !after.equals(before) && (alikeBefore[operation] < 0 || done.get(alikeBefore[operation]));
        }

        /**
         * Whether no configuration like it has led nowhere. One that differs only by fewer operations of unknown
         * outcome could have gone everywhere that this one can.
         */
        private boolean isNew(int operation, S after) {
            BitSet answered = (BitSet) done.clone();
            answered.set(operation);
            BitSet unanswered = (BitSet) answered.clone();
            answered.andNot(unknown);
            unanswered.and(unknown);
            List<BitSet> known = seen.computeIfAbsent(new Configuration<>(answered, after), c -> new ArrayList<>(1));
            for (BitSet fewer : known) {
                BitSet left = (BitSet) fewer.clone();
                left.andNot(unanswered);
                if (left.isEmpty()) {
                    return false;
                }
            }
            known.add(unanswered);
            return true;
        }

        private void take(Event invocation) {
            done.set(invocation.operation);
            unlink(invocation);
            if (invocation.match != null) {
                unlink(invocation.match);
                answeredLeft--;
            }
            if (choices.size() > longest.size()) {
                longest = choices.stream().map(choice -> choice.invocation().operation).toList();
            }
        }

        private void giveBack(Event invocation) {
            done.clear(invocation.operation);
            if (invocation.match != null) {
                relink(invocation.match);
                answeredLeft++;
            }
            relink(invocation);
        }

        private static void unlink(Event event) {
            event.previous.next = event.next;
            if (event.next != null) {
                event.next.previous = event.previous;
            }
        }

        private static void relink(Event event) {
            event.previous.next = event;
            if (event.next != null) {
                event.next.previous = event;
            }
        }

        private String explanation() {
            StringBuilder text = new StringBuilder("no order of these operations explains their results.\n");
            text.append("The longest order that was found ends with:\n");
            S state = model.initial();
            Map<Integer, S> states = new HashMap<>();
            for (int operation : longest) {
                Operation<I, O> one = operations.get(operation);
                state = model.step(state, one.input(), one.output()).orElseThrow();
                states.put(operation, state);
            }
            int from = Math.max(0, longest.size() - MOST_SHOWN);
            for (int operation : longest.subList(from, longest.size())) {
                text.append("  ").append(operations.get(operation).describe()).append("   state: ")
                    .append(states.get(operation)).append('\n');
            }
            text.append("These were left:\n");
            operations.stream().filter(operation -> operation.output().isPresent()
                    && !longest.contains(operations.indexOf(operation))).limit(MOST_SHOWN)
                .forEach(operation -> text.append("  ").append(operation.describe()).append('\n'));
            return text.toString();
        }
    }
}
