package io.quorate.distribution.cli;

import io.quorate.distribution.output.Json;
import io.quorate.distribution.problem.ExitCode;
import io.quorate.distribution.problem.Problem;
import io.quorate.identity.x509.ca.CertificateAuthority;
import io.quorate.identity.x509.ca.CertificateDescription;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Makes a certificate authority. */
@Command(name = "init", description = "Make a certificate authority for a trust domain.",
    footer = {"", "Example:", "  quorate pki init --trust-domain example.org --dir ./pki"})
final class PkiInitCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Mixin
    private CommonOptions common;

    @Option(names = "--dir", paramLabel = "DIR", defaultValue = "pki",
        description = "Where to keep the authority (default ./${DEFAULT-VALUE}).")
    private Path directory;

    @Option(names = "--trust-domain", paramLabel = "NAME", required = true,
        description = "The trust domain: the first part of every identity it issues, such as example.org.")
    private String trustDomain;

    @Option(names = "--json", description = "Print one JSON document.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        Path folder = QuorateCommand.environment(spec).folder().resolve(directory).normalize();
        CertificateAuthority authority;
        try {
            authority = CertificateAuthority.create(trustDomain, InstantSource.system());
        } catch (IllegalArgumentException e) {
            throw Problem.usage(e.getMessage(), "a trust domain such as example.org", "correct --trust-domain");
        }
        try {
            authority.save(folder, false);
        } catch (FileAlreadyExistsException e) {
            throw Problem.failed("found an authority in " + folder + " already", "a folder without one",
                "use that one with 'quorate pki issue', or choose another --dir", e);
        }
        CertificateDescription made = CertificateDescription.of(authority.certificate());
        Path certificate = folder.resolve(CertificateAuthority.CERTIFICATE_FILE);
        Path key = folder.resolve(CertificateAuthority.KEY_FILE);
        if (json) {
            spec.commandLine().getOut().println(Json.document(Json.object("trustDomain", trustDomain,
                "certificate", certificate, "key", key, "fingerprint", made.fingerprint(),
                "notAfter", made.notAfter())));
        } else {
            spec.commandLine().getOut().println("The authority for " + trustDomain + " is made, valid until "
                + made.notAfter() + ".");
            spec.commandLine().getOut().println("  certificate  " + certificate);
            spec.commandLine().getOut().println("  key          " + key + " (keep it secret)");
        }
        return ExitCode.DONE;
    }
}
