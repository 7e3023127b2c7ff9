/** For integrators' tests and our own: the transport contract, the simulation, the parts of it that stand alone. */
open module io.quorate.testing {
    requires transitive io.quorate.api;
    requires transitive io.quorate.spi;
    requires transitive org.junit.jupiter.api;

    exports io.quorate.testing.disk;
    exports io.quorate.testing.identity;
    exports io.quorate.testing.memory;
    exports io.quorate.testing.simulation;
    exports io.quorate.testing.time;
    exports io.quorate.testing.transport;
}
