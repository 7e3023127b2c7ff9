/** For integrators' tests and our own: virtual time, the in-memory transport, identities without cryptography. */
open module io.quorate.testing {
    requires transitive io.quorate.api;
    requires transitive io.quorate.spi;

    exports io.quorate.testing.identity;
    exports io.quorate.testing.memory;
    exports io.quorate.testing.time;
}
