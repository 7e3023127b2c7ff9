/**
 * The replicated registry of peers: what the cluster has agreed about who is there.
 *
 * <p>{@link io.quorate.registry.directory.PeerStatusMachine} holds the transition table,
 * {@link io.quorate.registry.directory.Reconciler} compares on the leader what is with what the registry says and
 * proposes the difference, {@link io.quorate.registry.directory.RegistryState} applies on every node what was agreed,
 * and {@link io.quorate.registry.directory.PresenceMatrix} gathers who sees whom. Nothing here waits for an event:
 * whatever is lost, rejected or late is found again by the next comparison.
 */
package io.quorate.registry.directory;
