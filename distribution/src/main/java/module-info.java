/** Composition root, the {@code quorate} command, the zip. */
module io.quorate.distribution {
    requires com.fasterxml.jackson.core;
    requires com.fasterxml.jackson.databind;
    requires com.google.common;
    requires com.google.guice;
    requires info.picocli;
    requires io.quorate.api;
    requires io.quorate.client;
    requires io.quorate.identity.x509;
    requires io.quorate.kv;
    requires io.quorate.raft;
    requires io.quorate.registry;
    requires io.quorate.spi;
    requires io.quorate.transport.tcp;
    requires org.slf4j;
    requires org.snakeyaml.engine;
}
