/**
 * The ports to what is durable: the disk, and the thread that may wait for it. Production has the operating system's;
 * the simulation has a disk that forgets at a crash what was not synced.
 */
package io.quorate.spi.storage;
