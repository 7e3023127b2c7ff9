/** Remote access for applications and for the command line: finds the leader, follows it, batches, retries safely. */
module io.quorate.client {
    requires transitive io.quorate.api;
    requires transitive io.quorate.spi;
    requires io.quorate.registry;
    requires org.slf4j;

    exports io.quorate.client;
}
