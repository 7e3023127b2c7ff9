package io.quorate.identity.x509.cert;

import io.quorate.fuzz.FuzzInput;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * DER (X.690) as a tree that can be changed in one place and written with right lengths around it. Without that nearly
 * every mutation of a certificate ends at the first length that does not fit.
 */
final class DerTree {

    private static final int CONSTRUCTED = 0x20;
    private static final int OCTET_STRING = 0x04;
    private static final int BIT_STRING = 0x03;

    private int tag;
    private byte[] value;
    private List<DerTree> children;
    /** Bytes between the header and the children: a BIT STRING's count of unused bits. */
    private int lead;

    private DerTree(int tag) {
        this.tag = tag;
    }

    /** Reads one value that fills {@code der}. */
    static DerTree read(byte[] der) {
        List<DerTree> all = readAll(der, 0, der.length);
        if (all == null || all.size() != 1) {
            throw new IllegalArgumentException("found no single DER value");
        }
        return all.get(0);
    }

    private static List<DerTree> readAll(byte[] der, int from, int to) {
        List<DerTree> all = new ArrayList<>();
        int at = from;
        while (at < to) {
            if (to - at < 2) {
                return null;
            }
            DerTree tree = new DerTree(der[at] & 0xFF);
            int length = der[at + 1] & 0xFF;
            at += 2;
            if (length > 0x80 && length <= 0x83) {
                int bytes = length & 0x7F;
                length = 0;
                for (int i = 0; i < bytes && at < to; i++) {
                    length = length << 8 | der[at++] & 0xFF;
                }
            } else if (length >= 0x80) {
                return null;
            }
            if (length > to - at) {
                return null;
            }
            tree.fill(der, at, at + length);
            all.add(tree);
            at += length;
        }
        return all;
    }

    private void fill(byte[] der, int from, int to) {
        value = Arrays.copyOfRange(der, from, to);
        lead = tag == BIT_STRING ? Math.min(1, to - from) : 0;
        // Extensions and keys are DER within strings.
        boolean mayHold = (tag & CONSTRUCTED) != 0 || (tag == OCTET_STRING || tag == BIT_STRING) && to - from > 4;
        children = mayHold ? readAll(der, from + lead, to) : null;
        if (children != null && children.isEmpty()) {
            children = null;
        }
    }

    DerTree child(int index) {
        return children.get(index);
    }

    /** This value and all below, in the order in which they are written. */
    List<DerTree> all() {
        List<DerTree> all = new ArrayList<>(List.of(this));
        if (children != null) {
            children.forEach(child -> all.addAll(child.all()));
        }
        return all;
    }

    byte[] write() {
        byte[] content = value;
        if (children != null) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            out.write(value, 0, lead);
            children.forEach(child -> out.writeBytes(child.write()));
            content = out.toByteArray();
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        if (content.length < 0x80) {
            out.write(content.length);
        } else {
            int bytes = content.length < 0x100 ? 1 : content.length < 0x10000 ? 2 : 3;
            out.write(0x80 | bytes);
            for (int i = bytes - 1; i >= 0; i--) {
                out.write(content.length >>> 8 * i);
            }
        }
        out.writeBytes(content);
        return out.toByteArray();
    }

    /** Replaces the content. */
    void set(byte[] content) {
        value = content;
        children = null;
    }

    /** Changes one value somewhere below, as the input decides. */
    void mutate(FuzzInput in) {
        List<DerTree> all = all();
        DerTree at = all.get(in.below(all.size()));
        switch (in.below(8)) {
            case 0 -> at.set(in.bytes(40));
            case 1 -> at.tag = in.u8() & ~0x1F | in.u8() & 0x1E;
            case 2 -> at.duplicate(in);
            case 3 -> at.remove(in);
            case 4 -> {
                byte[] content = at.content();
                in.damage(content, 0, content.length);
                at.set(content);
            }
            case 5 -> at.set(Arrays.copyOf(at.content(), in.below(at.content().length + 1)));
            case 6 -> at.set(all.get(in.below(all.size())).content());
            default -> at.set(new byte[in.below(600)]);
        }
    }

    private byte[] content() {
        if (children == null) {
            return value.clone();
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(value, 0, lead);
        children.forEach(child -> out.writeBytes(child.write()));
        return out.toByteArray();
    }

    private void duplicate(FuzzInput in) {
        if (children != null) {
            List<DerTree> more = new ArrayList<>(children);
            more.add(in.below(more.size() + 1), children.get(in.below(children.size())));
            children = more;
        }
    }

    private void remove(FuzzInput in) {
        if (children != null && children.size() > 1) {
            List<DerTree> fewer = new ArrayList<>(children);
            fewer.remove(in.below(fewer.size()));
            children = fewer;
        }
    }
}
