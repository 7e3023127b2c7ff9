/** The durable log: entries and their one encoding, hard state, and the files that hold both. */
package io.quorate.raft.log;
