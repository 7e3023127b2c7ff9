package io.quorate.kv;

/**
 * The state in a few numbers. Two replicas that have applied the same commands have equal digests; two that differ in a
 * key, a value, a version or a revision have different ones, but for a chance of less than one in a thousand million.
 * It finds accidents and defects; it is no proof against somebody who wants two states to look alike.
 *
 * @param revision the store's revision
 * @param keys how many keys there are
 * @param digest of all of it
 */
public record KvDigest(long revision, long keys, long digest) {
}
