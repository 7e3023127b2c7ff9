/** X.509 and SPIFFE identities and a small certificate authority, with Bouncy Castle. */
@SuppressWarnings("module") // the standard is called X.509, and so is the module
module io.quorate.identity.x509 {
    requires transitive io.quorate.spi;
    requires org.bouncycastle.pkix;
    requires org.bouncycastle.provider;
    requires org.bouncycastle.util;
    requires org.slf4j;

    exports io.quorate.identity.x509.ca;

    provides io.quorate.spi.identity.IdentityProvider with io.quorate.identity.x509.X509IdentityProvider;
}
