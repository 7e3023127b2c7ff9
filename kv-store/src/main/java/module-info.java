/** The state machine in the box: a versioned key-value store with watch. */
module io.quorate.kv {
    requires transitive io.quorate.api;

    exports io.quorate.kv;

    provides io.quorate.api.StateMachine with io.quorate.kv.store.KvStateMachine;
}
