package io.quorate.kv;

/**
 * A count's answer.
 *
 * @param revision the store's revision that answered
 * @param keys how many keys there are
 */
public record KvCount(long revision, long keys) {
}
