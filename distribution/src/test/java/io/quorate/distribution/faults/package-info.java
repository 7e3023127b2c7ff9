/** Faults done to real node processes, while what clients see is recorded and checked. Run by {@code faults.sh}. */
package io.quorate.distribution.faults;
