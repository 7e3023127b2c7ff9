/** The ports of time, scheduling and randomness: production plugs in real ones, a simulation its own. */
package io.quorate.spi.time;
