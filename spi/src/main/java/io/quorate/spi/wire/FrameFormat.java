package io.quorate.spi.wire;

/**
 * The layout of a frame, and its limits. All numbers are big-endian; {@code docs/wire.md} draws it.
 *
 * <pre>
 *  0  u32  magic           "QRT1"
 *  4  u8   version         1
 *  5  u8   kind            FrameKind
 *  6  u16  rpc type        RpcType, 0 for kinds of the connection
 *  8  u64  correlation id
 * 16  u32  payload length
 * 20  u32  payload CRC32C
 * 24  u32  flags           bit 31: end; bits 0..30: budget in milliseconds (requests), else 0
 * 28  u32  header CRC32C   over bytes 0..27
 * 32  ...  payload
 *  +  u32  end mark        0x1EC0DE5A
 * </pre>
 */
public final class FrameFormat {

    public static final int MAGIC = 0x51525431;
    public static final int VERSION = 1;
    public static final int HEADER_BYTES = 32;
    public static final int END_MARK = 0x1EC0DE5A;
    public static final int TRAILER_BYTES = 4;

    /** What a frame costs beside its payload. */
    public static final int OVERHEAD_BYTES = HEADER_BYTES + TRAILER_BYTES;

    /** The largest payload of a frame (8 MiB): an append of 4 MiB with room to spare. */
    public static final int MAX_PAYLOAD_BYTES = 8 << 20;

    /** The largest payload of a frame of the connection, such as a hello (8 KiB). */
    public static final int MAX_CONTROL_PAYLOAD_BYTES = 8 << 10;

    /** All bytes that a connection may send before its handshake is done (16 KiB). */
    public static final int MAX_PREAUTH_BYTES = 16 << 10;

    /** The longest budget of a request, in milliseconds (10 minutes). */
    public static final int MAX_BUDGET_MILLIS = 600_000;

    static final int END_FLAG = 0x8000_0000;
    static final int BUDGET_MASK = 0x7FFF_FFFF;

    private FrameFormat() {
    }
}
