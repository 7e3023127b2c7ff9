/** Drives a running cluster with load, measures it, and verifies what was written. */
package io.quorate.distribution.bench;
