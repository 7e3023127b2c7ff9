/**
 * The QUIC transport. One way in for dialed and accepted connections: {@code Upgrade} → {@code QuicConnection} → the
 * sink. Each call is a bidirectional stream of its own: {@code QuicCall}; the connection's own frames travel on one
 * unidirectional stream in each direction: {@code ControlStream}. Nothing here is exported.
 */
package io.quorate.transport.quic;
