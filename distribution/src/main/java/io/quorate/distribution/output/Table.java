package io.quorate.distribution.output;

import java.util.ArrayList;
import java.util.List;

/** Rows under headings, in aligned columns two spaces apart. Not thread-safe. */
public final class Table {

    private static final String GAP = "  ";

    private final List<String> headings;
    private final boolean[] rightAligned;
    private final List<List<String>> rows = new ArrayList<>();

    /** @param headings one a column; a heading that begins with {@code >} aligns its column right, as numbers want */
    public Table(String... headings) {
        this.headings = new ArrayList<>(headings.length);
        this.rightAligned = new boolean[headings.length];
        for (int i = 0; i < headings.length; i++) {
            rightAligned[i] = headings[i].startsWith(">");
            this.headings.add(rightAligned[i] ? headings[i].substring(1) : headings[i]);
        }
    }

    /** Adds a row; a missing value shows as {@code -}. */
    public Table row(Object... values) {
        if (values.length != headings.size()) {
            throw new IllegalArgumentException("found " + values.length + " values, expected " + headings.size());
        }
        List<String> row = new ArrayList<>(values.length);
        for (Object value : values) {
            String text = value == null ? "" : value.toString();
            row.add(text.isEmpty() ? "-" : text);
        }
        rows.add(row);
        return this;
    }

    /** Whether there is no row. */
    public boolean isEmpty() {
        return rows.isEmpty();
    }

    /** The lines: headings first, no white space at their ends. */
    public List<String> lines() {
        int[] widths = new int[headings.size()];
        measure(headings, widths);
        rows.forEach(row -> measure(row, widths));
        List<String> lines = new ArrayList<>(rows.size() + 1);
        lines.add(line(headings, widths));
        rows.forEach(row -> lines.add(line(row, widths)));
        return lines;
    }

    private static void measure(List<String> cells, int[] widths) {
        for (int i = 0; i < widths.length; i++) {
            widths[i] = Math.max(widths[i], cells.get(i).codePointCount(0, cells.get(i).length()));
        }
    }

    private String line(List<String> cells, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            String cell = cells.get(i);
            String padding = " ".repeat(widths[i] - cell.codePointCount(0, cell.length()));
            line.append(i == 0 ? "" : GAP);
            line.append(rightAligned[i] ? padding + cell : cell + padding);
        }
        return line.toString().stripTrailing();
    }

    @Override
    public String toString() {
        return String.join(System.lineSeparator(), lines());
    }
}
