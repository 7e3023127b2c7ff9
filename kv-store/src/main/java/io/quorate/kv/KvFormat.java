package io.quorate.kv;

/**
 * The encoded forms, for those who talk to the store without this library. Big-endian; {@code bytes} is a 32-bit length
 * and the bytes; {@code bool} is one byte, 0 or 1. Nothing may follow.
 *
 * <pre>
 * commands   PUT          u8 0x01, bytes key, bytes value
 *            DELETE       u8 0x02, bytes key
 *            SET_IF       u8 0x03, bytes key, u8 comparison, i64 expected, bytes value
 *            DELETE_IF    u8 0x04, bytes key, u8 comparison, i64 expected
 * queries    GET          u8 0x21, bytes key
 *            LIST         u8 0x22, bytes prefix, bool hasAfter, [bytes after], i32 limit, bool keysOnly
 *            COUNT        u8 0x23, bytes prefix
 *            DIGEST       u8 0x24
 * watches    WATCH        u8 0x41, u8 scope, bytes keyOrPrefix, i64 fromRevision
 * answers    to PUT       u8 0x81, i64 revision, i64 version
 *            to DELETE    u8 0x82, bool existed, i64 revision
 *            to SET_IF    u8 0x83, bool applied, i64 version, i64 modRevision, i64 revision
 *            to DELETE_IF u8 0x84, as to SET_IF
 *            to GET       u8 0xA1, i64 revision, bool found, [entry]
 *            to LIST      u8 0xA2, i64 revision, bool more, i32 count, count entries
 *            to COUNT     u8 0xA3, i64 revision, i64 keys
 *            to DIGEST    u8 0xA4, i64 revision, i64 keys, i64 digest
 *            to WATCH     u8 0xC1, i64 nextRevision, i32 count, count events
 *                         u8 0xC2, i64 oldestRevision, i64 revision  (compacted)
 * entry                   bytes key, bytes value, i64 createRevision, i64 modRevision, i64 version
 * event                   u8 kind, bytes key, bytes value, i64 version, i64 revision
 * </pre>
 *
 * <p>Every form begins with a number of its own, so that none is ever taken for another. Numbers are never reused.
 */
public final class KvFormat {

    public static final int PUT = 0x01;
    public static final int DELETE = 0x02;
    public static final int SET_IF = 0x03;
    public static final int DELETE_IF = 0x04;
    public static final int GET = 0x21;
    public static final int LIST = 0x22;
    public static final int COUNT = 0x23;
    public static final int DIGEST = 0x24;
    public static final int WATCH = 0x41;

    /** An answer's number is that of its question and this bit. */
    public static final int ANSWER = 0x80;

    /** The other answer to WATCH. */
    public static final int WATCH_COMPACTED = 0xC2;

    /** Compares a key's version. */
    public static final int COMPARE_VERSION = 1;

    /** Compares the revision of a key's last change. */
    public static final int COMPARE_REVISION = 2;

    /** Watches one key. */
    public static final int SCOPE_KEY = 1;

    /** Watches all keys with a prefix. */
    public static final int SCOPE_PREFIX = 2;

    /** A key was put. */
    public static final int EVENT_PUT = 1;

    /** A key was deleted. */
    public static final int EVENT_DELETE = 2;

    private KvFormat() {
    }
}
