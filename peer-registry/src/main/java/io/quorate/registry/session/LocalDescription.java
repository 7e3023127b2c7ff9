package io.quorate.registry.session;

import io.quorate.api.ClusterId;
import io.quorate.spi.consensus.Feature;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.Endpoint;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What this side says of itself in every hello.
 *
 * @param cluster the cluster; never blank, since {@link ClusterId} cannot be
 * @param self the identity that this side's certificate proves
 * @param incarnation see {@link Incarnation}; positive
 * @param endpoints where others can reach this side, in order of preference; empty for a client
 * @param build the build's version, for people
 * @param capabilities what this side understands beyond the protocol version; a feature is used on a connection if both
 *     sides name it
 * @param minVersion the oldest protocol version that this side speaks
 * @param maxVersion the newest
 * @param epoch see {@link Hello#epoch}
 * @param required the labels of the features that are on in this side's cluster, as far as this side knows: a node
 *     without one of them is refused
 */
public record LocalDescription(
    ClusterId cluster,
    PeerIdentity self,
    long incarnation,
    List<Endpoint> endpoints,
    String build,
    SortedSet<String> capabilities,
    int minVersion,
    int maxVersion,
    long epoch,
    SortedSet<String> required) {

    /** The protocol version of this build. */
    public static final int PROTOCOL_VERSION = 1;

    /** What this build understands on a connection beyond the protocol version. */
    private static final List<String> UNDERSTOOD =
        List.of(Hello.SESSION_LIST, Hello.CONFIGURATION, Hello.FEATURES, Hello.EPOCH_NEWS);

    /** @throws IllegalArgumentException if a {@link Hello} could not carry it */
    public LocalDescription {
        endpoints = List.copyOf(endpoints);
        capabilities = Hello.sorted(capabilities);
        required = Hello.sorted(required);
        Hello.check(capabilities, incarnation, endpoints, build, minVersion, maxVersion);
    }

    /** Without an epoch, and with no feature on. */
    public LocalDescription(ClusterId cluster, PeerIdentity self, long incarnation, List<Endpoint> endpoints,
        String build, SortedSet<String> capabilities, int minVersion, int maxVersion) {
        this(cluster, self, incarnation, endpoints, build, capabilities, minVersion, maxVersion, 0, new TreeSet<>());
    }

    /** A description with this build's protocol version and what it understands beyond it. */
    public static LocalDescription of(
        ClusterId cluster, PeerIdentity self, long incarnation, List<Endpoint> endpoints, String build) {
        return of(cluster, self, incarnation, endpoints, build, Feature.ofThisBuild());
    }

    /** The same with other features than this build's. */
    public static LocalDescription of(ClusterId cluster, PeerIdentity self, long incarnation, List<Endpoint> endpoints,
        String build, SortedSet<String> features) {
        TreeSet<String> capabilities = new TreeSet<>(UNDERSTOOD);
        features.forEach(feature -> capabilities.add(Hello.FEATURE_PREFIX + feature));
        return new LocalDescription(cluster, self, incarnation, endpoints, build, capabilities, PROTOCOL_VERSION,
            PROTOCOL_VERSION);
    }

    /** A description of a process that only calls: {@link Hello#CALLS_ONLY}. */
    public static LocalDescription ofCaller(ClusterId cluster, PeerIdentity self, long incarnation, String build) {
        TreeSet<String> capabilities = new TreeSet<>(UNDERSTOOD);
        capabilities.add(Hello.CALLS_ONLY);
        return new LocalDescription(cluster, self, incarnation, List.of(), build, capabilities, PROTOCOL_VERSION,
            PROTOCOL_VERSION);
    }

    /** The same with other endpoints, such as those that listeners have chosen. */
    public LocalDescription withEndpoints(List<Endpoint> others) {
        return new LocalDescription(cluster, self, incarnation, others, build, capabilities, minVersion, maxVersion,
            epoch, required);
    }

    /** The same with what this side knows now of its cluster's epoch, and of the features that are on. */
    public LocalDescription withAgreed(long epochNow, SortedSet<String> requiredNow) {
        return new LocalDescription(cluster, self, incarnation, endpoints, build, capabilities, minVersion, maxVersion,
            epochNow, requiredNow);
    }
}
