package io.quorate.testing.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.wire.Frame;
import java.util.ArrayList;
import java.util.List;

/** What happens to one call happens to it alone. */
interface IsolationRules extends Rules {

    /** How many calls are under way beside the one that is disturbed. */
    int OTHERS = 5;

    /** Servers that answer when told to, so that calls are under way for as long as a test likes. */
    static void hold(ContractCall call, Frame frame) {
        // Answered by the test.
    }

    /** Calls under way, of the first node to the second, that wait for their answers. */
    record Waiting(List<ContractCall> calls, List<ContractPeer> servers) {

        List<ContractCall> served() {
            List<ContractCall> served = new ArrayList<>();
            servers.forEach(server -> served.addAll(server.served()));
            return served;
        }

        ContractCall servedAs(ContractCall call) {
            return served().stream().filter(s -> s.id() == call.id()).findFirst()
                .orElseThrow(() -> new AssertionError("a call is not served that has arrived"));
        }
    }

    /** Some calls from a to b under way at once. */
    private Waiting waiting(ContractNode a, ContractNode b, int count) {
        List<ContractCall> calls = new ArrayList<>();
        List<ContractPeer> servers = new ArrayList<>();
        Bench.Peers peers = null;
        for (int i = 0; i < count; i++) {
            if (peers == null || bench().exclusive()) {
                peers = bench().active(a, b);
                peers.accepted().serving(IsolationRules::hold);
                servers.add(peers.accepted());
            }
            ContractCall call = bench().open(peers.dialed());
            call.send(true, Payloads.of(i, 100));
            calls.add(call);
        }
        Waiting waiting = new Waiting(calls, servers);
        bench().await("the calls at their server", () -> waiting.served().stream()
            .filter(call -> !call.frames().isEmpty()).count() == count);
        return waiting;
    }

    /** The calls that were not disturbed are answered, each with its own content. */
    private void assertOthersAnswered(Waiting waiting, ContractCall disturbed) {
        for (ContractCall served : waiting.served()) {
            if (served.id() != disturbed.id()) {
                served.echo(served.frames().get(0));
            }
        }
        for (int i = 0; i < waiting.calls().size(); i++) {
            ContractCall call = waiting.calls().get(i);
            if (call != disturbed) {
                assertTrue(Payloads.matches(i, call.answer()), "call " + i + " got another call's answer");
            }
        }
    }

    @ContractRule(number = 7, text = "The reset of one call, by its caller or by its server, leaves all others "
        + "untouched; both sides of the call hear of it once.")
    default void required_t07_reset_of_one_rpc_leaves_others_untouched() {
        ContractNode a = bench().node("a");
        ContractNode b = bench().node("b");
        for (boolean byCaller : List.of(true, false)) {
            Waiting waiting = waiting(a, b, OTHERS + 1);
            ContractCall call = waiting.calls().get(2);
            ContractCall served = waiting.servedAs(call);
            (byCaller ? call : served).reset("the test gives it up");
            assertEquals(CloseReason.Kind.CALL_RESET, (byCaller ? call : served).resetReason().kind());
            (byCaller ? served : call).resetReason();
            assertOthersAnswered(waiting, call);
            // What is sent on it is dropped without a word, and nothing more is heard of it.
            (byCaller ? call : served).reset("again");
            served.send(true, Bytes.utf8("too late"));
            ContractCall next = bench().open(bench().callers(a, b).forth());
            next.send(true, Bytes.utf8("next"));
            assertEquals("next", next.answer().utf8());
        }
    }
}
