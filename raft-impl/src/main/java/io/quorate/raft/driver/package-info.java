/** Performs what the pure core decides: threads, the disk, calls, the host. */
package io.quorate.raft.driver;
