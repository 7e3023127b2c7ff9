/** The handshake, sessions, dialing, the replicated registry of peers and their status. */
module io.quorate.registry {
    requires io.quorate.spi;
    requires org.slf4j;
}
