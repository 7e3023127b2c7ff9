/** The {@code quorate} command: one class a command. Commands read options, ask the cluster, and print. */
package io.quorate.distribution.cli;
