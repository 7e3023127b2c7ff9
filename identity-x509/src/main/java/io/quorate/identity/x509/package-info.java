/** The identity provider {@code x509}: an identity from PEM files, renewed while it runs. */
package io.quorate.identity.x509;
