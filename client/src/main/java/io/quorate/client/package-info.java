/**
 * The control plane over the network.
 *
 * <p>{@link io.quorate.client.QuorateClient} speaks to nodes through the same transports, the same handshake and the
 * same isolation as the nodes among themselves. Everything but its methods' first steps lives on one loop thread:
 *
 * <pre>
 * any thread:  submit, query, … ─► Capacity ─► Handover ─┐
 * loop:                                                  └─► ClientCore ─► Pipeline ─► Routes ─► a call to a node
 *                                                                 ▲            │
 *                                            Discovery ─► LeaderView           └─► RetryTable, if it failed
 * </pre>
 */
package io.quorate.client;
