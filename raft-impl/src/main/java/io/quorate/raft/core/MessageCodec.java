package io.quorate.raft.core;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.BytesWriter;
import io.quorate.api.MalformedBytesException;
import io.quorate.raft.log.EntryCodec;
import io.quorate.raft.log.LogEntry;
import io.quorate.spi.wire.RpcType;
import java.util.ArrayList;
import java.util.List;

/**
 * Messages as bytes, big-endian. Each begins with a version. Entries of an append are the very records of the log,
 * neither encoded again nor copied, each with a checksum into which the cluster's id is folded.
 *
 * <pre>
 * PRE_VOTE                u8 version  i64 term  i64 last index  i64 last term
 * REQUEST_VOTE            u8 version  i64 term  i64 last index  i64 last term  bool handed over
 *   both responses        u8 version  i64 term  bool granted  i64 store
 * HEARTBEAT               u8 version  i64 term  i64 commit  i64 nonce  i64 store
 *   response              u8 version  i64 term  bool accepted  i64 nonce  bool storage full  i64 store
 *                         u8 priority  i32 promise millis
 * APPEND_ENTRIES          u8 version  i64 term  i64 prev index  i64 prev term  i64 commit  i32 count  records
 *   response              u8 version  i64 term  u8 outcome  i64 index  i64 hint term  i32 retry after millis
 *                         i64 store
 * READ_INDEX              u8 version  i64 term  bool lease suffices
 *   response              u8 version  i64 term  u8 outcome  i64 index
 * TIMEOUT_NOW             u8 version  i64 term
 *   response              u8 version  i64 term  bool accepted
 * INSTALL_SNAPSHOT        u8 version  i64 term  meta  i64 offset  bytes chunk  i32 CRC32C of all before it
 *   meta                  i64 index  i64 term  i64 membership index  bytes membership  i64 bytes  i64 id
 *   response              u8 version  i64 term  u8 outcome  i64 received  i32 retry after millis  i64 store
 * </pre>
 *
 * <p>What is decoded makes sense by itself (indexes in sequence, terms not decreasing, nothing negative), so that a
 * node with a defect cannot make another one break an invariant by arithmetic alone. Immutable, thread-safe.
 */
public final class MessageCodec {

    private static final int VERSION = 1;

    private static final int APPEND_HEADER_BYTES = 37;

    /** Sums of an index and a number of entries stay far from overflow. */
    private static final long MAX_NUMBER = Long.MAX_VALUE >> 1;

    /** The longest that a follower may ask to be left alone: a minute. Else one defect there would end its copy. */
    private static final int MAX_RETRY_AFTER_MILLIS = 60_000;

    /** No election timeout is longer, so no promise is. */
    private static final int MAX_PROMISE_MILLIS = 600_000;

    private final EntryCodec entries;

    public MessageCodec(EntryCodec entries) {
        this.entries = entries;
    }

    /** The procedure that carries this request. */
    public static RpcType typeOf(Message.Request request) {
        return switch (request) {
            case Message.PreVote vote -> RpcType.PRE_VOTE;
            case Message.Vote vote -> RpcType.REQUEST_VOTE;
            case Message.Heartbeat heartbeat -> RpcType.HEARTBEAT;
            case Message.Append append -> RpcType.APPEND_ENTRIES;
            case Message.ReadIndex read -> RpcType.READ_INDEX;
            case Message.TimeoutNow handover -> RpcType.TIMEOUT_NOW;
            case Message.InstallSnapshot install -> RpcType.INSTALL_SNAPSHOT;
        };
    }

    /** The request in parts; the entries' parts are shared, not copied. */
    public List<Bytes> encode(Message.Request request) {
        return switch (request) {
            case Message.PreVote m -> List.of(begin(m).i64(m.lastIndex()).i64(m.lastTerm()).toBytes());
            case Message.Vote m -> List.of(begin(m).i64(m.lastIndex()).i64(m.lastTerm()).bool(m.handedOver())
                .toBytes());
            case Message.Heartbeat m -> List.of(begin(m).i64(m.commit()).i64(m.nonce()).i64(m.store()).toBytes());
            case Message.Append m -> append(m);
            case Message.ReadIndex m -> List.of(begin(m).bool(m.leaseSuffices()).toBytes());
            case Message.TimeoutNow m -> List.of(begin(m).toBytes());
            case Message.InstallSnapshot m -> SnapshotMessages.encode(begin(m), m);
        };
    }

    public Bytes encode(Message.Response response) {
        BytesWriter out = begin(response);
        return switch (response) {
            case Message.VoteResponse m -> out.bool(m.granted()).i64(m.store()).toBytes();
            case Message.HeartbeatResponse m -> out.bool(m.accepted()).i64(m.nonce()).bool(m.storageFull())
                .i64(m.store()).u8(m.priority()).i32(m.promiseMillis()).toBytes();
            case Message.AppendResponse m -> out.u8(m.outcome().ordinal()).i64(m.index()).i64(m.hintTerm())
                .i32(m.retryAfterMillis()).i64(m.store()).toBytes();
            case Message.ReadIndexResponse m -> out.u8(m.outcome().ordinal()).i64(m.index()).toBytes();
            case Message.TimeoutNowResponse m -> out.bool(m.accepted()).toBytes();
            case Message.InstallResponse m -> out.u8(m.outcome().ordinal()).i64(m.received())
                .i32(m.retryAfterMillis()).i64(m.store()).toBytes();
        };
    }

