/** A disk in memory that tears, forgets, fails and fills up as real ones do, and at will. */
package io.quorate.testing.disk;
