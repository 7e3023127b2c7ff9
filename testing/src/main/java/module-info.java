/** Contract tests of each SPI, the in-memory transport, the deterministic simulation. */
open module io.quorate.testing {
    requires transitive io.quorate.api;
    requires transitive io.quorate.spi;
    requires transitive org.junit.jupiter.api;
    requires transitive org.junit.jupiter.params;
}
