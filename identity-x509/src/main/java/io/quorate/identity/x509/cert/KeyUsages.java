package io.quorate.identity.x509.cert;

import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** What certificates permit, in the words of RFC 5280. */
public final class KeyUsages {

    private static final List<String> NAMES = List.of("digitalSignature", "nonRepudiation", "keyEncipherment",
        "dataEncipherment", "keyAgreement", "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly");

    private static final Map<String, String> EXTENDED_NAMES = Map.of(
        "2.5.29.37.0", "anyExtendedKeyUsage",
        "1.3.6.1.5.5.7.3.1", "serverAuth",
        "1.3.6.1.5.5.7.3.2", "clientAuth",
        "1.3.6.1.5.5.7.3.3", "codeSigning",
        "1.3.6.1.5.5.7.3.4", "emailProtection",
        "1.3.6.1.5.5.7.3.8", "timeStamping",
        "1.3.6.1.5.5.7.3.9", "OCSPSigning");

    private KeyUsages() {
    }

    /** The key usages (§4.2.1.3) in the standard's order; empty if the extension is missing. */
    public static List<String> names(X509Certificate certificate) {
        boolean[] usage = certificate.getKeyUsage();
        List<String> names = new ArrayList<>();
        for (int i = 0; usage != null && i < usage.length && i < NAMES.size(); i++) {
            if (usage[i]) {
                names.add(NAMES.get(i));
            }
        }
        return names;
    }

    /** The extended key usages (§4.2.1.12); an unknown one as its number. */
    public static List<String> extendedNames(Collection<String> oids) {
        return oids.stream().map(oid -> EXTENDED_NAMES.getOrDefault(oid, oid)).toList();
    }

    /** Whom certificates name, for messages. */
    public static String subjects(Collection<X509Certificate> certificates) {
        return certificates.stream().map(c -> c.getSubjectX500Principal().getName()).toList().toString();
    }
}
