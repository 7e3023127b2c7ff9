/**
 * A replicated key-value store: what callers say to it and hear from it.
 *
 * <p>Keys are 1 to 1,024 bytes, values at most 512 KiB. Every mutation has a <em>revision</em>: a number that counts
 * the mutations of the whole store, from 1, without gaps. Every key has a <em>version</em>: a number that counts its
 * own mutations since it was created, from 1. Both are the same on every node.
 *
 * <p>{@link io.quorate.kv.KvClient} is the convenient way; {@link io.quorate.kv.Kv} has the encoded forms for those who
 * gather commands themselves.
 */
package io.quorate.kv;
