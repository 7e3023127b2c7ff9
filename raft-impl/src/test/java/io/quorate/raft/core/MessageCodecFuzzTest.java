package io.quorate.raft.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.BytesWriter;
import io.quorate.fuzz.Codecs;
import io.quorate.fuzz.Fuzzing;
import io.quorate.fuzz.FuzzInput;
import io.quorate.fuzz.Reached;
import io.quorate.raft.log.FuzzRecords;
import io.quorate.raft.log.LogEntry;
import io.quorate.spi.wire.RpcType;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/** Every message of consensus, with entries whose checksums are right, whatever they say. */
public final class MessageCodecFuzzTest {

    private static final Reached REACHED = new Reached();
    private static final List<RpcType> TYPES = List.of(RpcType.PRE_VOTE, RpcType.REQUEST_VOTE, RpcType.HEARTBEAT,
        RpcType.APPEND_ENTRIES, RpcType.READ_INDEX, RpcType.TIMEOUT_NOW, RpcType.INSTALL_SNAPSHOT);
    private static final int BEGINNING_BYTES = 9;
    private static final MessageCodec CODEC = new MessageCodec(OneCore.ENTRIES);

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void holdsOnKeptAndSeededInputs() throws Exception {
        Fuzzing.shortRun(getClass(), 6_000, MessageCodecFuzzTest::fuzzerTestOneInput);
        for (RpcType type : TYPES) {
            REACHED.requirePercent(15, type + " request read", type + " request refused");
            REACHED.requirePercent(15, type + " response read", type + " response refused");
        }
        REACHED.require(100, "append with entries");
        REACHED.require(50, "piece of a snapshot");
    }

    public static void fuzzerTestOneInput(byte[] data) throws Exception {
        FuzzInput in = new FuzzInput(data);
        RpcType type = in.oneIn(2) ? RpcType.APPEND_ENTRIES : in.pick(TYPES);
        boolean request = in.oneIn(2);
        byte[] payload = in.oneIn(10) ? in.rest() : request ? request(in, type) : response(in, type);
        if (in.oneIn(4)) {
            in.damage(payload, 0, payload.length);
        }
        Bytes encoded = Bytes.wrap(payload);
        boolean read = request ? readRequest(type, encoded) : readResponse(type, encoded);
        REACHED.count(type + (request ? " request" : " response") + (read ? " read" : " refused"));
    }

    private static boolean readRequest(RpcType type, Bytes encoded) throws Exception {
        Optional<Message.Request> read = Codecs.hostile(encoded, bytes -> CODEC.decodeRequest(type, bytes),
            message -> Codecs.joined(CODEC.encode(message)));
        read.ifPresent(message -> {
            assertEquals(encoded, Codecs.joined(CODEC.encode(message)), "two encodings of " + message);
            assertTrue(message.term() >= 0);
            if (message instanceof Message.Append append) {
                fits(append);
            }
            if (message instanceof Message.InstallSnapshot install) {
                assertTrue(install.meta().index() >= 1 && install.meta().term() <= install.term());
                assertTrue(install.offset() >= 0
                    && install.offset() + install.chunk().length() <= install.meta().bytes());
                REACHED.count("piece of a snapshot");
            }
        });
        return read.isPresent();
    }

    /** What a core may rely on in an append, before it has looked at its own log. */
    private static void fits(Message.Append append) {
        assertTrue(append.prevIndex() >= 0 && append.prevTerm() >= 0 && append.commit() >= 0);
        assertTrue(append.prevTerm() <= append.term());
        assertTrue(append.entries().size() <= RaftLimits.MAX_APPEND_ENTRIES);
        long index = append.prevIndex();
        long term = append.prevTerm();
        for (LogEntry entry : append.entries()) {
            assertEquals(++index, entry.index());
            assertTrue(entry.term() >= Math.max(1, term) && entry.term() <= append.term());
            term = entry.term();
        }
        if (!append.entries().isEmpty()) {
            REACHED.count("append with entries");
        }
    }

