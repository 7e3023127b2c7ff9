package io.quorate.registry.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.quorate.api.AccessDeniedException;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.ControlPlaneException;
import io.quorate.api.NodeId;
import io.quorate.api.NotLeaderException;
import io.quorate.api.OutcomeUnknownException;
import io.quorate.api.OverloadedException;
import io.quorate.api.UnavailableException;
import io.quorate.spi.consensus.CallFailure;
import io.quorate.spi.wire.RpcError;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FailuresTest {

    @Test
    void everyFailureArrivesAsItself() {
        List<ControlPlaneException> all = List.of(new NotLeaderException("m", new NodeId("n2")),
            new OverloadedException("m", Duration.ofMillis(70)), new UnavailableException("m"),
            new OutcomeUnknownException("m"), new CommandRejectedException("m"), new AccessDeniedException("m"));
        for (ControlPlaneException failure : all) {
            ControlPlaneException arrived = Failures.ofCall("n1", remote(Failures.toError(failure)), false);
            assertEquals(failure.getClass(), arrived.getClass());
            assertEquals("n1: m", arrived.getMessage());
        }
        OverloadedException overloaded = assertInstanceOf(OverloadedException.class,
            Failures.ofCall("n1", remote(Failures.toError(all.get(1))), false));
        assertEquals(Duration.ofMillis(70), overloaded.retryAfter());
        NotLeaderException notLeader = assertInstanceOf(NotLeaderException.class,
            Failures.ofCall("n1", remote(Failures.toError(all.get(0))), false));
        assertEquals(Optional.of(new NodeId("n2")), notLeader.leader());
    }

    @Test
    void whatMayHaveHappenedIsNeverCalledUnavailableUnlessItOnlyReads() {
        for (CallFailure.Kind kind : List.of(CallFailure.Kind.TIMEOUT, CallFailure.Kind.RESET)) {
            CallFailure failure = new CallFailure(kind, Optional.empty(), "");
            assertInstanceOf(OutcomeUnknownException.class, Failures.ofCall("n1", failure, false));
            assertInstanceOf(UnavailableException.class, Failures.ofCall("n1", failure, true));
        }
        for (RpcError.Code code : RpcError.Code.values()) {
            ControlPlaneException arrived = Failures.ofCall("n1", remote(RpcError.of(code, "")), false);
            assertEquals(code.maybeExecuted(), arrived instanceof OutcomeUnknownException, code.name());
        }
        assertInstanceOf(UnavailableException.class,
            Failures.ofCall("n1", new CallFailure(CallFailure.Kind.NOT_SENT, Optional.empty(), ""), false));
    }

    @Test
    void hintsThatCannotBeReadAreNotNeeded() {
        assertEquals(Optional.empty(), Failures.leader(new RpcError(RpcError.Code.NOT_LEADER, "", "NOT A NAME")));
        OverloadedException overloaded = assertInstanceOf(OverloadedException.class,
            Failures.ofCall("n1", remote(new RpcError(RpcError.Code.OVERLOADED, "", "soon")), false));
        assertEquals(Duration.ofMillis(100), overloaded.retryAfter());
    }

    private static CallFailure remote(RpcError error) {
        return new CallFailure(CallFailure.Kind.REMOTE, Optional.of(error), "");
    }
}
