package io.quorate.spi.consensus;

import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What changes the log or the state of the replicas, so that a node of an earlier build could not follow: such a
 * feature is used only when it has been switched on by an entry of the log, in the configuration
 * ({@link Membership#features}). A leader does that once every member is of a build that has it. Until then the earlier
 * form is used; afterwards it stays on for ever.
 *
 * <p>So the nodes of a cluster are replaced by those of a new build one after the other, in any order, and writes never
 * stop. What concerns a connection alone is agreed on by its two sides and is no matter of this.
 *
 * <p>Labels are stored and never used again for anything else.
 */
public enum Feature {
    /**
     * Sessions of clients that are not used end by entries that tell how much time has passed,
     * {@link EntryType#SESSIONS}. Without it they end only to make room for others.
     */
    SESSION_EXPIRY("session-expiry");

    private final String label;

    Feature(String label) {
        this.label = label;
    }

    /** What it is called in the log, in handshakes and in listings. */
    public String label() {
        return label;
    }

    /** Whether it has been switched on. */
    public boolean isOn(Membership membership) {
        return membership.features().contains(label);
    }

    /** The labels of all that this build has. */
    public static SortedSet<String> ofThisBuild() {
        TreeSet<String> all = new TreeSet<>();
        for (Feature feature : values()) {
            all.add(feature.label);
        }
        return Collections.unmodifiableSortedSet(all);
    }
}
