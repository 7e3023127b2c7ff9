package io.quorate.client;

import io.quorate.api.NodeId;
import io.quorate.registry.session.RefusalEvent;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.RefusalReason;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Why what cannot be reached cannot be reached: for each configured endpoint and each node the last reason, for the
 * error message that an operator gets to read. Loop only.
 */
final class Reachability {

    private static final class Place {
        private NodeId node;
        private RefusalReason reason;
        private String detail = "no answer yet";
        /** The name of a reason that waiting will not mend; null if it is none. */
        private String lasting;

        void failed(RefusalReason why, String text, String lasts) {
            reason = why;
            detail = text;
            lasting = lasts;
        }

        @Override
        public String toString() {
            return reason == null ? detail : reason.label() + (detail.isEmpty() ? "" : ": " + detail);
        }
    }

    private final Map<Endpoint, Place> configured = new LinkedHashMap<>();
    private final Map<NodeId, String> nodes = new TreeMap<>();
    private final Map<NodeId, String> lastingOfNodes = new TreeMap<>();

    /** The last refusal at an address that could not be told to be one of the configured endpoints. */
    private String elsewhere = "";

    Reachability(Collection<Endpoint> servers) {
        servers.forEach(server -> configured.put(server, new Place()));
    }

    /** A connection that this side dialed has not become a session. */
    void refused(RefusalEvent event) {
        boolean lasting = lasting(event.reason(), event.detail());
        String label = lasting ? label(event) : null;
        boolean placed = false;
        for (Map.Entry<Endpoint, Place> entry : configured.entrySet()) {
            if (isAbout(event, entry.getKey())) {
                placed = true;
                entry.getValue().failed(event.reason(), event.detail(), label);
                if (entry.getValue().node != null) {
                    failed(entry.getValue().node, entry.getValue().toString(), label);
                }
            }
        }
        if (!placed) {
            elsewhere = "; " + event.subject() + " at " + event.remote() + ": " + event.reason().label() + ": "
                + event.detail();
        }
    }

    /** The same about a node whose endpoints were learned and not configured. */
    void refused(RefusalEvent event, NodeId node, List<Endpoint> endpoints) {
        for (Endpoint endpoint : endpoints) {
            if (isAbout(event, endpoint)) {
                failed(node, event.reason().label() + (event.detail().isEmpty() ? "" : ": " + event.detail()),
                    lasting(event.reason(), event.detail()) ? label(event) : null);
            }
        }
    }

    /** {@code node} has answered from {@code remote} over a transport, and advertises {@code endpoints}. */
    void connected(NodeId node, String scheme, String remote, List<Endpoint> endpoints) {
        nodes.remove(node);
        lastingOfNodes.remove(node);
        elsewhere = "";
        configured.forEach((endpoint, place) -> {
            if (configured.size() == 1 && place.node == null || endpoints.contains(endpoint)
                || scheme.equals(endpoint.scheme())
                && (namesPlace(remote, endpoint) || isOnlyOneAtPort(remote, endpoint))) {
                place.node = node;
                place.failed(null, "connected to " + node, null);
            }
        });
    }

    void lost(NodeId node, String reason) {
        failed(node, "connection lost: " + reason, null);
        configured.values().forEach(place -> {
            if (node.equals(place.node)) {
                place.failed(RefusalReason.CONNECTION_LOST, reason, null);
            }
        });
    }

    /** The node that has answered at {@code endpoint}. */
    Optional<NodeId> nodeAt(Endpoint endpoint) {
        return Optional.ofNullable(configured.get(endpoint)).map(place -> place.node);
    }

    /** Why {@code node} cannot be reached, if an attempt has shown it. */
    Optional<String> failureOf(NodeId node) {
        return Optional.ofNullable(nodes.get(node));
    }

    /**
     * Whether every configured endpoint refuses this client, or is refused by it, for a reason that waiting will not
     * mend: a wrong certificate, another cluster. Somebody has to act, and should hear of it at once.
     */
    boolean hopeless() {
        return configured.values().stream().allMatch(place -> place.lasting != null);
    }

    /** The name of a reason for which a configured endpoint and this client refuse each other for good. */
    Optional<String> lastingReason() {
        return configured.values().stream().map(place -> place.lasting).filter(Objects::nonNull).findFirst();
    }

    /** The same of one node. */
    Optional<String> lastingReason(NodeId node) {
        return Optional.ofNullable(lastingOfNodes.get(node));
    }

