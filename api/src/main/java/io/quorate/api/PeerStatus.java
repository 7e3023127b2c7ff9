package io.quorate.api;

/** A member's status in the replicated registry. The transition table is in the registry's own documentation. */
public enum PeerStatus {
    /** A member that no leader has seen or missed yet. */
    UNKNOWN(0),
    /** A session was admitted, and not confirmed by a round trip yet. */
    CONNECTING(1),
    /** A session lives and was confirmed. */
    ONLINE(2),
    /** Its sessions are gone; it has a short time to come back before it counts as offline. */
    SUSPECT(3),
    /** It has no session. */
    OFFLINE(4),
    /** It is no member any more. */
    REMOVED(5);

    private final int code;

    PeerStatus(int code) {
        this.code = code;
    }

    /** The number that stands for this status in encoded form; never reused. */
    public int code() {
        return code;
    }

    /** @throws MalformedBytesException if no status has this code */
    public static PeerStatus ofCode(int code) throws MalformedBytesException {
        for (PeerStatus status : values()) {
            if (status.code == code) {
                return status;
            }
        }
        throw new MalformedBytesException("found peer status " + code + ", expected 0 to 5");
    }
}
