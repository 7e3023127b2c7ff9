/** Virtual time: the ports of time and scheduling for deterministic tests. */
package io.quorate.testing.time;
