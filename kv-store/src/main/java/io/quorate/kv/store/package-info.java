/** The store behind the state machine {@code kv}. Everything here runs on the apply thread alone. */
package io.quorate.kv.store;
