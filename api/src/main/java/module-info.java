/**
 * What applications use: the control plane, the state machine they bring, the values both speak in, and the typed
 * failures. Requires nothing but {@code java.base}.
 */
module io.quorate.api {
    exports io.quorate.api;
}
