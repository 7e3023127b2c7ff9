package io.quorate.registry.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.ClusterId;
import io.quorate.api.Consistency;
import io.quorate.api.LogIndex;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.api.NodeStatus;
import io.quorate.api.Peer;
import io.quorate.api.PeerChanges;
import io.quorate.api.PeerEvent;
import io.quorate.api.PeerStatus;
import io.quorate.api.PeerView;
import io.quorate.api.PresenceRow;
import io.quorate.api.Term;
import io.quorate.fuzz.Codecs;
import io.quorate.fuzz.Fuzzing;
import io.quorate.fuzz.FuzzInput;
import io.quorate.fuzz.Reached;
import io.quorate.spi.consensus.CallFailure;
import io.quorate.spi.wire.RpcError;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Every request and response of a node, as written, as damaged, and as nobody would write it. */
public final class ProtocolFuzzTest {

    private static final Reached REACHED = new Reached();

    private enum Form {
        BATCH, SUBMIT_RESPONSE, QUERY_REQUEST, QUERY_RESPONSE, WATCH_REQUEST, WATCH_RESPONSE, STATUS, PEERS,
        PEER_CHANGES, PEER_CHANGES_REQUEST, PRESENCE, FAILURE
    }

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void holdsOnKeptAndSeededInputs() throws Exception {
        Fuzzing.shortRun(getClass(), 4_000, ProtocolFuzzTest::fuzzerTestOneInput);
        for (Form form : Form.values()) {
            REACHED.requirePercent(15, form + " read", form + " refused");
        }
    }

    public static void fuzzerTestOneInput(byte[] data) throws Exception {
        FuzzInput in = new FuzzInput(data);
        Form form = in.pick(Form.values());
        boolean raw = in.oneIn(8);
        boolean read = switch (form) {
            case BATCH -> batch(in, raw);
            case SUBMIT_RESPONSE -> codec(in, raw, () -> new SubmitResponse(index(in), outcomes(in)),
                SubmitResponse::decode, one -> Codecs.joined(one.encode()));
            case QUERY_REQUEST -> codec(in, raw, () -> new QueryRequest(consistency(in), queries(in)),
                QueryRequest::decode, one -> Codecs.joined(one.encode()));
            case QUERY_RESPONSE -> codec(in, raw, () -> new QueryResponse(index(in), outcomes(in)),
                QueryResponse::decode, one -> Codecs.joined(one.encode()));
            case WATCH_REQUEST -> codec(in, raw, () -> new WatchRequest(in.below(60_001), in.some(60)),
                WatchRequest::decode, one -> Codecs.joined(one.encode()));
            case WATCH_RESPONSE -> codec(in, raw, () -> new WatchResponse(optional(in, () -> in.some(60))),
                WatchResponse::decode, one -> Codecs.joined(one.encode()));
            case STATUS -> codec(in, raw, () -> status(in), StatusCodec::decode,
                one -> Codecs.joined(StatusCodec.encode(one)));
            case PEERS -> codec(in, raw, () -> new PeerView(natural(in), peers(in), rows(in)), PeerCodec::decodeView,
                one -> Codecs.joined(PeerCodec.encode(one)));
            case PEER_CHANGES -> codec(in, raw,
                () -> new PeerChanges(natural(in), in.oneIn(2), peers(in), events(in)), PeerCodec::decodeChanges,
                one -> Codecs.joined(PeerCodec.encode(one)));
            case PEER_CHANGES_REQUEST -> codec(in, raw, () -> new PeerChangesRequest(natural(in), in.below(60_001)),
                PeerChangesRequest::decode, one -> Codecs.joined(one.encode()));
            case PRESENCE -> codec(in, raw, () -> new PresenceReport(in.number(), in.number(), ids(in)),
                PresenceReport::decode, one -> Codecs.joined(one.encode()));
            case FAILURE -> failure(in);
        };
        REACHED.count(form + (read ? " read" : " refused"));
    }

    private static <T> boolean codec(FuzzInput in, boolean raw, Supplier<T> good, Codecs.Decoder<T> decoder,
            Codecs.Encoder<T> encoder) throws Exception {
        byte[] payload = raw ? in.rest() : Codecs.roundTrip(good.get(), decoder, encoder).toByteArray();
        if (!raw && in.oneIn(8)) {
            longer(payload, decoder);
        }
        if (!raw && in.oneIn(2)) {
            in.damage(payload, 0, payload.length);
        }
        return Codecs.hostile(Bytes.wrap(payload), decoder, encoder).isPresent();
    }

    /** One byte behind a good message is not overlooked: it would be the beginning of something that nobody reads. */
    private static void longer(byte[] payload, Codecs.Decoder<?> decoder) {
        Bytes longer = Bytes.wrap(Arrays.copyOf(payload, payload.length + 1));
        assertThrows(MalformedBytesException.class, () -> decoder.decode(longer));
    }

