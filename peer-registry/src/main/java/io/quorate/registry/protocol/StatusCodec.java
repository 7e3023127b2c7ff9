package io.quorate.registry.protocol;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.BytesWriter;
import io.quorate.api.ClusterId;
import io.quorate.api.Configuration;
import io.quorate.api.LogIndex;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.api.NodeStatus;
import io.quorate.api.Term;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Encodes the response of STATUS. */
public final class StatusCodec {

    private static final int MAX_CLUSTER_ID_BYTES = 63;

    private StatusCodec() {
    }

    public static List<Bytes> encode(NodeStatus status) {
        int text = ProtocolLimits.MAX_TEXT_BYTES;
        BytesWriter out = new BytesWriter(1_024);
        out.string(status.node().value()).string(status.cluster().value()).i64(status.incarnation());
        out.string(Fields.cut(status.version(), text)).string(Fields.cut(status.role(), text));
        out.i64(status.term().value());
        Fields.write(out, status.leader());
        out.i64(status.commitIndex().value()).i64(status.appliedIndex().value()).i64(status.lastIndex().value());
        Fields.write(out, status.members());
        Fields.write(out, status.reachable());
        out.string(Fields.cut(status.stateMachine(), text)).i64(status.uptimeMillis());
        int counters = Math.min(status.counters().size(), ProtocolLimits.MAX_COUNTERS);
        out.i32(counters);
        for (Map.Entry<String, Long> counter : status.counters().entrySet()) {
            if (counters-- > 0) {
                out.string(Fields.cut(counter.getKey(), text)).i64(counter.getValue());
            }
        }
        Fields.writeText(out, status.problem(), ProtocolLimits.MAX_EXPLANATION_BYTES);
        status.configuration().ifPresent(configuration -> {
            out.i64(configuration.epoch());
            Fields.write(out, configuration.learners());
            Fields.write(out, configuration.joining());
            Fields.write(out, configuration.outgoing());
            if (!configuration.features().isEmpty() || !configuration.waiting().isEmpty()) {
                writeFeatures(out, configuration);
            }
        });
        return List.of(out.toBytes());
    }

    public static NodeStatus decode(Bytes payload) throws MalformedBytesException {
        int text = ProtocolLimits.MAX_TEXT_BYTES;
        BytesReader in = new BytesReader(payload);
        NodeId node = Fields.nodeId(in);
        ClusterId cluster = cluster(in);
        long incarnation = in.i64();
        String version = in.string(text);
        String role = in.string(text);
        Term term = Fields.term(in);
        Optional<NodeId> leader = Fields.optionalNodeId(in);
        LogIndex commit = Fields.index(in);
        LogIndex applied = Fields.index(in);
        LogIndex last = Fields.index(in);
        List<NodeId> members = Fields.nodeIds(in);
        List<NodeId> reachable = Fields.nodeIds(in);
        String stateMachine = in.string(text);
        long uptimeMillis = in.i64();
        int count = in.count(ProtocolLimits.MAX_COUNTERS, Integer.BYTES + Long.BYTES);
        SortedMap<String, Long> counters = new TreeMap<>();
        for (int i = 0; i < count; i++) {
            counters.put(in.string(text), in.i64());
        }
        Optional<String> problem = Fields.optionalText(in, ProtocolLimits.MAX_EXPLANATION_BYTES);
        Optional<Configuration> configuration = in.remaining() == 0 ? Optional.empty()
            : Optional.of(configuration(in));
        in.end();
        return new NodeStatus(node, cluster, incarnation, version, role, term, leader, commit, applied, last, members,
            reachable, stateMachine, uptimeMillis, counters, problem, configuration);
    }

    private static void writeFeatures(BytesWriter out, Configuration configuration) {
        int most = ProtocolLimits.MAX_FEATURES;
        out.i32(Math.min(configuration.features().size(), most));
        configuration.features().stream().limit(most).forEach(feature ->
            out.string(Fields.cut(feature, ProtocolLimits.MAX_TEXT_BYTES)));
        out.i32(Math.min(configuration.waiting().size(), most));
        configuration.waiting().entrySet().stream().limit(most).forEach(one -> {
            out.string(Fields.cut(one.getKey(), ProtocolLimits.MAX_TEXT_BYTES));
            Fields.write(out, one.getValue());
        });
    }

    private static Configuration configuration(BytesReader in) throws MalformedBytesException {
        Configuration plain = new Configuration(Fields.natural(in, "epoch"), Fields.nodeIds(in), Fields.nodeIds(in),
            Fields.nodeIds(in));
        if (in.remaining() == 0) {
            return plain;
        }
        int text = ProtocolLimits.MAX_TEXT_BYTES;
        List<String> features = new ArrayList<>();
        for (int left = in.count(ProtocolLimits.MAX_FEATURES, Integer.BYTES); left > 0; left--) {
            features.add(in.string(text));
        }
        SortedMap<String, List<NodeId>> waiting = new TreeMap<>();
        for (int left = in.count(ProtocolLimits.MAX_FEATURES, 2 * Integer.BYTES); left > 0; left--) {
            waiting.put(in.string(text), Fields.nodeIds(in));
        }
        return new Configuration(plain.epoch(), plain.learners(), plain.joining(), plain.outgoing(), features, waiting);
    }

    private static ClusterId cluster(BytesReader in) throws MalformedBytesException {
        String value = in.string(MAX_CLUSTER_ID_BYTES);
        try {
            return new ClusterId(value);
        } catch (IllegalArgumentException e) {
            throw new MalformedBytesException(e.getMessage());
        }
    }
}
