package io.quorate.spi.consensus;

/** What an entry of the log is for. Codes are stored and never reused. */
public enum EntryType {
    /** Carries nothing: a leader's first entry of its term (thesis §6.4). */
    NO_OP(1),
    /** A configuration of the cluster; consensus' own. */
    CONFIGURATION(2),
    /** A batch of commands for the state machine. */
    COMMANDS(3),
    /** A batch of changes of the peer registry. */
    REGISTRY(4),
    /** How much time has passed for the sessions of clients, as the leader measured it. */
    SESSIONS(5);

    private final int code;

    EntryType(int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }

    /** The type with this code, or null. */
    public static EntryType ofCode(int code) {
        return switch (code) {
            case 1 -> NO_OP;
            case 2 -> CONFIGURATION;
            case 3 -> COMMANDS;
            case 4 -> REGISTRY;
            case 5 -> SESSIONS;
            default -> null;
        };
    }
}
