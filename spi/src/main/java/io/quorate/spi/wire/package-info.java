/** The frames that every transport carries, their codec, and the rules of one RPC's exchange of frames. */
package io.quorate.spi.wire;
