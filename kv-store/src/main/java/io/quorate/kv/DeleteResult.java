package io.quorate.kv;

/**
 * A delete's result.
 *
 * @param existed whether there was something to delete; if not, nothing has changed
 * @param revision the store's revision now; if the key existed, the mutation's number
 */
public record DeleteResult(boolean existed, long revision) {
}
