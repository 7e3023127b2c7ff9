/**
 * The transport contract: what every transport must do, as tests that any transport can run. A subclass of {@link
 * io.quorate.testing.transport.TransportContract} supplies a {@link io.quorate.testing.transport.TransportUnderTest};
 * {@code docs/transport-contract.md} has the rules and shows how.
 */
package io.quorate.testing.transport;
