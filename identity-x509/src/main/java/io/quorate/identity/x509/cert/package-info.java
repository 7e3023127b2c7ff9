/** Certificates: their files, their SPIFFE names, and the one judge of chains. */
package io.quorate.identity.x509.cert;
