package io.quorate.spi.identity;

import io.quorate.spi.QuorateProvider;

/** Provides identities. */
public interface IdentityProvider extends QuorateProvider {

    /** Creates an identity; reads nothing yet. */
    Identity create(IdentityContext context);
}
