package io.quorate.distribution.quickstart;

import io.quorate.api.NodeId;
import io.quorate.distribution.config.ClientConfig;
import io.quorate.distribution.config.NodeConfig;
import io.quorate.distribution.problem.Problem;
import io.quorate.identity.x509.ca.CertificateAuthority;
import io.quorate.identity.x509.ca.CertificateDescription;
import io.quorate.identity.x509.ca.IdentityRequest;
import io.quorate.identity.x509.ca.IssuedIdentity;
import io.quorate.spi.identity.IdentityException;
import io.quorate.spi.identity.PeerIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/**
 * The folder of a quickstart cluster: an authority, an identity for each node, one for an operator and one for an
 * application, and a configuration for each of them. The files of the nodes are the only record of how many there are
 * and where they listen.
 */
public final class QuickstartFolder {

    static final String CLUSTER = "quickstart";
    static final String TRUST_DOMAIN = "quickstart.local";
    static final String CLIENT_FILE = "client.yaml";
    static final String APPLICATION_FILE = "application.yaml";
    static final String NODE_FILE = "node.yaml";

    /** A certificate with less than this left is renewed at a start. */
    private static final Duration RENEW_BEFORE = Duration.ofDays(7);

    private final Path root;
    private final List<NodeConfig> nodes;

    private QuickstartFolder(Path root, List<NodeConfig> nodes) {
        this.root = root;
        this.nodes = List.copyOf(nodes);
    }

    /** Whether {@code root} holds a cluster already. */
    public static boolean exists(Path root) {
        return Files.exists(root.resolve("n1").resolve(NODE_FILE));
    }

    /** Makes a folder for {@code count} nodes that listen on ports from {@code basePort} on. */
    public static QuickstartFolder create(Path root, int count, int basePort, QuickstartTransport transport)
            throws IOException, Problem {
        Files.createDirectories(root.toAbsolutePath().getParent());
        if (!Files.exists(root)) {
            Files.createDirectory(root, PosixFilePermissions.asFileAttribute(
                PosixFilePermissions.fromString("rwx------")));
        }
        CertificateAuthority authority = authority(root);
        List<NodeId> ids = new ArrayList<>();
        StringBuilder members = new StringBuilder();
        StringBuilder servers = new StringBuilder();
        for (int i = 0; i < count; i++) {
            NodeId id = new NodeId("n" + (i + 1));
            ids.add(id);
            String line = "  " + id + ": " + transport.endpoints(basePort + i) + "\n";
            members.append(line);
            servers.append(line);
        }
        issue(authority, root, PeerIdentity.Kind.OPERATOR, "admin");
        issue(authority, root, PeerIdentity.Kind.CLIENT, "application");
        for (NodeId id : ids) {
            issue(authority, root, PeerIdentity.Kind.NODE, id.value());
        }
        write(root.resolve(CLIENT_FILE), client(servers, transport, "operator/admin",
            "An operator may do everything the command offers."));
        write(root.resolve(APPLICATION_FILE), client(servers, transport, "client/application",
            "An application may submit, query and watch."));
        // The first node's file comes last: while it is missing, the folder counts as not made yet.
        for (int i = count - 1; i >= 0; i--) {
            Path folder = Files.createDirectories(root.resolve(ids.get(i).value()));
            write(folder.resolve(NODE_FILE), node(ids.get(i), transport, basePort + i, members));
        }
        return open(root);
    }

    /** Opens a folder that {@link #create} made; renews certificates that are about to expire. */
    public static QuickstartFolder open(Path root) throws Problem, IOException {
        List<NodeConfig> nodes = new ArrayList<>();
        NodeConfig first = NodeConfig.read(root.resolve("n1").resolve(NODE_FILE));
        for (NodeId id : first.members().keySet()) {
            nodes.add(NodeConfig.read(root.resolve(id.value()).resolve(NODE_FILE)));
        }
        nodes.sort((a, b) -> Integer.compare(port(a), port(b)));
        renew(root, nodes);
        return new QuickstartFolder(root, nodes);
    }

