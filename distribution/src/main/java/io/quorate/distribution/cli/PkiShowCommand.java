package io.quorate.distribution.cli;

import io.quorate.distribution.output.Json;
import io.quorate.distribution.problem.ExitCode;
import io.quorate.distribution.problem.Problem;
import io.quorate.identity.x509.ca.CertificateAuthority;
import io.quorate.identity.x509.ca.CertificateDescription;
import io.quorate.identity.x509.ca.IssuedIdentity;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows certificates. */
@Command(name = "show", description = "Show the certificates in a file, or in an identity's or authority's folder.",
    footer = {"", "Example:", "  quorate pki show pki/node/n1"})
final class PkiShowCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Mixin
    private CommonOptions common;

    @Parameters(paramLabel = "PATH", description = "A PEM file, or a folder that 'quorate pki' wrote.")
    private Path path;

    @Option(names = "--json", description = "Print one JSON document.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        Path file = file(QuorateCommand.environment(spec).folder().resolve(path).normalize());
        List<CertificateDescription> certificates = CertificateDescription.read(file);
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            List<Object> list = new ArrayList<>();
            certificates.forEach(certificate -> list.add(object(certificate)));
            out.println(Json.document(Json.object("file", file, "certificates", list)));
            return ExitCode.DONE;
        }
        for (CertificateDescription certificate : certificates) {
            print(out, certificate);
        }
        return ExitCode.DONE;
    }

    private static Path file(Path given) throws Problem {
        if (!Files.isDirectory(given)) {
            return given;
        }
        for (String name : List.of(IssuedIdentity.CERTIFICATE_FILE, CertificateAuthority.CERTIFICATE_FILE)) {
            if (Files.exists(given.resolve(name))) {
                return given.resolve(name);
            }
        }
        throw Problem.failed("found no certificate in " + given, "a folder that 'quorate pki' wrote",
            "name a PEM file, or the folder of an identity or authority");
    }

    private static Object object(CertificateDescription certificate) {
        return Json.object("identity", certificate.spiffeId(), "subject", certificate.subject(),
            "issuer", certificate.issuer(), "authority", certificate.authority(),
            "notBefore", certificate.notBefore(), "notAfter", certificate.notAfter(),
            "serialNumber", certificate.serialNumber(), "fingerprint", certificate.fingerprint(),
            "publicKey", certificate.publicKey(), "keyUsage", certificate.keyUsage(),
            "extendedKeyUsage", certificate.extendedKeyUsage(), "alternativeNames", certificate.alternativeNames());
    }

    private static void print(PrintWriter out, CertificateDescription certificate) {
        Duration left = Duration.between(Instant.now(), certificate.notAfter());
        String validity = left.isNegative() ? "expired" : left.toDays() + " days left";
        out.println(certificate.spiffeId().orElse(certificate.subject())
            + (certificate.authority() ? " (authority)" : ""));
        out.println("  valid        " + certificate.notBefore() + " to " + certificate.notAfter() + ", " + validity);
        out.println("  issuer       " + certificate.issuer());
        out.println("  serial       " + certificate.serialNumber());
        out.println("  fingerprint  " + certificate.fingerprint());
        out.println("  key          " + certificate.publicKey() + ", for " + String.join(", ", certificate.keyUsage()));
        if (!certificate.extendedKeyUsage().isEmpty()) {
            out.println("  purposes     " + String.join(", ", certificate.extendedKeyUsage()));
        }
        if (!certificate.alternativeNames().isEmpty()) {
            out.println("  names        " + String.join(", ", certificate.alternativeNames()));
        }
    }
}
