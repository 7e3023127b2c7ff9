/** The same behaviour over every transport and from both origins, with real sockets and real certificates. */
package io.quorate.distribution.alike;
