package io.quorate.identity.x509;

import io.quorate.identity.x509.cert.SpiffeNames;
import io.quorate.spi.identity.IdentityContext;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The provider's settings.
 *
 * @param certificate PEM, leaf first
 * @param key PEM, PKCS#8
 * @param trust PEM, authorities
 * @param trustDomain the SPIFFE trust domain of this side and of everyone it talks to
 */
record X509Settings(Path certificate, Path key, Path trust, String trustDomain) {

    private static final String CERTIFICATE = "certificate";
    private static final String KEY = "key";
    private static final String TRUST = "trust";
    private static final String TRUST_DOMAIN = "trust-domain";
    private static final List<String> KNOWN = List.of(CERTIFICATE, KEY, TRUST, TRUST_DOMAIN);

    /** @throws IllegalArgumentException if a setting is unknown, missing or malformed */
    static X509Settings of(IdentityContext context) {
        Map<String, String> settings = new TreeMap<>(context.settings());
        for (String name : settings.keySet()) {
            if (!KNOWN.contains(name)) {
                throw new IllegalArgumentException("identity x509: found unknown setting \"" + name + "\", expected "
                    + String.join(", ", KNOWN) + "; did you mean \"" + nearest(name) + "\"?");
            }
        }
        for (String name : KNOWN) {
            if (settings.getOrDefault(name, "").isBlank()) {
                throw new IllegalArgumentException("identity x509: found no setting \"" + name + "\", expected all of "
                    + String.join(", ", KNOWN) + "; add it");
            }
        }
        Path base = context.baseDirectory();
        return new X509Settings(base.resolve(settings.get(CERTIFICATE)), base.resolve(settings.get(KEY)),
            base.resolve(settings.get(TRUST)), SpiffeNames.requireTrustDomain(settings.get(TRUST_DOMAIN)));
    }

    private static String nearest(String name) {
        return KNOWN.stream().min(Comparator.comparingInt(known -> distance(name, known))).orElseThrow();
    }

    /** How many single-character edits lie between two names (Levenshtein), with one row of the table in memory. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }
}
