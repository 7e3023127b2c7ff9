package io.quorate.kv.store;

import io.quorate.api.Bytes;
import io.quorate.kv.KvLimits;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/**
 * The store as bytes, for snapshots. Big-endian; {@code bytes} is a 32-bit length and the bytes.
 *
 * <pre>
 * u8 format  i64 revision  i64 keys
 * each key, in order:     bytes key  bytes value  i64 createRevision  i64 modRevision  i64 version
 * i64 oldest  i32 events
 * each event, in order:   u8 kind  bytes key  bytes value  i64 version
 * i64 digest
 * </pre>
 */
final class KvSnapshotFormat {

    private static final int FORMAT = 1;
    private static final int PUT = 1;
    private static final int DELETE = 2;

    private KvSnapshotFormat() {
    }

    static void begin(DataOutputStream out, long revision, long keys) throws IOException {
        out.writeByte(FORMAT);
        out.writeLong(revision);
        out.writeLong(keys);
    }

    static void write(DataOutputStream out, Frozen.Image image) throws IOException {
        write(out, image.key());
        write(out, image.value());
        out.writeLong(image.createRevision());
        out.writeLong(image.modRevision());
        out.writeLong(image.version());
    }

    static void write(DataOutputStream out, History.Copy history) throws IOException {
        out.writeLong(history.oldest());
        out.writeInt(history.keys().length);
        for (int i = 0; i < history.keys().length; i++) {
            Bytes value = history.values()[i];
            out.writeByte(value == null ? DELETE : PUT);
            write(out, history.keys()[i]);
            write(out, value == null ? Bytes.empty() : value);
            out.writeLong(history.versions()[i]);
        }
    }

    private static void write(DataOutputStream out, Bytes bytes) throws IOException {
        out.writeInt(bytes.length());
        out.write(bytes.toByteArray());
    }

    /** Fills {@code store}, which is empty. */
    static void read(DataInputStream in, KvStore store) throws IOException {
        int format = in.readUnsignedByte();
        if (format != FORMAT) {
            throw new IOException("a snapshot of the key-value store: found format " + format + ", expected " + FORMAT
                + ". A newer version has written it: start that version");
        }
        long revision = number(in, "revision", Long.MAX_VALUE - 1);
        long keys = number(in, "number of keys", revision);
        Bytes previous = null;
        for (long i = 0; i < keys; i++) {
            Bytes key = bytes(in, "key", 1, KvLimits.MAX_KEY_BYTES);
            if (previous != null && previous.compareTo(key) >= 0) {
                throw new IOException("a snapshot of the key-value store: found key " + key + " behind " + previous
                    + ", expected rising keys");
            }
            Bytes value = bytes(in, "value", 0, KvLimits.MAX_VALUE_BYTES);
            long created = number(in, "revision", revision);
            store.restore(key, value, created, number(in, "revision", revision), in.readLong());
            previous = key;
        }
        long oldest = number(in, "oldest revision", revision + 1);
        int events = in.readInt();
        if (oldest < 1 || events != revision + 1 - oldest) {
            throw new IOException("a snapshot of the key-value store: found " + events + " events from revision "
                + oldest + " on, expected those to revision " + revision);
        }
        store.history().restart(oldest);
        for (int i = 0; i < events; i++) {
            int kind = in.readUnsignedByte();
            Bytes key = bytes(in, "key", 1, KvLimits.MAX_KEY_BYTES);
            Bytes value = bytes(in, "value", 0, KvLimits.MAX_VALUE_BYTES);
            long version = in.readLong();
            switch (kind) {
                case PUT -> store.history().put(key, value, version);
                case DELETE -> store.history().delete(key);
                default -> throw new IOException("a snapshot of the key-value store: found an event of kind " + kind
                    + ", expected 1 or 2");
            }
        }
        long digest = in.readLong();
        if (digest != store.digest()) {
            throw new IOException("a snapshot of the key-value store: found a digest of " + Long.toHexString(digest)
                + ", expected that of its keys, " + Long.toHexString(store.digest()));
        }
        if (in.read() >= 0) {
            throw new IOException("a snapshot of the key-value store: found more behind its digest, expected its end");
        }
    }

    private static long number(DataInputStream in, String what, long most) throws IOException {
        long value = in.readLong();
        if (value < 0 || value > most) {
            throw new IOException("a snapshot of the key-value store: found " + what + " " + value
                + ", expected 0 to " + most);
        }
        return value;
    }

    private static Bytes bytes(DataInputStream in, String what, int least, int most) throws IOException {
        int length = in.readInt();
        if (length < least || length > most) {
            throw new IOException("a snapshot of the key-value store: found a " + what + " of " + length
                + " bytes, expected " + least + " to " + most);
        }
        byte[] array = new byte[length];
        in.readFully(array);
        return Bytes.wrap(array);
    }
}
