package io.quorate.distribution.cli;

import io.quorate.distribution.output.Json;
import io.quorate.identity.x509.ca.CertificateDescription;
import io.quorate.identity.x509.ca.IssuedIdentity;
import java.io.PrintWriter;
import java.nio.file.Path;

/** An identity and the folder of its files, for the commands that make one. */
record IssuedFiles(IssuedIdentity identity, Path folder) {

    void print(PrintWriter out, boolean json, String verb) {
        CertificateDescription made = CertificateDescription.of(identity.leaf());
        Path certificate = folder.resolve(IssuedIdentity.CERTIFICATE_FILE);
        Path key = folder.resolve(IssuedIdentity.KEY_FILE);
        Path trust = folder.resolve(IssuedIdentity.TRUST_FILE);
        if (json) {
            out.println(Json.document(Json.object("identity", identity.identity().uri(), "certificate", certificate,
                "key", key, "trust", trust, "fingerprint", made.fingerprint(), "notAfter", made.notAfter())));
        } else {
            out.println("The identity " + identity.identity().uri() + " is " + verb + ", valid until "
                + made.notAfter() + ".");
            out.println("  certificate  " + certificate);
            out.println("  key          " + key + " (keep it secret)");
            out.println("  trust        " + trust);
        }
    }
}
