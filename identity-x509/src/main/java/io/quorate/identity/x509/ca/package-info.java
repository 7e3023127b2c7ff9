/**
 * A small certificate authority: enough to give every node, application and operator of a cluster a certificate, and no
 * more. It keeps no list of what it has issued and revokes nothing: short lives and renewal take the place of
 * revocation.
 */
package io.quorate.identity.x509.ca;
