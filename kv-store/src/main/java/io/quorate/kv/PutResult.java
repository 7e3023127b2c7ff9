package io.quorate.kv;

/**
 * A put's result.
 *
 * @param revision the mutation's number
 * @param version the key's version now; 1 if it was created
 */
public record PutResult(long revision, long version) {

    /** Whether the key did not exist before. */
    public boolean created() {
        return version == 1;
    }
}
