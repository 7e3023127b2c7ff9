package io.quorate.distribution.faults;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.quorate.testing.simulation.Linearizability;
import io.quorate.testing.simulation.Linearizability.Operation;
import io.quorate.testing.simulation.Linearizability.Verdict;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The model tells right histories of a key from wrong ones, or the check with real processes would prove nothing. */
final class KvModelTest {

    private static final KvModel.Input GET = new KvModel.Input.Get();

    @Test
    void explainsReadsWritesAndConditions() {
        assertInstanceOf(Verdict.Linearizable.class, check(List.of(
            done("a", put("x"), wrote(1), 0, 10),
            done("b", GET, read(0, ""), 1, 9),
            done("b", cas(1, "y"), new KvModel.Output(true, 2, ""), 11, 20),
            done("a", cas(1, "z"), new KvModel.Output(false, 2, ""), 21, 30),
            done("a", GET, read(2, "y"), 31, 40))));
    }

    @Test
    void findsAnAcknowledgedWriteThatIsLost() {
        assertInstanceOf(Verdict.Violated.class, check(List.of(
            done("a", put("x"), wrote(1), 0, 10),
            done("b", GET, read(0, ""), 11, 20))));
    }

    @Test
    void findsAReadOfWhatWasReplacedBefore() {
        assertInstanceOf(Verdict.Violated.class, check(List.of(
            done("a", put("x"), wrote(1), 0, 10),
            done("a", put("y"), wrote(2), 11, 20),
            done("b", GET, read(1, "x"), 21, 30))));
    }

    @Test
    void findsACommandThatWasAppliedTwice() {
        assertInstanceOf(Verdict.Violated.class, check(List.of(
            done("a", put("x"), wrote(1), 0, 10),
            done("b", GET, read(2, "x"), 11, 20))));
    }

    /** It may take effect long after its client gave up, once, or never; but not be seen and then be gone. */
    @Test
    void letsAnUnknownOutcomeHappenLateButNotBeUndone() {
        assertInstanceOf(Verdict.Linearizable.class, check(List.of(
            Operation.unknown("a", put("x"), 0),
            done("b", GET, read(0, ""), 100, 110),
            done("b", GET, read(1, "x"), 120, 130))));
        assertInstanceOf(Verdict.Violated.class, check(List.of(
            Operation.unknown("a", put("x"), 0),
            done("b", GET, read(1, "x"), 100, 110),
            done("b", GET, read(0, ""), 120, 130))));
    }

    private static Verdict check(List<Operation<KvModel.Input, KvModel.Output>> history) {
        return Linearizability.check(history, new KvModel());
    }

    private static Operation<KvModel.Input, KvModel.Output> done(String client, KvModel.Input input,
            KvModel.Output output, long from, long to) {
        return Operation.answered(client, input, output, from, to);
    }

    private static KvModel.Input put(String value) {
        return new KvModel.Input.Put(value);
    }

    private static KvModel.Input cas(long version, String value) {
        return new KvModel.Input.Cas(version, value);
    }

    private static KvModel.Output wrote(long version) {
        return new KvModel.Output(true, version, "");
    }

    private static KvModel.Output read(long version, String value) {
        return new KvModel.Output(true, version, value);
    }
}
