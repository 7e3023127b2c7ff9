package io.quorate.registry.node;

/**
 * Why a node stopped serving by itself. It stays stopped until its process is restarted.
 *
 * @param problem what was found, for an operator
 * @param cause what was thrown
 */
public record NodeFailure(String problem, Throwable cause) {
}
