package io.quorate.registry.session;

import io.quorate.spi.consensus.CallFailure;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** The counters of calls, looked up once: they are counted on the hot path. */
final class CallCounters {

    final LongAdder sent;
    final LongAdder ok;
    final LongAdder served;
    final LongAdder expired;
    final LongAdder overloaded;

    private final Map<CallFailure.Kind, LongAdder> failed = new EnumMap<>(CallFailure.Kind.class);

    CallCounters(Counters counters) {
        sent = counters.counter("call.sent");
        ok = counters.counter("call.ok");
        served = counters.counter("call.served");
        expired = counters.counter("call.expired-before-serving");
        overloaded = counters.counter("call.overloaded");
        for (CallFailure.Kind kind : CallFailure.Kind.values()) {
            failed.put(kind, counters.counter("call.failed." + kind.name().toLowerCase(Locale.ROOT).replace('_', '-')));
        }
    }

    void failed(CallFailure.Kind kind) {
        failed.get(kind).increment();
    }
}
