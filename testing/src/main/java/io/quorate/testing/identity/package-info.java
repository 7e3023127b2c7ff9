/** Identities for tests that are not about identity. */
package io.quorate.testing.identity;
