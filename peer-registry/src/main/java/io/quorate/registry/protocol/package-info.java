/**
 * How the remote procedures of a node are encoded: one record for each request and response that has fields.
 *
 * <p>All are immutable and thread-safe. Every decoder is total and bounded: whatever bytes it is given, it answers with
 * a value within {@link io.quorate.registry.protocol.ProtocolLimits} or with {@link
 * io.quorate.api.MalformedBytesException}, and allocates nothing that the bytes themselves do not pay for.
 */
package io.quorate.registry.protocol;
