/** Provides whole nodes to what runs them without knowing them. */
package io.quorate.registry.provider;
