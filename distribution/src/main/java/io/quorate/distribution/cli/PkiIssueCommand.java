package io.quorate.distribution.cli;

import io.quorate.distribution.config.Durations;
import io.quorate.distribution.problem.ExitCode;
import io.quorate.distribution.problem.Problem;
import io.quorate.identity.x509.ca.CertificateAuthority;
import io.quorate.identity.x509.ca.IdentityRequest;
import io.quorate.spi.identity.PeerIdentity;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Issues a certificate. */
@Command(name = "issue", description = "Issue a certificate, with a new key, to a node, a client or an operator.",
    footer = {"", "Example:", "  quorate pki issue node n1", "  quorate pki issue operator alice --valid 30d"})
final class PkiIssueCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Mixin
    private CommonOptions common;

    @Parameters(index = "0", paramLabel = "KIND", description = "What it is: ${COMPLETION-CANDIDATES}.")
    private Kind kind;

    @Parameters(index = "1", paramLabel = "NAME", description = "Its name; for a node, the node id.")
    private String name;

    @Option(names = "--dir", paramLabel = "DIR", defaultValue = "pki",
        description = "Where the authority is (default ./${DEFAULT-VALUE}).")
    private Path directory;

    @Option(names = "--out", paramLabel = "DIR",
        description = "Where to write certificate.pem, key.pem and trust.pem (default <dir>/<kind>/<name>).")
    private Path out;

    @Option(names = "--valid", paramLabel = "TIME",
        description = "How long it is valid (default 365d for nodes, 90d for others).")
    private String valid;

    @Option(names = "--dns", paramLabel = "NAME", description = "A host name to add for other tools; may be repeated.")
    private List<String> dnsNames = List.of();

    @Option(names = "--ip", paramLabel = "ADDRESS", description = "An address to add, likewise.")
    private List<String> ipAddresses = List.of();

    @Option(names = "--json", description = "Print one JSON document.")
    private boolean json;

    /** What can be issued, as it is typed. */
    enum Kind {
        node, client, operator
    }

    @Override
    public Integer call() throws Exception {
        Path folder = QuorateCommand.environment(spec).folder();
        Path home = folder.resolve(directory).normalize();
        if (!Files.exists(home.resolve(CertificateAuthority.CERTIFICATE_FILE))) {
            throw Problem.failed("found no authority in " + home, "a folder made by 'quorate pki init'",
                "run 'quorate pki init --dir " + directory + " --trust-domain <name>', or name its folder with --dir");
        }
        Path target = out == null ? home.resolve(kind.name()).resolve(name) : folder.resolve(out).normalize();
        CertificateAuthority authority = CertificateAuthority.load(home, InstantSource.system());
        IssuedFiles files;
        try {
            IdentityRequest request = IdentityRequest.of(kindOf(kind), name).withHosts(dnsNames, ipAddresses);
            files = new IssuedFiles(authority.issue(valid == null ? request
                : request.withValidity(Durations.parse("--valid", valid))), target);
        } catch (IllegalArgumentException e) {
            throw Problem.usage(e.getMessage(), "", "correct the command line; 'quorate pki issue --help' shows more");
        }
        try {
            files.identity().writeTo(target, false);
        } catch (FileAlreadyExistsException e) {
            throw Problem.failed("found an identity in " + target + " already", "a folder without one",
                "renew it with 'quorate pki renew " + target + "', or choose another --out", e);
        }
        files.print(spec.commandLine().getOut(), json, "issued");
        return ExitCode.DONE;
    }

    private static PeerIdentity.Kind kindOf(Kind kind) {
        return switch (kind) {
            case node -> PeerIdentity.Kind.NODE;
            case client -> PeerIdentity.Kind.CLIENT;
            case operator -> PeerIdentity.Kind.OPERATOR;
        };
    }
}
