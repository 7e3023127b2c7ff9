/**
 * From a connection to a call: the one gate, the handshake, sessions, dialing, liveness, and calls with their lanes.
 *
 * <p>A node and a client use it in the same way: {@link io.quorate.registry.session.Sessions} is the door. Everything
 * in this package lives on the node loop; transport threads only enqueue.
 *
 * <pre>
 * Transport ─► ConnectionGate ─► Handshake ─► PeerSession ─► PeerLink ─► calls
 *                    ▲                             │
 *                    └── Dialer ◄── presence ◄─────┘
 * </pre>
 */
package io.quorate.registry.session;
