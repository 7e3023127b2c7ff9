package io.quorate.testing.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.ConnectionState;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameFormat;
import io.quorate.spi.wire.RpcType;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A call's frames. */
interface CallRules extends Rules {

    int QUICK_CALLS = 500;
    int ROUNDS = 3;

    @ContractRule(number = 30, text = "A call's frames arrive whole, in order and with their end, in both directions, "
        + "from an empty payload to the largest, in one part or in several.")
    default void required_t30_frames_arrive_whole_and_in_order() {
        Bench.Callers callers = bench().callers(bench().node("a"), bench().node("b"));
        int[] sizes = {0, 1, 7, 8, 255, 16_384, 65_536, 1 << 20, FrameFormat.MAX_PAYLOAD_BYTES};
        for (List<ContractPeer> direction : List.of(callers.forth(), callers.back())) {
            ContractCall call = bench().open(direction);
            for (int i = 0; i < sizes.length; i++) {
                call.send(i == sizes.length - 1, Payloads.parts(i, sizes[i]));
            }
            bench().await("all answers", call::isOver);
            List<Frame> frames = call.frames();
            assertEquals(sizes.length, frames.size(), "frames");
            for (int i = 0; i < sizes.length; i++) {
                assertEquals(Payloads.of(i, sizes[i]), frames.get(i).body(), "frame " + i);
                assertEquals(i == sizes.length - 1, frames.get(i).end(), "end of frame " + i);
                assertEquals(call.id(), frames.get(i).correlationId(), "number of frame " + i);
            }
            ContractCall inParts = bench().open(direction);
            inParts.send(true, Bytes.utf8("one "), Bytes.empty(), Bytes.utf8("two "), Bytes.utf8("three"));
            assertEquals("one two three", inParts.answer().utf8());
        }
    }

    @ContractRule(number = 31, text = "The handler hears of a call's first frame, however early it comes.")
    default void required_t31_the_first_frame_is_never_lost() {
        ContractPeer peer = bench().active().dialed();
        for (int i = 0; i < QUICK_CALLS; i++) {
            ContractCall call = bench().open(peer);
            call.send(true, Payloads.of(i, 20));
            assertTrue(Payloads.matches(i, call.answer()), "call " + i + " got another call's answer");
        }
    }

    @ContractRule(number = 32, text = "Capacity is what can be opened: it falls with each open call, an open beyond it "
        + "gives nothing, and onCapacity says when it has grown from none.")
    default void required_t32_capacity_is_what_can_be_opened() {
        Bench.Peers peers = bench().active();
        peers.accepted().serving(IsolationRules::hold);
        ContractPeer peer = peers.dialed();
        bench().await("capacity after activation", () -> peer.connection().openCapacity() > 0
            && peer.capacities() > 0);
        int capacity = peer.connection().openCapacity();
        assertEquals(bench().exclusive() ? 1 : capacity, capacity, "capacity of a lease");
        List<ContractCall> calls = new ArrayList<>();
        for (int i = 0; i < capacity; i++) {
            calls.add(peer.tryOpen().orElseThrow(() -> new AssertionError("no call although there was capacity")));
            assertEquals(ConnectionState.LEASED, peer.connection().state());
        }
        assertEquals(0, peer.connection().openCapacity(), "capacity when all of it is taken");
        assertTrue(peer.tryOpen().isEmpty(), "a call beyond the capacity");
        int heard = peer.capacities();
        calls.forEach(call -> call.send(true, Bytes.utf8("held")));
        bench().await("the calls at their server", () -> peers.accepted().served().size() == capacity);
        bench().await("the last call's frame", () -> peers.accepted().served().stream()
            .noneMatch(call -> call.frames().isEmpty()));
        ContractCall first = peers.accepted().served().get(0);
        first.echo(first.frames().get(0));
        bench().await("onCapacity when a call has ended", () -> peer.capacities() > heard);
        bench().open(peer).reset("the last one");
        assertEquals(!bench().exclusive(), peers.accepted().connection().openCapacity() > 0,
            "whether the accepter may call");
        if (bench().exclusive()) {
            assertTrue(peers.accepted().tryOpen().isEmpty(), "a call by the accepter");
            assertEquals(0, peers.accepted().capacities(), "capacity heard of by the accepter");
        }
    }

    @ContractRule(number = 33, text = "Of many who open at once exactly as many get a stream as there is capacity, "
        + "each its own.")
    default void required_t33_of_many_openers_as_many_succeed_as_there_is_capacity() {
        for (int round = 0; round < ROUNDS; round++) {
            Bench.Peers peers = bench().active(bench().node("a" + round), bench().node("b" + round));
            peers.accepted().serving(IsolationRules::hold);
            bench().await("capacity", () -> peers.dialed().connection().openCapacity() > 0);
            int capacity = peers.dialed().connection().openCapacity();
            List<ContractCall> opened = new CopyOnWriteArrayList<>();
            Runnable opener = () -> {
                for (int i = 0; i <= capacity; i++) {
                    peers.dialed().tryOpen().ifPresent(opened::add);
                }
            };
            bench().under().together(List.of(opener, opener, opener));
            assertEquals(capacity, opened.size(), "streams given");
            assertEquals(capacity, opened.stream().map(ContractCall::id).distinct().count(), "numbers given");
        }
    }

    @ContractRule(number = 34, text = "A frame that is not legal on its call is refused with IllegalStateException "
        + "before it leaves; the call goes on.")
    default void required_t34_an_illegal_frame_does_not_leave() {
        Bench.Peers peers = bench().active();
        peers.accepted().serving(IsolationRules::hold);
        ContractCall call = bench().open(peers.dialed());
        int type = RpcType.SUBMIT.code();
        assertRefused(call, HostileRules.response(type, call.id(), true, "a response from the caller"));
        assertRefused(call, HostileRules.request(RpcType.SUBMIT, call.id() + 1, "another call's number"));
        assertRefused(call, HostileRules.request(RpcType.QUERY, call.id(), "another procedure"));
        call.send(true, Bytes.utf8("the last"));
        assertRefused(call, HostileRules.request(RpcType.SUBMIT, call.id(), "behind the last"));
        bench().await("the call at its server", () -> peers.accepted().served().size() == 1
            && !peers.accepted().served().get(0).frames().isEmpty());
        ContractCall served = peers.accepted().served().get(0);
        assertRefused(served, HostileRules.request(RpcType.SUBMIT, call.id(), "a request from the server"));
        served.send(true, Bytes.utf8("answer"));
        assertEquals("answer", call.answer().utf8());
        assertEquals(1, served.frames().size(), "frames at the server");
    }

    private static void assertRefused(ContractCall call, Frame frame) {
        assertThrows(IllegalStateException.class, () -> call.stream().send(frame), frame.body().utf8());
    }

    @ContractRule(number = 35, text = "What is done to a call that has ended well does not touch the next one.")
    default void required_t35_an_ended_call_cannot_touch_the_next() {
        Bench.Peers peers = bench().active();
        ContractCall first = bench().open(peers.dialed());
        first.send(true, Bytes.utf8("first"));
        assertEquals("first", first.answer().utf8());
        ContractCall second = bench().open(peers.dialed());
        first.stream().read(false);
        first.reset("late");
        peers.accepted().served().get(0).stream().read(false);
        peers.accepted().served().get(0).reset("late too");
        second.send(true, Bytes.utf8("second"));
        assertEquals("second", second.answer().utf8());
        assertTrue(!first.isReset(), "the first call was reset although it had ended");
    }
}
