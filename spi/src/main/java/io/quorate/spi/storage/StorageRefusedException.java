package io.quorate.spi.storage;

import java.io.IOException;
import java.util.Optional;

/**
 * The store does not open this directory: it is in use, of a format that this version cannot read, of another cluster
 * or node, or damaged; or an order for it makes no sense any more. The message names the file, what was found, what was
 * expected, and the remedy; it is meant for the operator as it is. Nothing in the directory has been changed.
 */
public final class StorageRefusedException extends IOException {

    private static final long serialVersionUID = 1L;

    /** Why. */
    public enum Reason {
        /** Another process, or another store in this one, has the directory. */
        IN_USE,
        /** Written by a newer version. */
        NEWER_FORMAT,
        /** Written by a version so old that this one cannot read it. */
        OLDER_FORMAT,
        /** Of another cluster or another node. */
        FOREIGN,
        /** Something that had been made durable is missing or not as it was written. */
        DAMAGED,
        /** What is asked for has been done already. */
        NOT_NEEDED
    }

    /**
     * What is damaged.
     *
     * @param where file, and offset where there is one
     */
    public record Damage(String where, String found, String expected) {
    }

    private final Reason reason;
    private final transient Damage damage;

    public StorageRefusedException(Reason reason, String message) {
        this(reason, message, null);
    }

    private StorageRefusedException(Reason reason, String message, Damage damage) {
        super(message);
        this.reason = reason;
        this.damage = damage;
    }

    public Reason reason() {
        return reason;
    }

    /** Damage, in words that tell the operator what to do. */
    public static StorageRefusedException damaged(String where, String found, String expected) {
        return new StorageRefusedException(Reason.DAMAGED, where + ": found " + found + ", expected " + expected
            + ". Nothing was changed, and this node will not vote on damaged data. Restore the directory from a copy "
            + "taken while the node was stopped and not older than its last run, or remove this node from the cluster "
            + "and let it join anew with an empty directory.", new Damage(where, found, expected));
    }

    /** What is damaged, if that is why. */
    public Optional<Damage> damage() {
        return Optional.ofNullable(damage);
    }
}
