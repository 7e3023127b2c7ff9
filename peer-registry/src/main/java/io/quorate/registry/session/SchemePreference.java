package io.quorate.registry.session;

import io.quorate.spi.transport.Endpoint;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * In which order the transports to one target are used: first those that are named here, then the others in the order
 * in which the target's endpoints list them.
 *
 * @param schemes the schemes that are preferred to all others, the best first; may be empty
 */
record SchemePreference(List<String> schemes) {

    /** @throws IllegalArgumentException if a scheme is named twice */
    SchemePreference {
        schemes = List.copyOf(schemes);
        if (Set.copyOf(schemes).size() < schemes.size()) {
            throw new IllegalArgumentException("found preferred transports " + schemes + ", expected each once");
        }
    }

    /** The scheme's place among those of {@code endpoints}: 0 is the best, and one that is not listed is the last. */
    int rank(String scheme, List<Endpoint> endpoints) {
        int named = schemes.indexOf(scheme);
        if (named >= 0) {
            return named;
        }
        Set<String> others = new LinkedHashSet<>();
        endpoints.forEach(endpoint -> others.add(endpoint.scheme()));
        schemes.forEach(others::remove);
        int listed = List.copyOf(others).indexOf(scheme);
        return schemes.size() + (listed >= 0 ? listed : others.size());
    }

    /** The endpoints in the order in which to try them; those of one scheme stay in their order. */
    List<Endpoint> sorted(List<Endpoint> endpoints) {
        List<Endpoint> sorted = new ArrayList<>(endpoints);
        sorted.sort(Comparator.comparingInt(endpoint -> rank(endpoint.scheme(), endpoints)));
        return List.copyOf(sorted);
    }
}
