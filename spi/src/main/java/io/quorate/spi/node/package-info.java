/**
 * Whole nodes as a service, so that what runs nodes (the simulation) needs not know what they are made of.
 */
package io.quorate.spi.node;
