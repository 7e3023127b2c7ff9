package io.quorate.registry.session;

import io.quorate.api.ClusterId;
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
    long epoch) {

    /** The protocol version of this build. */
    public static final int PROTOCOL_VERSION = 1;

    /** @throws IllegalArgumentException if a {@link Hello} could not carry it */
    public LocalDescription {
        endpoints = List.copyOf(endpoints);
        capabilities = Hello.sorted(capabilities);
        Hello.check(capabilities, incarnation, endpoints, build, minVersion, maxVersion);
    }

    /** Without an epoch. */
    public LocalDescription(ClusterId cluster, PeerIdentity self, long incarnation, List<Endpoint> endpoints,
        String build, SortedSet<String> capabilities, int minVersion, int maxVersion) {
        this(cluster, self, incarnation, endpoints, build, capabilities, minVersion, maxVersion, 0);
    }

    /** A description with this build's protocol version and what it understands beyond it. */
    public static LocalDescription of(
        ClusterId cluster, PeerIdentity self, long incarnation, List<Endpoint> endpoints, String build) {
        return new LocalDescription(cluster, self, incarnation, endpoints, build,
            new TreeSet<>(List.of(Hello.SESSION_LIST, Hello.CONFIGURATION)), PROTOCOL_VERSION, PROTOCOL_VERSION);
    }

    /** A description of a process that only calls: {@link Hello#CALLS_ONLY}. */
    public static LocalDescription ofCaller(ClusterId cluster, PeerIdentity self, long incarnation, String build) {
        return new LocalDescription(cluster, self, incarnation, List.of(), build,
            new TreeSet<>(List.of(Hello.CALLS_ONLY, Hello.SESSION_LIST, Hello.CONFIGURATION)), PROTOCOL_VERSION,
            PROTOCOL_VERSION);
    }

    /** The same with other endpoints, such as those that listeners have chosen. */
    public LocalDescription withEndpoints(List<Endpoint> others) {
        return new LocalDescription(cluster, self, incarnation, others, build, capabilities, minVersion, maxVersion,
            epoch);
    }

    /** The same with what this side knows of its epoch now. */
    public LocalDescription withEpoch(long now) {
        return new LocalDescription(cluster, self, incarnation, endpoints, build, capabilities, minVersion, maxVersion,
            now);
    }
}
