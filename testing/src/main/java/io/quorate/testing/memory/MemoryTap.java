package io.quorate.testing.memory;

/** Plays one side of a connection by hand. */
interface MemoryTap {

    void arrived(MemoryChannel channel, MemoryChannel.Parcel parcel);

    void ended();
}
