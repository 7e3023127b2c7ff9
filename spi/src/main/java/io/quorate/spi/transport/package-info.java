/** The transport SPI: opaque frames over mutually authenticated connections, a stream of its own for each RPC. */
package io.quorate.spi.transport;
