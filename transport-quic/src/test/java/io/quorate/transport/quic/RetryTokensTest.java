package io.quorate.transport.quic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.quic.QuicTokenHandler;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class RetryTokensTest {

    private static final int VALID_MILLIS = 5_000;
    private static final InetSocketAddress CLIENT = new InetSocketAddress("192.0.2.7", 4_711);
    private static final int ID_BYTES = 20;

    private final AtomicLong nanos = new AtomicLong(77);
    private final RetryTokens tokens = new RetryTokens(VALID_MILLIS, nanos::get);

    private static ByteBuf id(int bytes) {
        byte[] id = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            id[i] = (byte) (i + 1);
        }
        return Unpooled.wrappedBuffer(id);
    }

    private static ByteBuf token(QuicTokenHandler tokens) {
        ByteBuf token = Unpooled.buffer(tokens.maxTokenLength(), tokens.maxTokenLength());
        assertTrue(tokens.writeToken(token, id(8), CLIENT));
        return token;
    }

    private boolean accepts(ByteBuf token, InetSocketAddress from) {
        return tokens.validateToken(token, from) >= 0;
    }

    @Test
    void a_token_brought_back_in_time_from_the_same_address_is_good_and_holds_the_first_id() {
        ByteBuf token = token(tokens);
        int offset = tokens.validateToken(token, CLIENT);
        assertEquals(id(8), token.slice(token.readerIndex() + offset, token.readableBytes() - offset));
        assertTrue(tokens.validateToken(token, CLIENT, id(ID_BYTES)).isValid());
        assertFalse(tokens.validateToken(token, CLIENT, id(ID_BYTES - 1)).isValid(),
            "a Retry gives ids of one length");
    }

    @Test
    void a_forged_token_is_not() {
        ByteBuf token = token(tokens);
        for (int at = 0; at < token.readableBytes(); at++) {
            ByteBuf forged = token.copy();
            forged.setByte(at, forged.getByte(at) ^ 1);
            assertFalse(accepts(forged, CLIENT), "a token with another byte at " + at);
        }
        for (int bytes = 0; bytes < token.readableBytes(); bytes++) {
            assertFalse(accepts(token.slice(0, bytes), CLIENT), "a token of " + bytes + " bytes");
        }
        assertFalse(accepts(Unpooled.wrappedBuffer(token.copy(), id(60)), CLIENT), "a token with more behind it");
    }

    @Test
    void another_process_has_another_key() {
        assertFalse(accepts(token(new RetryTokens(VALID_MILLIS, nanos::get)), CLIENT));
    }

    @Test
    void a_token_replayed_from_another_address_or_port_is_not() {
        ByteBuf token = token(tokens);
        assertFalse(accepts(token, new InetSocketAddress("192.0.2.8", 4_711)));
        assertFalse(accepts(token, new InetSocketAddress("192.0.2.7", 4_712)));
        assertFalse(accepts(token, new InetSocketAddress("2001:db8::7", 4_711)));
        assertTrue(accepts(token, CLIENT));
    }

    @Test
    void an_expired_token_is_not() {
        ByteBuf token = token(tokens);
        nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(VALID_MILLIS));
        assertTrue(accepts(token, CLIENT));
        nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(1));
        assertFalse(accepts(token, CLIENT));
    }
}
