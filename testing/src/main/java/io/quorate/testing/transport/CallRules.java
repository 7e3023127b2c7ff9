package io.quorate.testing.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.api.Bytes;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameFormat;
import java.util.List;

/** A call's frames. */
interface CallRules extends Rules {

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
}
