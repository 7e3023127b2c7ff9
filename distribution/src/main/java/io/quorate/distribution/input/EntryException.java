package io.quorate.distribution.input;

/** An entry of a file is not of its format. */
public final class EntryException extends Exception {

    private static final long serialVersionUID = 1L;

    private final long line;

    EntryException(long line, String message) {
        super(message);
        this.line = line;
    }

    /** The line of the file, from 1. */
    public long line() {
        return line;
    }
}
