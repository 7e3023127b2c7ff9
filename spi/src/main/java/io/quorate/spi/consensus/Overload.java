package io.quorate.spi.consensus;

import java.util.Locale;

/** Why a consensus takes no proposal now although it leads: a closed list, so that each cause can be counted. */
public enum Overload {

    /** The leadership is being handed over; the successor takes proposals in a moment. */
    HANDING_OVER("the leadership is being handed over"),

    /** The disk of the log has no room. */
    DISK_FULL("the disk of the log is full"),

    /** The disk of the log does not keep up: others have committed what it has not written yet. */
    DISK_SLOW("the disk of the log is slower than what is proposed"),

    /** The quorum does not keep up. */
    UNCOMMITTED("too much is proposed and not committed yet"),

    /** The state machine does not keep up. */
    UNAPPLIED("too much is committed and not applied yet");

    private final String text;

    Overload(String text) {
        this.text = text;
    }

    /** The cause in words, for people. */
    public String text() {
        return text;
    }

    /** The cause as the end of a counter's name, such as {@code disk-full}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
