package io.quorate.benchmarks;

import io.quorate.api.Bytes;
import io.quorate.identity.x509.X509IdentityProvider;
import io.quorate.identity.x509.ca.CertificateAuthority;
import io.quorate.identity.x509.ca.IdentityRequest;
import io.quorate.identity.x509.ca.IssuedIdentity;
import io.quorate.spi.identity.Identity;
import io.quorate.spi.identity.IdentityContext;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.TransportProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One call: a request with a payload, answered with the same payload. Over each transport, with mutual TLS and whatever
 * else it does, and over plain TCP connections as the measure. {@link RpcComparison} runs all of it turn about and
 * prints ratios.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(value = 1, jvmArgs = {"-Xms1g", "-Xmx1g", "--enable-native-access=ALL-UNNAMED"})
public class RpcBenchmark {

    /** The measure of the others. */
    static final String PLAIN = "plain";

    private static final int CHAIN = 64;
    private static final int CHAIN_OF_EACH = 8;

    /** {@value #PLAIN}, or a transport's scheme. */
    @Param({PLAIN, "tcp", "quic"})
    public String way;

    /** The size of each payload. */
    @Param({"256", "65536"})
    public int payloadBytes;

    private CallPair pair;
    private Bytes payload;
    private Path folder;

    /** Connects the two ends. */
    @Setup
    public void connect() throws Exception {
        payload = Bytes.wrap(new byte[payloadBytes]);
        if (way.equals(PLAIN)) {
            pair = new PlainPair();
            return;
        }
        folder = Files.createTempDirectory("quorate-benchmark");
        IssuedIdentity issued = CertificateAuthority.create("benchmark.example", InstantSource.system())
            .issue(IdentityRequest.of(PeerIdentity.Kind.NODE, "n1"));
        issued.writeTo(folder, false);
        try (Identity identity = new X509IdentityProvider()
                .create(new IdentityContext(folder, issued.settings(folder), InstantSource.system()))) {
            identity.start();
            pair = new TransportPair(provider(), identity.credentials(), Map.of());
        }
    }

    private TransportProvider provider() {
        return ServiceLoader.load(TransportProvider.class).stream().map(ServiceLoader.Provider::get)
            .filter(each -> each.scheme().equals(way)).findFirst()
            .orElseThrow(() -> new IllegalStateException("found no transport of scheme " + way));
    }

    /** Ends both. */
    @TearDown
    public void close() throws Exception {
        pair.close();
        if (folder != null) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : (Iterable<Path>) files.sorted(Comparator.reverseOrder())::iterator) {
                    Files.delete(file);
                }
            }
        }
    }


    /** One after another. */
    @Benchmark
    @OperationsPerInvocation(CHAIN)
    public void oneAtATime() throws InterruptedException {
        pair.run(1, CHAIN, payload);
    }

    /** 32 at once; the time is each call's share of the whole. */
    @Benchmark
    @OperationsPerInvocation(CallPair.CONCURRENT * CHAIN_OF_EACH)
    public void thirtyTwoAtOnce() throws InterruptedException {
        pair.run(CallPair.CONCURRENT, CHAIN_OF_EACH, payload);
    }

    /** For {@link RpcComparison}. */
    static List<String> ways() {
        return List.of(PLAIN, "tcp", "quic");
    }
}
