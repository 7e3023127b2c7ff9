/** Where {@link java.util.ServiceLoader} finds Raft. */
package io.quorate.raft;
