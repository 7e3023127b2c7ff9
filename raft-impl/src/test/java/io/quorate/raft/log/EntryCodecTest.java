package io.quorate.raft.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.ClusterId;
import io.quorate.api.MalformedBytesException;
import io.quorate.spi.consensus.EntryType;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class EntryCodecTest {

    private static final EntryCodec CODEC = Stores.CODEC;

    @ParameterizedTest
    @EnumSource(EntryType.class)
    void what_was_encoded_is_decoded(EntryType type) throws MalformedBytesException {
        LogEntry entry = CODEC.encode(7, 1L << 40, type, List.of(Bytes.utf8("ab"), Bytes.empty(), Bytes.utf8("cde")));
        LogEntry decoded = CODEC.decode(entry.encoded(), 0);
        assertEquals(entry, decoded);
        assertEquals(7, decoded.term());
        assertEquals(1L << 40, decoded.index());
        assertEquals(type, decoded.type());
        assertEquals("abcde", decoded.payload().utf8());
        assertEquals(entry.encoded().length(), EntryCodec.HEADER_BYTES + 5);
    }

    @Test
    void the_bytes_of_an_entry_are_these_for_ever() {
        LogEntry entry = CODEC.encode(2, 3, EntryType.COMMANDS, List.of(Bytes.utf8("x")));
        assertEquals("00000012" + "82e83979" + "0000000000000002" + "0000000000000003" + "03" + "78",
            entry.encoded().hex());
    }

    @Test
    void several_are_decoded_in_a_row_up_to_a_limit() throws MalformedBytesException {
        Bytes all = Bytes.wrap(concat(CODEC.encode(1, 1, EntryType.NO_OP, List.of()), Stores.entry(1, 2, 30)));
        assertEquals(2, CODEC.decodeAll(all, 2).size());
        assertEquals(2, CODEC.decodeAll(all, 2).get(1).index());
        assertThrows(MalformedBytesException.class, () -> CODEC.decodeAll(all, 1));
        assertThrows(MalformedBytesException.class, () -> CODEC.decodeAll(all.slice(0, all.length() - 1), 2));
    }

    private static byte[] concat(LogEntry first, LogEntry second) {
        byte[] all = new byte[first.encoded().length() + second.encoded().length()];
        first.encoded().copyTo(all, 0);
        second.encoded().copyTo(all, first.encoded().length());
        return all;
    }

    @Test
    void no_flipped_bit_passes() {
        byte[] good = Stores.entry(5, 6, 20).encoded().toByteArray();
        for (int bit = 0; bit < good.length * 8; bit++) {
            byte[] bad = good.clone();
            bad[bit / 8] ^= (byte) (1 << bit % 8);
            assertThrows(MalformedBytesException.class, () -> CODEC.decode(Bytes.wrap(bad), 0), "bit " + bit);
        }
    }

    @Test
    void an_entry_of_another_cluster_does_not_pass() {
        LogEntry foreign = new EntryCodec(new ClusterId("other")).encode(1, 1, EntryType.NO_OP, List.of());
        MalformedBytesException refusal =
            assertThrows(MalformedBytesException.class, () -> CODEC.decode(foreign.encoded(), 0));
        assertTrue(refusal.getMessage().contains("of another cluster"), refusal.getMessage());
    }

    @Test
    void a_mark_of_the_log_does_not_pass_for_an_entry() {
        Bytes mark = Bytes.wrap(SegmentMark.encode(CODEC, 1, 1, 64));
        assertThrows(MalformedBytesException.class, () -> CODEC.decode(mark, 0));
    }

    @Test
    void limits_are_kept() {
        Bytes most = Bytes.wrap(new byte[EntryCodec.MAX_PAYLOAD_BYTES]);
        LogEntry entry = CODEC.encode(1, 1, EntryType.COMMANDS, List.of(most));
        assertEquals(EntryCodec.MAX_RECORD_BYTES, entry.encoded().length());
        assertThrows(IllegalArgumentException.class,
            () -> CODEC.encode(1, 1, EntryType.COMMANDS, List.of(most, Bytes.utf8("x"))));
        assertThrows(IllegalArgumentException.class, () -> CODEC.encode(0, 1, EntryType.NO_OP, List.of()));
        assertThrows(IllegalArgumentException.class, () -> CODEC.encode(1, 0, EntryType.NO_OP, List.of()));
    }
}
