/** The state machine in the box: a versioned key-value store with watch. */
module io.quorate.kv {
    requires io.quorate.api;
}
