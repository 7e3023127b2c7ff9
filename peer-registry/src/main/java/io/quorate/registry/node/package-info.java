/**
 * The assembled node: {@link io.quorate.registry.node.ControlPlaneNode} brings together sessions, a consensus, the
 * registry of peers and an application's state machine.
 *
 * <p><b>Who runs where.</b> Everything is decided on the node loop. The state machine and the registry's state are
 * touched on the apply thread alone, see {@link io.quorate.registry.node.Applier}. Threads of applications and
 * transports only enqueue.
 */
package io.quorate.registry.node;
