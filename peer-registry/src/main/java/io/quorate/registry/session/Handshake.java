package io.quorate.registry.session;

/** Interim. */
final class Handshake {
}