    /**
     * Reads a request. Its entries share the bytes of {@code payload}.
     *
     * @throws MalformedBytesException if it is not exactly one well-formed request of that type and version
     */
    public Message.Request decodeRequest(RpcType type, Bytes payload) throws MalformedBytesException {
        BytesReader in = new BytesReader(payload);
        version(in);
        long term = number(in, "term");
        Message.Request request = switch (type) {
            case PRE_VOTE -> new Message.PreVote(term, number(in, "index"), number(in, "term"));
            case REQUEST_VOTE -> new Message.Vote(term, number(in, "index"), number(in, "term"), in.bool());
            case HEARTBEAT -> new Message.Heartbeat(term, number(in, "index"), number(in, "nonce"), in.i64());
            case APPEND_ENTRIES -> append(term, in, payload);
            case READ_INDEX -> new Message.ReadIndex(term, in.bool());
            case TIMEOUT_NOW -> new Message.TimeoutNow(term);
            case INSTALL_SNAPSHOT -> SnapshotMessages.decode(term, in, payload);
            default -> throw new MalformedBytesException("found a request of type " + type
                + ", expected one of consensus");
        };
        in.end();
        return request;
    }

    /**
     * Reads the response to a request of {@code type}.
     *
     * @throws MalformedBytesException if it is not exactly one well-formed response of that type and version
     */
    public Message.Response decodeResponse(RpcType type, Bytes payload) throws MalformedBytesException {
        BytesReader in = new BytesReader(payload);
        version(in);
        long term = number(in, "term");
        Message.Response response = switch (type) {
            case PRE_VOTE, REQUEST_VOTE -> new Message.VoteResponse(term, in.bool(), in.i64());
            case HEARTBEAT -> new Message.HeartbeatResponse(term, in.bool(), number(in, "nonce"), in.bool(),
                in.i64(), priority(in), millis(in, MAX_PROMISE_MILLIS));
            case APPEND_ENTRIES -> new Message.AppendResponse(term, one(Message.AppendOutcome.values(), in),
                number(in, "index"), number(in, "term"), millis(in, MAX_RETRY_AFTER_MILLIS), in.i64());
            case READ_INDEX -> new Message.ReadIndexResponse(term, one(Message.ReadOutcome.values(), in),
                number(in, "index"));
            case TIMEOUT_NOW -> new Message.TimeoutNowResponse(term, in.bool());
            case INSTALL_SNAPSHOT -> new Message.InstallResponse(term, one(Message.InstallOutcome.values(), in),
                number(in, "offset"), millis(in, MAX_RETRY_AFTER_MILLIS), in.i64());
            default -> throw new MalformedBytesException("found a response of type " + type
                + ", expected one of consensus");
        };
        in.end();
        return response;
    }

    private static BytesWriter begin(Message message) {
        return new BytesWriter(APPEND_HEADER_BYTES).u8(VERSION).i64(message.term());
    }

    private static List<Bytes> append(Message.Append append) {
        List<Bytes> parts = new ArrayList<>(append.entries().size() + 1);
        parts.add(begin(append).i64(append.prevIndex()).i64(append.prevTerm()).i64(append.commit())
            .i32(append.entries().size()).toBytes());
        for (LogEntry entry : append.entries()) {
            parts.add(entry.encoded());
        }
        return parts;
    }

    private Message.Append append(long term, BytesReader in, Bytes payload) throws MalformedBytesException {
        long prevIndex = number(in, "index");
        long prevTerm = number(in, "term");
        long commit = number(in, "index");
        if (prevIndex == 0 != (prevTerm == 0) || prevTerm > term) {
            throw new MalformedBytesException("found previous index " + prevIndex + " of term " + prevTerm
                + " in term " + term
                + ", expected both 0 or neither, and no later term");
        }
        int count = in.count(RaftLimits.MAX_APPEND_ENTRIES, EntryCodec.HEADER_BYTES);
        List<LogEntry> list = new ArrayList<>(count);
        long lastTerm = prevTerm;
        for (int i = 0; i < count; i++) {
            LogEntry entry = entries.decode(payload, in.position());
            if (entry.index() != prevIndex + 1 + i || entry.term() < lastTerm || entry.term() > term) {
                throw new MalformedBytesException("found entry " + entry.index() + " of term " + entry.term()
                    + ", expected entry " + (prevIndex + 1 + i) + " of term " + lastTerm + " to " + term);
            }
            lastTerm = entry.term();
            list.add(entry);
            in.raw(entry.encoded().length());
        }
        return new Message.Append(term, prevIndex, prevTerm, commit, list);
    }

    private static void version(BytesReader in) throws MalformedBytesException {
        int version = in.u8();
        if (version != VERSION) {
            throw new MalformedBytesException("found message version " + version + ", expected " + VERSION);
        }
    }

    static long number(BytesReader in, String what) throws MalformedBytesException {
        long value = in.i64();
        if (value < 0 || value > MAX_NUMBER) {
            throw new MalformedBytesException("found " + what + " " + value + " before byte " + in.position()
                + ", expected 0 to " + MAX_NUMBER);
        }
        return value;
    }

    private static int millis(BytesReader in, int most) throws MalformedBytesException {
        int millis = in.i32();
        if (millis < 0 || millis > most) {
            throw new MalformedBytesException("found a time of " + millis + " ms before byte " + in.position()
                + ", expected 0 to " + most);
        }
        return millis;
    }

    private static int priority(BytesReader in) throws MalformedBytesException {
        int priority = in.u8();
        if (priority > RaftSettings.MAX_PRIORITY) {
            throw new MalformedBytesException("found priority " + priority + ", expected 0 to "
                + RaftSettings.MAX_PRIORITY);
        }
        return priority;
    }

    private static <T> T one(T[] values, BytesReader in) throws MalformedBytesException {
        int number = in.u8();
        if (number >= values.length) {
            throw new MalformedBytesException("found outcome " + number + ", expected 0 to " + (values.length - 1));
        }
        return values[number];
    }
}
