package io.quorate.fuzz;

import io.quorate.api.Bytes;
import io.quorate.api.BytesWriter;
import io.quorate.api.MalformedBytesException;
import java.util.List;
import java.util.Optional;

/** What holds for every decoder of what others have sent or stored. */
public final class Codecs {

    /** How many bytes a decoded value may take for each byte of its encoded form: objects of small fields are large. */
    private static final int FACTOR = 64;

    /** Reads. */
    @FunctionalInterface
    public interface Decoder<T> {
        T decode(Bytes encoded) throws MalformedBytesException;
    }

    /** Writes. */
    @FunctionalInterface
    public interface Encoder<T> {
        Bytes encode(T value);
    }

    private Codecs() {
    }

    /**
     * Decodes hostile bytes. They are refused with a message that says what was found, or they give a value that can be
     * written, read again, and is then written alike. Either way they cost no more memory than they pay for.
     *
     * @return the value, or empty if they were refused
     */
    public static <T> Optional<T> hostile(Bytes encoded, Decoder<T> decoder, Encoder<T> encoder) throws Exception {
        Allocation.bounded(encoded.length(), FACTOR, () -> decode(encoded, decoder));
        Optional<T> value = decode(encoded, decoder);
        if (value.isPresent()) {
            Bytes written = encoder.encode(value.get());
            T again = decoder.decode(written);
            Bytes writtenAgain = encoder.encode(again);
            if (!writtenAgain.equals(written)) {
                throw new AssertionError("found " + again + " as " + writtenAgain.hex() + ", expected to be written as "
                    + written.hex());
            }
        }
        return value;
    }

    /** Asserts that a good value is read as it was written. */
    public static <T> Bytes roundTrip(T value, Decoder<T> decoder, Encoder<T> encoder) throws MalformedBytesException {
        Bytes written = encoder.encode(value);
        T read = decoder.decode(written);
        if (!read.equals(value)) {
            throw new AssertionError("found " + read + ", expected " + value);
        }
        return written;
    }

    /** A payload in one piece. */
    public static Bytes joined(List<Bytes> parts) {
        BytesWriter whole = new BytesWriter();
        parts.forEach(whole::raw);
        return whole.toBytes();
    }

    private static <T> Optional<T> decode(Bytes encoded, Decoder<T> decoder) {
        try {
            return Optional.of(decoder.decode(encoded));
        } catch (MalformedBytesException e) {
            if (e.getMessage() == null || e.getMessage().isBlank()) {
                throw new AssertionError("found a refusal without a word, expected what was found", e);
            }
            return Optional.empty();
        }
    }
}
