package io.quorate.testing.memory;

import io.quorate.spi.transport.CertificateRefusedException;
import io.quorate.spi.transport.ChannelBinding;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.ConnectionFailure;
import io.quorate.spi.transport.ConnectionSink;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Evidence;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.TlsCredentials;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportContext;
import io.quorate.spi.transport.TransportException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Optional;
import java.util.OptionalLong;
import javax.net.ssl.SSLEngine;

/** One host's transport on a {@link MemoryNetwork}. Both sides' certificates are checked as TLS would. */
public final class MemoryTransport implements Transport {

    private final MemoryNetwork network;
    private final String host;
    private final TransportContext context;
    private ConnectionSink sink;
    private boolean closed;

    MemoryTransport(MemoryNetwork network, String host, TransportContext context) {
        this.network = network;
        this.host = host;
        this.context = context;
    }

    @Override
    public String scheme() {
        return network.scheme();
    }

    @Override
    public String description() {
        return "in-memory, " + network.mode();
    }

    @Override
    public void start(ConnectionSink target) throws TransportException {
        sink = target;
        if (context.listen().isPresent() && !network.listen(context.listen().get(), this)) {
            throw new TransportException("found " + context.listen().get() + " in use, expected it to be free");
        }
    }

    @Override
    public Optional<Endpoint> listening() {
        return context.listen();
    }

    @Override
    public void dial(Endpoint target, long dialId) {
        if (!target.scheme().equals(network.scheme())) {
            throw new IllegalArgumentException("found " + target + ", expected " + network.scheme() + "://host:port");
        }
        if (closed) {
            network.world().schedule(0, () -> fail(dialId, target, RefusalReason.SHUTTING_DOWN, "this node has "
                + "stopped"));
            return;
        }
        new MemoryDial(this, target, dialId).begin();
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        network.unlisten(this);
        for (MemoryConnection connection : network.of(this)) {
            connection.close(CloseReason.of(CloseReason.Kind.SHUTDOWN, "the transport was closed"));
        }
        for (MemoryDial dial : network.dialsOf(this)) {
            dial.fail(RefusalReason.SHUTTING_DOWN, "this node is stopping");
        }
    }

    void count(String counter) {
        context.counters().accept(counter);
    }

    MemoryNetwork network() {
        return network;
    }

    String host() {
        return host;
    }

    boolean isClosed() {
        return closed;
    }

    /** A dial has reached a listener: both sides' certificates are judged, and each side gets its end. */
    void connect(MemoryTransport other, MemoryPath path, Endpoint target, long dialId) {
        TlsCredentials ours = context.credentials().get();
        TlsCredentials theirs = other.context.credentials().get();
        String source = host + ":" + (40_000 + dialId % 20_000);
        Optional<CertificateException> refusedByUs = refusal(ours, theirs, false);
        if (refusedByUs.isPresent()) {
            fail(dialId, target, reason(refusedByUs.get()), refusedByUs.get().getMessage());
            other.failAccepted(source, RefusalReason.TLS_ALERT_RECEIVED, "certificate refused");
            return;
        }
        Optional<CertificateException> refusedByThem = refusal(theirs, ours, true);
        if (refusedByThem.isPresent()) {
            other.failAccepted(source, reason(refusedByThem.get()), refusedByThem.get().getMessage());
            fail(dialId, target, RefusalReason.TLS_ALERT_RECEIVED, "certificate refused");
            return;
        }
        var binding = ChannelBinding.ofEndPoints(ours.chain().get(0), theirs.chain().get(0));
        MemoryConnection dialed = new MemoryConnection(this, path, Origin.DIALED, OptionalLong.of(dialId),
            target.host() + ":" + target.port(), target.host(), new Evidence(theirs.chain(), binding,
            Optional.empty(), "in-memory"));
        MemoryConnection accepted = new MemoryConnection(other, path, Origin.ACCEPTED, OptionalLong.empty(), source,
            host, new Evidence(ours.chain(), binding, Optional.empty(), "in-memory"));
        dialed.join(accepted);
        sink.onConnection(dialed);
        other.sink.onConnection(accepted);
    }

    private static Optional<CertificateException> refusal(TlsCredentials judge, TlsCredentials judged, boolean client) {
        X509Certificate[] chain = judged.chain().toArray(X509Certificate[]::new);
        try {
            if (client) {
                judge.trust().checkClientTrusted(chain, "UNKNOWN", (SSLEngine) null);
            } else {
                judge.trust().checkServerTrusted(chain, "UNKNOWN", (SSLEngine) null);
            }
            return Optional.empty();
        } catch (CertificateException e) {
            return Optional.of(e);
        }
    }

    private static RefusalReason reason(CertificateException e) {
        return e instanceof CertificateRefusedException refused ? refused.reason() : RefusalReason.CERTIFICATE_INVALID;
    }

    void fail(long dialId, Endpoint target, RefusalReason reason, String detail) {
        sink.onFailure(new ConnectionFailure(scheme(), Origin.DIALED, OptionalLong.of(dialId), target.toString(),
            reason, detail));
    }

    private void failAccepted(String remote, RefusalReason reason, String detail) {
        sink.onFailure(new ConnectionFailure(scheme(), Origin.ACCEPTED, OptionalLong.empty(), remote, reason, detail));
    }
}