    private static boolean batch(FuzzInput in, boolean raw) throws Exception {
        CommandBatch.Joiner joiner = new CommandBatch.Joiner();
        List<Bytes> commands = new ArrayList<>();
        for (int i = raw ? 0 : 1 + in.below(8); i > 0; i--) {
            Bytes command = in.some(40);
            commands.add(command);
            if (in.oneIn(3)) {
                joiner.add(CommandBatch.decode(Codecs.joined(new CommandBatch.Joiner().add(command).toParts())));
            } else {
                joiner.add(command);
            }
        }
        byte[] payload = raw ? in.rest() : Codecs.joined(joiner.toParts()).toByteArray();
        if (!raw) {
            assertEquals(commands, CommandBatch.decode(Bytes.copyOf(payload)).commands());
            longer(payload, CommandBatch::decode);
        }
        if (in.oneIn(2)) {
            in.damage(payload, 0, payload.length);
        }
        Optional<CommandBatch> read = Codecs.hostile(Bytes.wrap(payload), CommandBatch::decode,
            one -> Codecs.joined(new CommandBatch.Joiner().add(one).toParts()));
        read.ifPresent(one -> {
            // The walk over the commands trusts what the decoder has checked.
            assertEquals(one.count(), one.commands().size());
            assertEquals(one.bodyBytes(), one.commands().stream().mapToInt(CommandBatch::bodyBytes).sum());
        });
        return read.isPresent();
    }

    /** What a remote caller makes of any error of the other side. */
    private static boolean failure(FuzzInput in) {
        try {
            Bytes payload = in.oneIn(3) ? in.some(60)
                : new RpcError(in.pick(RpcError.Code.values()), in.text(40), in.text(20)).encode();
            RpcError error = RpcError.decode(payload);
            boolean readOnly = in.oneIn(2);
            CallFailure failure = new CallFailure(CallFailure.Kind.REMOTE, Optional.of(error), "");
            String message = Failures.ofCall("n1", failure, readOnly).getMessage();
            assertTrue(message.startsWith("n1: "), message);
            Failures.leader(error);
            return true;
        } catch (MalformedBytesException e) {
            return false;
        }
    }

    private static NodeStatus status(FuzzInput in) {
        TreeMap<String, Long> counters = new TreeMap<>();
        for (int i = in.below(5); i > 0; i--) {
            counters.put("counter." + in.label(), in.number());
        }
        return new NodeStatus(id(in), new ClusterId(in.label()), in.number(), in.text(30), in.text(30), term(in),
            optional(in, () -> id(in)), index(in), index(in), index(in), ids(in), ids(in), in.text(30), in.number(),
            counters, optional(in, () -> in.text(30)));
    }

    private static List<Peer> peers(FuzzInput in) {
        List<Peer> peers = new ArrayList<>();
        for (int i = in.below(4); i > 0; i--) {
            peers.add(peer(in));
        }
        return peers;
    }

    private static Peer peer(FuzzInput in) {
        List<String> endpoints = new ArrayList<>();
        for (int i = in.below(3); i > 0; i--) {
            endpoints.add("tcp://h:" + in.u16());
        }
        return new Peer(id(in), in.number(), in.pick(PeerStatus.values()), in.text(30), optional(in, () -> in.text(30)),
            optional(in, () -> in.text(30)), endpoints, in.text(30), Instant.ofEpochMilli(in.number()),
            optional(in, () -> id(in)), term(in));
    }

    private static List<PeerEvent> events(FuzzInput in) {
        List<PeerEvent> events = new ArrayList<>();
        for (int i = in.below(4); i > 0; i--) {
            events.add(new PeerEvent(natural(in), in.pick(PeerStatus.values()), peer(in)));
        }
        return events;
    }

    private static List<PresenceRow> rows(FuzzInput in) {
        List<PresenceRow> rows = new ArrayList<>();
        for (int i = in.below(4); i > 0; i--) {
            rows.add(new PresenceRow(id(in), in.number(), ids(in)));
        }
        return rows;
    }

    private static List<Outcome> outcomes(FuzzInput in) {
        List<Outcome> outcomes = new ArrayList<>();
        for (int i = in.below(5); i > 0; i--) {
            outcomes.add(in.oneIn(3) ? Outcome.rejected(in.text(30)) : Outcome.ok(in.some(30)));
        }
        return outcomes;
    }

    private static List<Bytes> queries(FuzzInput in) {
        List<Bytes> queries = new ArrayList<>();
        for (int i = 1 + in.below(5); i > 0; i--) {
            queries.add(in.some(30));
        }
        return queries;
    }

    private static Consistency consistency(FuzzInput in) {
        return switch (in.below(3)) {
            case 0 -> Consistency.LOCAL;
            case 1 -> Consistency.LINEARIZABLE;
            default -> Consistency.atLeast(index(in));
        };
    }

    private static List<NodeId> ids(FuzzInput in) {
        List<NodeId> ids = new ArrayList<>();
        for (int i = in.below(4); i > 0; i--) {
            ids.add(id(in));
        }
        return ids;
    }

    private static NodeId id(FuzzInput in) {
        return new NodeId(in.label());
    }

    private static long natural(FuzzInput in) {
        return in.number() & Long.MAX_VALUE;
    }

    private static LogIndex index(FuzzInput in) {
        return new LogIndex(natural(in));
    }

    private static Term term(FuzzInput in) {
        return new Term(natural(in));
    }

    private static <T> Optional<T> optional(FuzzInput in, Supplier<T> value) {
        return in.oneIn(2) ? Optional.of(value.get()) : Optional.empty();
    }
}
