/** Remote access for applications and for the command line. */
module io.quorate.client {
    requires io.quorate.api;
    requires io.quorate.registry;
    requires io.quorate.spi;
    requires org.slf4j;
}
