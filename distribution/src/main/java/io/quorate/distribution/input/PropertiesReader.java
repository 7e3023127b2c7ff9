package io.quorate.distribution.input;

import io.quorate.api.Bytes;
import java.io.BufferedReader;
import java.io.IOException;
import java.util.Optional;

/**
 * The format of {@link java.util.Properties#load(java.io.Reader)}: comments with {@code #} and {@code !}, {@code =},
 * {@code :} or white space between key and value, lines continued with a backslash, escapes. Written anew because the
 * class of the JDK loads everything at once and knows no line numbers.
 */
final class PropertiesReader implements EntryReader {

    private static final String WHITE = " \t\f";

    private final BufferedReader lines;
    private long number;

    PropertiesReader(BufferedReader lines) {
        this.lines = lines;
    }

    @Override
    public Optional<Entry> next() throws EntryException, IOException {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            number++;
            String content = withoutIndent(line);
            // A backslash alone continues nothing: as in the JDK, what follows is a new line, and may be a comment.
            boolean nothing = content.isEmpty() || content.equals("\\");
            if (!nothing && content.charAt(0) != '#' && content.charAt(0) != '!') {
                long first = number;
                return Optional.of(entry(first, logicalLine(content)));
            }
        }
        return Optional.empty();
    }

    private String logicalLine(String first) throws IOException {
        if (!continues(first)) {
            return first;
        }
        StringBuilder whole = new StringBuilder();
        String part = first;
        while (continues(part)) {
            whole.append(part, 0, part.length() - 1);
            String next = lines.readLine();
            if (next == null) {
                return whole.toString();
            }
            number++;
            part = withoutIndent(next);
        }
        return whole.append(part).toString();
    }

    /** An odd number of backslashes ends the line: the last one is no escaped backslash. */
    private static boolean continues(String line) {
        int at = line.length();
        while (at > 0 && line.charAt(at - 1) == '\\') {
            at--;
        }
        return (line.length() - at) % 2 == 1;
    }

    private static Entry entry(long line, String text) throws EntryException {
        int end = 0;
        while (end < text.length() && "=:".indexOf(text.charAt(end)) < 0 && WHITE.indexOf(text.charAt(end)) < 0) {
            end += text.charAt(end) == '\\' ? 2 : 1;
        }
        end = Math.min(end, text.length());
        int value = end;
        while (value < text.length() && WHITE.indexOf(text.charAt(value)) >= 0) {
            value++;
        }
        if (value < text.length() && "=:".indexOf(text.charAt(value)) >= 0) {
            value++;
            while (value < text.length() && WHITE.indexOf(text.charAt(value)) >= 0) {
                value++;
            }
        }
        return new Entry(line, unescape(line, text.substring(0, end)),
            Bytes.utf8(unescape(line, text.substring(value))));
    }

    private static String unescape(long line, String text) throws EntryException {
        if (text.indexOf('\\') < 0) {
            return text;
        }
        StringBuilder plain = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '\\' || i + 1 == text.length()) {
                plain.append(c == '\\' ? "" : c);
                continue;
            }
            char escaped = text.charAt(++i);
            switch (escaped) {
                case 't' -> plain.append('\t');
                case 'n' -> plain.append('\n');
                case 'r' -> plain.append('\r');
                case 'f' -> plain.append('\f');
                case 'u' -> {
                    plain.append(unicode(line, text, i + 1));
                    i += 4;
                }
                default -> plain.append(escaped);
            }
        }
        return plain.toString();
    }

    private static char unicode(long line, String text, int at) throws EntryException {
        String digits = text.substring(at, Math.min(at + 4, text.length()));
        if (!digits.matches("[0-9a-fA-F]{4}")) {
            throw new EntryException(line, "found escape \\u" + digits + ", expected four hexadecimal digits");
        }
        return (char) Integer.parseInt(digits, 16);
    }

    private static String withoutIndent(String line) {
        int at = 0;
        while (at < line.length() && WHITE.indexOf(line.charAt(at)) >= 0) {
            at++;
        }
        return line.substring(at);
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }
}
