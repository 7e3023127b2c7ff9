package io.quorate.kv;

/**
 * What became of a conditional command. A condition that does not hold is a result and no failure.
 *
 * @param applied whether the condition held and the command was carried out
 * @param version the key's version now; 0 if it does not exist
 * @param modRevision the revision of the key's last change; 0 if it does not exist
 * @param revision the store's revision now; if applied, the mutation's number
 */
public record CasResult(boolean applied, long version, long modRevision, long revision) {
}
