package io.quorate.distribution.cli;

import io.quorate.distribution.problem.ExitCode;
import io.quorate.distribution.problem.Problem;
import io.quorate.identity.x509.ca.CertificateAuthority;
import io.quorate.identity.x509.ca.IssuedIdentity;
import io.quorate.spi.transport.CertificateRefusedException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Replaces a certificate and its key by successors. */
@Command(name = "renew", description = "Replace a certificate and its key; a running node takes them up by itself.",
    footer = {"", "Example:", "  quorate pki renew pki/node/n1"})
final class PkiRenewCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Mixin
    private CommonOptions common;

    @Parameters(paramLabel = "DIR", description = "The identity's folder, as 'quorate pki issue' wrote it.")
    private Path identity;

    @Option(names = "--dir", paramLabel = "DIR", defaultValue = "pki",
        description = "Where the authority is (default ./${DEFAULT-VALUE}).")
    private Path directory;

    @Option(names = "--json", description = "Print one JSON document.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        Path folder = QuorateCommand.environment(spec).folder();
        Path target = folder.resolve(identity).normalize();
        CertificateAuthority authority = CertificateAuthority.load(folder.resolve(directory).normalize(),
            InstantSource.system());
        IssuedFiles files;
        try {
            files = new IssuedFiles(authority.renew(old(target)), target);
        } catch (CertificateRefusedException e) {
            throw Problem.failed("the certificate in " + target + " names no identity of " + authority.trustDomain()
                + ": " + e.getMessage(), "an identity of the same trust domain",
                "name that trust domain's authority with --dir", e);
        }
        files.identity().writeTo(target, true);
        files.print(spec.commandLine().getOut(), json, "renewed");
        return ExitCode.DONE;
    }

    private static X509Certificate old(Path folder) throws Exception {
        Path file = folder.resolve(IssuedIdentity.CERTIFICATE_FILE);
        if (!Files.exists(file)) {
            throw Problem.failed("found no " + file, "the folder of an identity",
                "name the folder that 'quorate pki issue' wrote");
        }
        try (InputStream in = Files.newInputStream(file)) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        } catch (CertificateException e) {
            throw Problem.failed("cannot read a certificate from " + file + ": " + e.getMessage(), "PEM",
                "issue a new identity with 'quorate pki issue'", e);
        }
    }
}
