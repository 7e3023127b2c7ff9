/** The consensus SPI: an agreed, durable sequence of entries, and where it stands. */
package io.quorate.spi.consensus;