    private static boolean readResponse(RpcType type, Bytes encoded) throws Exception {
        Optional<Message.Response> read = Codecs.hostile(encoded, bytes -> CODEC.decodeResponse(type, bytes),
            CODEC::encode);
        read.ifPresent(message -> {
            assertEquals(encoded, CODEC.encode(message), "two encodings of " + message);
            if (message instanceof Message.AppendResponse append) {
                assertTrue(append.index() >= 0 && append.hintTerm() >= 0 && append.retryAfterMillis() >= 0);
            }
        });
        return read.isPresent();
    }

    private static byte[] request(FuzzInput in, RpcType type) {
        BytesWriter out = new BytesWriter().u8(1);
        long term = in.oneIn(3) ? in.number() : 1 + in.below(6);
        out.i64(term);
        switch (type) {
            case PRE_VOTE -> out.i64(in.number()).i64(in.number());
            case REQUEST_VOTE -> out.i64(in.number()).i64(in.number()).u8(in.below(2));
            case HEARTBEAT -> out.i64(in.number()).i64(in.number()).i64(in.number());
            case READ_INDEX -> out.u8(in.below(2));
            case APPEND_ENTRIES -> append(in, out, term);
            case INSTALL_SNAPSHOT -> install(in, out, term);
            default -> { }
        }
        return out.toBytes().toByteArray();
    }

    private static void install(FuzzInput in, BytesWriter out, long term) {
        long index = in.oneIn(8) ? in.number() : 1 + in.below(100);
        Bytes body = new BytesWriter().u8(1).i64(term).i64(index)
            .i64(in.oneIn(8) ? in.number() : Math.max(1, term)).i64(in.oneIn(8) ? in.number() : 0)
            .bytes(OneCore.voters(OneCore.A, OneCore.B).encode())
            .i64(in.oneIn(8) ? in.number() : 100).i64(in.number()).i64(in.oneIn(8) ? in.number() : in.below(60))
            .bytes(Bytes.wrap(new byte[in.below(40)])).toBytes();
        CRC32C crc = new CRC32C();
        body.addTo(crc);
        out.raw(body.slice(BEGINNING_BYTES, body.length() - BEGINNING_BYTES)).i32((int) crc.getValue());
    }

    private static void append(FuzzInput in, BytesWriter out, long term) {
        long prevIndex = in.oneIn(8) ? in.number() : in.below(4);
        long prevTerm = prevIndex == 0 || in.oneIn(12) ? in.oneIn(8) ? 1 : 0 : 1;
        int count = in.below(5);
        out.i64(prevIndex).i64(prevTerm).i64(in.number()).i32(in.oneIn(12) ? (int) in.number() : count);
        for (int i = 1; i <= count; i++) {
            out.raw(FuzzRecords.record(in, OneCore.ENTRIES, in.oneIn(8) ? in.number() : Math.max(1, term),
                prevIndex + i));
        }
    }

    private static byte[] response(FuzzInput in, RpcType type) {
        BytesWriter out = new BytesWriter().u8(1).i64(in.number());
        switch (type) {
            case PRE_VOTE, REQUEST_VOTE -> out.u8(in.below(2)).i64(in.number());
            case HEARTBEAT -> out.u8(in.below(2)).i64(in.number()).u8(in.below(2)).i64(in.number()).u8(in.below(120))
                .i32((int) in.number());
            case APPEND_ENTRIES -> out.u8(in.below(5)).i64(in.number()).i64(in.number()).i32((int) in.number())
                .i64(in.number());
            case TIMEOUT_NOW -> out.u8(in.below(2));
            case INSTALL_SNAPSHOT -> out.u8(in.below(5)).i64(in.number()).i32((int) in.number()).i64(in.number());
            default -> out.u8(in.below(4)).i64(in.number());
        }
        return out.toBytes().toByteArray();
    }
}
