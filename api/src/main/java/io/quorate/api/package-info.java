/**
 * The application's view of Quorate.
 *
 * <p>An application hands a {@link io.quorate.api.StateMachine} to a node and talks to the cluster through
 * {@link io.quorate.api.ControlPlane}, in the same process (embedded) or from another one (the client). All values here
 * are immutable; bytes travel as {@link io.quorate.api.Bytes}, so that no buffer ever has two owners.
 */
package io.quorate.api;
