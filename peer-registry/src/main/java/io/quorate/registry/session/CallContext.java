package io.quorate.registry.session;

import io.quorate.spi.time.NodeLoop;

/**
 * What all links share.
 *
 * @param demand run when a link wants more connections than before
 */
record CallContext(
    NodeLoop loop,
    SessionSettings settings,
    AdmissionPolicy policy,
    CallServer server,
    Deadlines deadlines,
    Completions completions,
    CallCounters counted,
    Runnable demand) {
}
