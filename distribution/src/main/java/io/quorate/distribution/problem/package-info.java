/** How the command says what went wrong: what was found, what was expected, what to do, and the exit code. */
package io.quorate.distribution.problem;
