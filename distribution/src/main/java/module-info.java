/** Composition root, the {@code quorate} command, the zip. */
module io.quorate.distribution {
    requires com.fasterxml.jackson.core;
    requires com.google.guice;
    requires info.picocli;
    requires io.quorate.api;
    requires io.quorate.client;
    requires io.quorate.identity.x509;
    requires io.quorate.kv;
    requires io.quorate.registry;
    requires io.quorate.spi;
    requires org.slf4j;
    requires org.snakeyaml.engine;

    opens io.quorate.distribution.cli to info.picocli;
    opens io.quorate.distribution.compose to com.google.guice;
}
