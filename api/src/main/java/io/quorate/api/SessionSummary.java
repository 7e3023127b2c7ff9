package io.quorate.api;

import java.util.Optional;

/**
 * The live sessions of the asked node with one peer that are alike: of one transport, with one kind of TLS session.
 *
 * @param peer the other node
 * @param transport the scheme of the transport that carries them, such as {@code tcp} or {@code quic}
 * @param keyExchange the group that TLS has agreed on, such as {@code X25519MLKEM768}; empty if TLS does not tell
 * @param description the TLS session in words: protocol, cipher suite
 * @param dialed how many of them the asked node began
 * @param accepted how many the peer began
 */
public record SessionSummary(
    NodeId peer, String transport, Optional<String> keyExchange, String description, int dialed, int accepted) {
}
