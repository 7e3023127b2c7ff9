package io.quorate.client;

import io.quorate.spi.consensus.CallFailure;
import io.quorate.spi.wire.RpcError;

/**
 * What to do after a call that brought no response. Whatever is tried again surely did nothing, or does nothing when
 * it is repeated: what only reads, and a command of a session, whose repetition gets the first one's result. A command
 * without a session whose outcome is not known is never sent a second time.
 *
 * <table>
 * <caption>Next steps</caption>
 * <tr><th>failure</th><th>command without a session</th><th>others</th></tr>
 * <tr><td>NOT_SENT; NOT_LEADER, UNAVAILABLE</td><td>elsewhere</td><td>elsewhere</td></tr>
 * <tr><td>OVERLOADED</td><td>later</td><td>later</td></tr>
 * <tr><td>TIMEOUT, RESET; OUTCOME_UNKNOWN, INTERNAL</td><td>give up</td><td>elsewhere</td></tr>
 * <tr><td>DENIED, MALFORMED, REJECTED</td><td>give up</td><td>give up</td></tr>
 * </table>
 */
final class RetryTable {

    /** The next step, within the operation's time. */
    enum Step {
        /** At once on another node, if there is one; after a pause on the same one. */
        ELSEWHERE,
        /** After the pause that the other side asked for. */
        LATER,
        /** The operation has failed. */
        GIVE_UP
    }

    private RetryTable() {
    }

    static Step next(CallFailure failure, boolean repeatable) {
        Step ifHarmless = repeatable ? Step.ELSEWHERE : Step.GIVE_UP;
        return switch (failure.kind()) {
            case NOT_SENT -> Step.ELSEWHERE;
            case TIMEOUT, RESET -> ifHarmless;
            case REMOTE -> failure.error().map(error -> next(error.code(), ifHarmless)).orElse(ifHarmless);
        };
    }

    private static Step next(RpcError.Code code, Step ifHarmless) {
        return switch (code) {
            case NOT_LEADER, UNAVAILABLE -> Step.ELSEWHERE;
            case OVERLOADED -> Step.LATER;
            case OUTCOME_UNKNOWN, INTERNAL -> ifHarmless;
            case DENIED, MALFORMED, REJECTED -> Step.GIVE_UP;
        };
    }
}
