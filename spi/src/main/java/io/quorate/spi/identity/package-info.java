/** The identity SPI: whose certificate a node presents, and whom it takes a peer to be. */
package io.quorate.spi.identity;