    private void failed(NodeId node, String text, String lasting) {
        nodes.put(node, text);
        if (lasting == null) {
            lastingOfNodes.remove(node);
        } else {
            lastingOfNodes.put(node, lasting);
        }
    }

    /** What the other side has refused for is the first word of the detail. */
    private static String label(RefusalEvent event) {
        return event.reason() == RefusalReason.REFUSED_BY_PEER ? event.detail().split(":", 2)[0]
            : event.reason().label();
    }

    /** Whether every configured endpoint has answered or failed by now. */
    boolean settled() {
        return configured.values().stream().allMatch(place -> place.node != null || place.reason != null);
    }

    /** Whether {@code endpoint} has answered or failed by now. */
    boolean settled(Endpoint endpoint) {
        Place place = configured.get(endpoint);
        return place != null && (place.node != null || place.reason != null);
    }

    /** Whether {@code node} has been met at a configured endpoint. */
    boolean isAtServer(NodeId node) {
        return configured.values().stream().anyMatch(place -> node.equals(place.node));
    }

    /** Each configured endpoint with its last reason. */
    String describe() {
        StringBuilder text = new StringBuilder();
        configured.forEach((endpoint, place) ->
            text.append(text.isEmpty() ? "" : "; ").append(endpoint).append(": ").append(place));
        return text.append(elsewhere).toString();
    }

    private boolean isAbout(RefusalEvent event, Endpoint endpoint) {
        if (!event.scheme().equals(endpoint.scheme())) {
            return false;
        }
        return namesPlace(event.remote(), endpoint) || namesPlace(event.subject(), endpoint)
            || isOnlyOneAtPort(event.remote(), endpoint);
    }

    /** Whether {@code text} contains the endpoint's host and port, and not just as a part of longer ones. */
    static boolean namesPlace(String text, Endpoint endpoint) {
        String place = endpoint.toString().substring(endpoint.scheme().length() + 3);
        for (int at = text.indexOf(place); at >= 0; at = text.indexOf(place, at + 1)) {
            int end = at + place.length();
            boolean begins = at == 0 || !isPartOfName(text.charAt(at - 1));
            boolean ends = end == text.length() || !Character.isDigit(text.charAt(end));
            if (begins && ends) {
                return true;
            }
        }
        return false;
    }

    private static boolean isPartOfName(char c) {
        return Character.isLetterOrDigit(c) || c == '.' || c == '-' || c == '_';
    }

    /** An address instead of the configured name: the port tells as long as it is the only one. */
    private boolean isOnlyOneAtPort(String remote, Endpoint endpoint) {
        if (!remote.endsWith(":" + endpoint.port())) {
            return false;
        }
        return configured.keySet().stream().filter(each -> each.port() == endpoint.port()
            && each.scheme().equals(endpoint.scheme())).count() == 1
            && configured.containsKey(endpoint);
    }

    private static boolean lasting(RefusalReason reason, String detail) {
        return switch (reason) {
            case NO_CERTIFICATE, UNTRUSTED_AUTHORITY, CERTIFICATE_EXPIRED, CERTIFICATE_NOT_YET_VALID, WRONG_KEY_USAGE,
                CA_AS_LEAF, SPIFFE_ID_MISSING, SPIFFE_ID_AMBIGUOUS, SPIFFE_ID_MALFORMED, WRONG_TRUST_DOMAIN,
                CERTIFICATE_INVALID, TLS_VERSION, TLS_ALPN, TLS_NOT_SPOKEN, TLS_ALERT_RECEIVED, KEY_EXCHANGE,
                PROTOCOL_VERSION, WRONG_CLUSTER, IDENTITY_MISMATCH, CHANNEL_BINDING, MALFORMED_HELLO, REMOVED_NODE,
                NOT_A_MEMBER, WIRE_VIOLATION, RECOVERY_EPOCH, FEATURE_MISSING -> true;
            case TLS_FAILED, UNEXPECTED_NODE, STALE_INCARNATION, CONNECTED_TO_SELF, SHUTTING_DOWN, HANDSHAKE_TIMEOUT,
                TOO_MANY_HANDSHAKES, TOO_MANY_HANDSHAKES_FROM_SOURCE, TOO_MANY_CONNECTIONS, PREAUTH_LIMIT,
                CONNECT_FAILED, CONNECTION_LOST -> false;
            case REFUSED_BY_PEER -> !detail.contains(RefusalReason.SHUTTING_DOWN.label())
                && !detail.contains(RefusalReason.STALE_INCARNATION.label())
                && !detail.contains(RefusalReason.TOO_MANY_CONNECTIONS.label());
        };
    }
}
