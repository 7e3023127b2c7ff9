/**
 * The deterministic simulation: whole nodes of one cluster on virtual time, an in-memory network and disks that forget
 * what was not synced, with faults from a seed and invariants that are checked after every event. See
 * {@code docs/simulation.md}.
 */
package io.quorate.testing.simulation;
