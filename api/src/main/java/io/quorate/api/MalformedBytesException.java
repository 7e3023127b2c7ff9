package io.quorate.api;

/** Encoded bytes are not what their reader expects. The message says what was found, where, and what was expected. */
public class MalformedBytesException extends Exception {

    private static final long serialVersionUID = 1L;

    public MalformedBytesException(String message) {
        super(message);
    }
}
