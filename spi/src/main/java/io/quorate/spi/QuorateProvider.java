package io.quorate.spi;

/**
 * What every plugin's provider has in common.
 *
 * <p>A provider is a public final class with a cheap public constructor without arguments, listed with {@code
 * provides} in its module descriptor (and in {@code META-INF/services} if it is to work on a class path). Its {@code
 * create} method neither binds, opens nor starts anything; what it creates has {@code start} for that and an
 * idempotent, bounded
 * {@code close}.
 */
public interface QuorateProvider {

    /** The version of these service interfaces. A provider built against another one is refused. */
    int SPI_VERSION = 1;

    /**
     * The name by which configuration chooses this provider: 1 to 63 characters of {@code a-z}, {@code 0-9}, {@code -}.
     */
    String name();

    /** The {@link #SPI_VERSION} that the provider was compiled against; return the constant. */
    int spiVersion();
}