    public Path root() {
        return root;
    }

    /** The nodes' configurations, in order of port. */
    public List<NodeConfig> nodes() {
        return nodes;
    }

    /** Over which transports the nodes are reached. */
    public QuickstartTransport transport() {
        return QuickstartTransport.of(nodes.get(0));
    }

    public int basePort() {
        return port(nodes.get(0));
    }

    /** The operator's configuration. */
    public ClientConfig client() throws Problem {
        return ClientConfig.read(root.resolve(CLIENT_FILE));
    }

    /** Where a node's standard error goes. */
    public Path log(NodeId id) {
        return root.resolve(id.value()).resolve("node.log");
    }

    private static int port(NodeConfig node) {
        return node.listen().get(0).port();
    }

    private static CertificateAuthority authority(Path root) throws IOException, Problem {
        Path folder = root.resolve("pki");
        if (!Files.exists(folder.resolve(CertificateAuthority.CERTIFICATE_FILE))) {
            CertificateAuthority authority = CertificateAuthority.create(TRUST_DOMAIN, InstantSource.system());
            // A key without a certificate is what an interrupted start leaves behind; nothing was issued with it.
            authority.save(folder, true);
            return authority;
        }
        return load(folder);
    }

    private static CertificateAuthority load(Path folder) throws Problem {
        try {
            return CertificateAuthority.load(folder, InstantSource.system());
        } catch (IdentityException e) {
            throw Problem.failed(e.getMessage(), e);
        }
    }

    private static void issue(CertificateAuthority authority, Path root, PeerIdentity.Kind kind, String name)
            throws IOException {
        authority.issue(IdentityRequest.of(kind, name)).writeTo(identity(root, kind, name), true);
    }

    private static Path identity(Path root, PeerIdentity.Kind kind, String name) {
        return root.resolve("pki").resolve(kind.segment()).resolve(name);
    }

    private static void renew(Path root, List<NodeConfig> nodes) throws Problem, IOException {
        renew(root, PeerIdentity.Kind.OPERATOR, "admin");
        renew(root, PeerIdentity.Kind.CLIENT, "application");
        for (NodeConfig node : nodes) {
            renew(root, PeerIdentity.Kind.NODE, node.node().value());
        }
    }

    private static void renew(Path root, PeerIdentity.Kind kind, String name) throws Problem, IOException {
        Path file = identity(root, kind, name).resolve(IssuedIdentity.CERTIFICATE_FILE);
        try {
            if (CertificateDescription.read(file).get(0).notAfter().isBefore(Instant.now().plus(RENEW_BEFORE))) {
                issue(load(root.resolve("pki")), root, kind, name);
            }
        } catch (IdentityException e) {
            throw Problem.failed(e.getMessage(), e);
        }
    }

    private static void write(Path file, String text) throws IOException {
        Files.writeString(file, text);
    }

    private static String node(NodeId id, QuickstartTransport transport, int port, CharSequence members) {
        return """
            # Made by 'quorate quickstart'. Every key is explained in conf/node.yaml of the distribution.
            cluster: %s
            node: %s
            data-directory: data
            listen: %s
            members:
            %s%sidentity:
              certificate: ../pki/node/%s/certificate.pem
              key: ../pki/node/%s/key.pem
              trust: ../pki/node/%s/trust.pem
              trust-domain: %s
            state-machine: kv
            """.formatted(CLUSTER, id, transport.endpoints(port), members, transport.preference(), id, id, id,
            TRUST_DOMAIN);
    }

    private static String client(CharSequence servers, QuickstartTransport transport, String identity,
            String comment) {
        return """
            # Made by 'quorate quickstart'. %s
            cluster: %s
            servers:
            %s%sidentity:
              certificate: pki/%s/certificate.pem
              key: pki/%s/key.pem
              trust: pki/%s/trust.pem
              trust-domain: %s
            """.formatted(comment, CLUSTER, servers, transport.preference(), identity, identity, identity,
            TRUST_DOMAIN);
    }
}
