package io.quorate.registry.session;

import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RefusalReason;

/**
 * A connection that has not become a session.
 *
 * @param scheme the transport
 * @param origin who began it
 * @param subject whom it is about, as well as is known: a verified identity, the node that was dialed, an endpoint, or
 *     the source address. With the reason it is the key under which repetitions are counted.
 * @param remote the other side's address
 * @param reason one of the closed list
 * @param detail what was found and what was expected
 * @param repeats how often the same reason had been met with the same subject before, since it last went well
 * @param wallMillis when, in milliseconds since the Unix epoch
 */
public record RefusalEvent(
    String scheme,
    Origin origin,
    String subject,
    String remote,
    RefusalReason reason,
    String detail,
    long repeats,
    long wallMillis) {

    /** Whether this is the first one; audit logs write these and skip the others. */
    public boolean first() {
        return repeats == 0;
    }
}
