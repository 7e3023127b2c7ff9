/** The node loop of production: one thread on which a node decides everything. */
package io.quorate.registry.loop;
