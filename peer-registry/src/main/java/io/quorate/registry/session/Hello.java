package io.quorate.registry.session;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.BytesWriter;
import io.quorate.api.ClusterId;
import io.quorate.api.MalformedBytesException;
import io.quorate.spi.consensus.Feature;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.wire.FrameFormat;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What each side says of itself, as its first frame on every connection, dialed or accepted.
 *
 * <p>Encoded as a kind byte and then fields, each a 16-bit tag, a 32-bit length and the value. A field that the reader
 * does not know is skipped, so that later builds may add some; one that is there twice, is too large or is missing
 * makes the hello malformed. The limits below add up to less than {@link FrameFormat#MAX_CONTROL_PAYLOAD_BYTES}: a
 * hello that can be made can also be sent, whatever the lengths of host names. The epoch may be missing, which is 0.
 *
 * @param minVersion the oldest protocol version that the sender speaks
 * @param maxVersion the newest
 * @param capabilities what the sender understands beyond that
 * @param cluster the sender's cluster
 * @param kind the kind of identity that the sender claims; must equal the verified one
 * @param name the name that the sender claims; must equal the verified one
 * @param incarnation see {@link Incarnation}
 * @param endpoints where the sender can be reached, in order of preference
 * @param build the sender's build version
 * @param nonce 32 random bytes, fresh for each connection; the verdict repeats them
 * @param channelBinding what the sender took from TLS; must equal what the reader took from it
 * @param epoch how often the sender's cluster was founded or recovered from the loss of its quorum, as far as the
 *     sender has it in its own data; 0 if it has none
 */
public record Hello(
    int minVersion,
    int maxVersion,
    SortedSet<String> capabilities,
    ClusterId cluster,
    PeerIdentity.Kind kind,
    String name,
    long incarnation,
    List<Endpoint> endpoints,
    String build,
    Bytes nonce,
    Bytes channelBinding,
    long epoch) {

    /** The length of the nonce, in bytes. */
    public static final int NONCE_BYTES = 32;

    /**
     * The capability of a process that only calls and is never called: it is no peer, whatever its identity. Without it
     * an administrator who borrows a node's certificate would be taken for that node, and replace the sessions of the
     * real one.
     */
    public static final String CALLS_ONLY = "calls-only";

    /** The capability of a build that reads the sessions in a view of the peers. */
    public static final String SESSION_LIST = "session-list";

    /** The capability of a build that reads the whole configuration in a node's status. */
    public static final String CONFIGURATION = "configuration";

    /** The capability of a build that reads the features in a node's status. */
    public static final String FEATURES = "features";

    /** The capability of a build whose pings may tell its epoch; see {@link Liveness}. */
    public static final String EPOCH_NEWS = "epoch-news";

    /** What the label of a {@link Feature} follows in the capability of a build that has it. */
    public static final String FEATURE_PREFIX = "feature:";

    /** The most capabilities. */
    public static final int MAX_CAPABILITIES = 32;

    /** The longest capability, in bytes. */
    public static final int MAX_CAPABILITY_BYTES = 48;

    /** The most endpoints. */
    public static final int MAX_ENDPOINTS = 8;

    /** The longest build version, in bytes. */
    public static final int MAX_BUILD_BYTES = 128;

    /** The longest name of an identity, in bytes. */
    public static final int MAX_NAME_BYTES = 255;

    /** The longest channel binding, in bytes. */
    public static final int MAX_BINDING_BYTES = 64;

    /** The first byte of the payload; {@link Verdict#MESSAGE} is the other one. */
    static final int MESSAGE = 1;

    private static final int MAX_VERSION = 0xFFFF;
    private static final int MAX_CLUSTER_BYTES = 63;

    private enum Field {
        VERSIONS(1), CAPABILITIES(2), CLUSTER(3), IDENTITY(4), INCARNATION(5), ENDPOINTS(6), BUILD(7), NONCE(8),
        BINDING(9), EPOCH(10);

        private final int tag;

        Field(int tag) {
            this.tag = tag;
        }

        private static Field ofTag(int tag) {
            for (Field field : values()) {
                if (field.tag == tag) {
                    return field;
                }
            }
            return null;
        }
    }

    /** @throws IllegalArgumentException if it could not be read at the other side */
    public Hello {
        capabilities = sorted(capabilities);
        endpoints = List.copyOf(endpoints);
        check(capabilities, incarnation, endpoints, build, minVersion, maxVersion);
        require(!name.isBlank() && bytes(name) <= MAX_NAME_BYTES, "a name of 1 to " + MAX_NAME_BYTES + " bytes");
        require(nonce.length() == NONCE_BYTES, "a nonce of " + NONCE_BYTES + " bytes");
        require(!channelBinding.isEmpty() && channelBinding.length() <= MAX_BINDING_BYTES,
            "a channel binding of 1 to " + MAX_BINDING_BYTES + " bytes");
        require(epoch >= 0, "an epoch of 0 or more");
    }

    /** Without an epoch. */
    public Hello(int minVersion, int maxVersion, SortedSet<String> capabilities, ClusterId cluster,
        PeerIdentity.Kind kind, String name, long incarnation, List<Endpoint> endpoints, String build, Bytes nonce,
        Bytes channelBinding) {
        this(minVersion, maxVersion, capabilities, cluster, kind, name, incarnation, endpoints, build, nonce,
            channelBinding, 0);
    }

    static void check(SortedSet<String> capabilities, long incarnation, List<Endpoint> endpoints, String build,
        int minVersion, int maxVersion) {
        require(minVersion >= 1 && minVersion <= maxVersion && maxVersion <= MAX_VERSION,
            "versions from 1 to " + MAX_VERSION + " in ascending order");
        require(capabilities.size() <= MAX_CAPABILITIES, "at most " + MAX_CAPABILITIES + " capabilities");
        capabilities.forEach(one -> require(!one.isEmpty() && bytes(one) <= MAX_CAPABILITY_BYTES,
            "capabilities of 1 to " + MAX_CAPABILITY_BYTES + " bytes"));
        require(incarnation > 0, "an incarnation above 0");
        require(endpoints.size() <= MAX_ENDPOINTS, "at most " + MAX_ENDPOINTS + " endpoints");
        endpoints.forEach(one -> require(bytes(one.toString()) <= Endpoint.MAX_LENGTH,
            "endpoints of at most " + Endpoint.MAX_LENGTH + " bytes"));
        require(bytes(build) <= MAX_BUILD_BYTES, "a build version of at most " + MAX_BUILD_BYTES + " bytes");
    }

    /** Whether the sender is no peer, but only a caller. */
    public boolean callsOnly() {
        return capabilities.contains(CALLS_ONLY);
    }

    /** The labels of the {@link Feature}s that the sender's build has, also of those that this build does not know. */
    public SortedSet<String> features() {
        TreeSet<String> features = new TreeSet<>();
        for (String capability : capabilities) {
            if (capability.startsWith(FEATURE_PREFIX)) {
                features.add(capability.substring(FEATURE_PREFIX.length()));
            }
        }
        return features;
    }

    /** The identity that the sender claims, in words. */
    public String claim() {
        return kind.segment() + "/" + name;
    }

    /** The payload of its frame. */
    public Bytes encode() {
        BytesWriter out = new BytesWriter(512).u8(MESSAGE);
        field(out, Field.VERSIONS, new BytesWriter().u16(minVersion).u16(maxVersion));
        BytesWriter known = new BytesWriter().i32(capabilities.size());
        capabilities.forEach(known::string);
        field(out, Field.CAPABILITIES, known);
        field(out, Field.CLUSTER, new BytesWriter().string(cluster.value()));
        field(out, Field.IDENTITY, new BytesWriter().u8(code(kind)).string(name));
        field(out, Field.INCARNATION, new BytesWriter().i64(incarnation));
        BytesWriter places = new BytesWriter().i32(endpoints.size());
        endpoints.forEach(place -> places.string(place.toString()));
        field(out, Field.ENDPOINTS, places);
        field(out, Field.BUILD, new BytesWriter().string(build));
        field(out, Field.NONCE, new BytesWriter().raw(nonce));
        field(out, Field.BINDING, new BytesWriter().raw(channelBinding));
        if (epoch > 0) {
            field(out, Field.EPOCH, new BytesWriter().i64(epoch));
        }
        return out.toBytes();
    }

    /** Reads what {@link #encode} wrote, and trusts nothing. */
    public static Hello decode(Bytes payload) throws MalformedBytesException {
        if (payload.length() > FrameFormat.MAX_CONTROL_PAYLOAD_BYTES) {
            throw new MalformedBytesException("found a hello of " + payload.length() + " bytes, expected at most "
                + FrameFormat.MAX_CONTROL_PAYLOAD_BYTES);
        }
        BytesReader in = new BytesReader(payload);
        int message = in.u8();
        if (message != MESSAGE) {
            throw new MalformedBytesException("found message " + message + ", expected a hello (" + MESSAGE + ")");
        }
        Map<Field, Bytes> fields = fields(in);
        try {
            return read(fields);
        } catch (IllegalArgumentException e) {
            throw new MalformedBytesException("hello: " + e.getMessage());
        }
    }

    private static Map<Field, Bytes> fields(BytesReader in) throws MalformedBytesException {
        Map<Field, Bytes> fields = new EnumMap<>(Field.class);
        while (in.remaining() > 0) {
            int tag = in.u16();
            Bytes value = in.bytes(in.remaining());
            Field field = Field.ofTag(tag);
            if (field != null && fields.put(field, value) != null) {
                throw new MalformedBytesException("found the field " + field + " twice, expected it once");
            }
        }
        for (Field field : Field.values()) {
            if (field != Field.EPOCH && !fields.containsKey(field)) {
                throw new MalformedBytesException("found no field " + field + ", expected it once");
            }
        }
        return fields;
    }

    private static Hello read(Map<Field, Bytes> fields) throws MalformedBytesException {
        BytesReader versions = new BytesReader(fields.get(Field.VERSIONS));
        int minVersion = versions.u16();
        int maxVersion = versions.u16();
        versions.end();
        BytesReader known = new BytesReader(fields.get(Field.CAPABILITIES));
        TreeSet<String> capabilities = new TreeSet<>();
        int count = known.count(MAX_CAPABILITIES, 5);
        for (int i = 0; i < count; i++) {
            String capability = known.string(MAX_CAPABILITY_BYTES);
            if (!capabilities.add(capability)) {
                throw new MalformedBytesException("found the capability " + capability + " twice, expected it once");
            }
        }
        known.end();
        BytesReader identity = new BytesReader(fields.get(Field.IDENTITY));
        PeerIdentity.Kind kind = kind(identity.u8());
        String name = identity.string(MAX_NAME_BYTES);
        identity.end();
        BytesReader incarnation = new BytesReader(fields.get(Field.INCARNATION));
        long number = incarnation.i64();
        incarnation.end();
        BytesReader places = new BytesReader(fields.get(Field.ENDPOINTS));
        List<Endpoint> endpoints = new ArrayList<>();
        int many = places.count(MAX_ENDPOINTS, 5);
        for (int i = 0; i < many; i++) {
            endpoints.add(Endpoint.parse(places.string(Endpoint.MAX_LENGTH)));
        }
        places.end();
        return new Hello(minVersion, maxVersion, capabilities,
            new ClusterId(text(fields.get(Field.CLUSTER), MAX_CLUSTER_BYTES)), kind, name, number, endpoints,
            text(fields.get(Field.BUILD), MAX_BUILD_BYTES), fields.get(Field.NONCE), fields.get(Field.BINDING),
            epoch(fields.get(Field.EPOCH)));
    }

    private static long epoch(Bytes field) throws MalformedBytesException {
        if (field == null) {
            return 0;
        }
        BytesReader in = new BytesReader(field);
        long epoch = in.i64();
        in.end();
        return epoch;
    }

    private static String text(Bytes field, int maxBytes) throws MalformedBytesException {
        BytesReader in = new BytesReader(field);
        String text = in.string(maxBytes);
        in.end();
        return text;
    }

    private static void field(BytesWriter out, Field field, BytesWriter value) {
        out.u16(field.tag).bytes(value.toBytes());
    }

    private static int code(PeerIdentity.Kind kind) {
        return switch (kind) {
            case NODE -> 1;
            case CLIENT -> 2;
            case OPERATOR -> 3;
        };
    }

    private static PeerIdentity.Kind kind(int code) throws MalformedBytesException {
        return switch (code) {
            case 1 -> PeerIdentity.Kind.NODE;
            case 2 -> PeerIdentity.Kind.CLIENT;
            case 3 -> PeerIdentity.Kind.OPERATOR;
            default -> throw new MalformedBytesException("found identity kind " + code + ", expected 1 to 3");
        };
    }

    static SortedSet<String> sorted(SortedSet<String> set) {
        return Collections.unmodifiableSortedSet(new TreeSet<>(set));
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    private static void require(boolean holds, String expected) {
        if (!holds) {
            throw new IllegalArgumentException("found something else, expected " + expected);
        }
    }

    /** The highest version that both ranges hold, or empty. */
    static Optional<Integer> commonVersion(int minA, int maxA, int minB, int maxB) {
        int highest = Math.min(maxA, maxB);
        return highest >= Math.max(minA, minB) ? Optional.of(highest) : Optional.empty();
    }
}
