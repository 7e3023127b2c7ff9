/**
 * Raft as a pure state machine: inputs and the time go in, effects come out. Nothing here starts a thread, reads a
 * clock, touches a file or a network, or draws a random number from anywhere but the generator that it was given.
 *
 * <p>Sources: Diego Ongaro, "Consensus: Bridging Theory and Practice" (2014), cited as "thesis".
 */
package io.quorate.raft.core;
