/**
 * The TCP transport. One way in for dialed and accepted sockets: {@code TlsGate} → {@code Upgrade} → {@code
 * TcpConnection} → the sink. One call at a time on a connection: {@code ConnectionLife} is the lease. Nothing here is
 * exported.
 */
package io.quorate.transport.tcp;
