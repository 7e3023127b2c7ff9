package io.quorate.registry.session;

/** What changes in a session's life. Loop only. */
final class SessionState {

    boolean confirmed;
    boolean closed;
}
