/** The in-memory transport: the transport SPI over virtual time, with faults on demand. */
package io.quorate.testing.memory;
