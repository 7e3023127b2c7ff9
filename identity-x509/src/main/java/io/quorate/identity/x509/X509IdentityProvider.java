package io.quorate.identity.x509;

import io.quorate.spi.identity.Identity;
import io.quorate.spi.identity.IdentityContext;
import io.quorate.spi.identity.IdentityProvider;

/**
 * Provides {@code x509}: an identity from PEM files.
 *
 * <p>Settings, all required: {@code certificate} (the leaf first, intermediates behind it), {@code key} (PKCS#8,
 * readable by its owner alone), {@code trust} (the authorities), {@code trust-domain}. Relative paths begin at the
 * context's base directory.
 */
public final class X509IdentityProvider implements IdentityProvider {

    @Override
    public String name() {
        return "x509";
    }

    @Override
    public int spiVersion() {
        return SPI_VERSION;
    }

    @Override
    public Identity create(IdentityContext context) {
        return new X509Identity(X509Settings.of(context), context.time());
    }
}
