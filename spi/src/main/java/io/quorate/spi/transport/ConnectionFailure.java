package io.quorate.spi.transport;

import java.util.OptionalLong;

/**
 * A connection that never was.
 *
 * @param scheme the transport
 * @param origin who began it
 * @param dialId the number given to {@link Transport#dial}, if dialed
 * @param remote the other side's address, as far as known
 * @param reason one of the closed list
 * @param detail what was found and what was expected
 */
public record ConnectionFailure(
    String scheme, Origin origin, OptionalLong dialId, String remote, RefusalReason reason, String detail) {
}
