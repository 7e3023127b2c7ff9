package io.quorate.kv;

import java.util.Optional;

/**
 * A get's answer.
 *
 * @param revision the store's revision that answered; watch from the next one to miss nothing
 * @param entry what is there
 */
public record KvRead(long revision, Optional<KvEntry> entry) {
}
