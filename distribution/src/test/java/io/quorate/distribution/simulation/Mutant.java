package io.quorate.distribution.simulation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One line that is broken, to see whether the simulation notices.
 *
 * @param lesson the number of the fault that it stands for, or the thesis' section
 * @param file from the project's folder on
 * @param find a part of a line, which is there once
 * @param last whether it may be there more than once, and the last one is meant
 * @param replacement what becomes of that part
 * @param scenario a class of tests that is run before any seed, for what chance alone would bring about too seldom
 */
record Mutant(String lesson, String file, String find, boolean last, String replacement, Optional<String> scenario) {

    /** It is not what the list takes it for any more. */
    static final class StaleException extends Exception {

        private static final long serialVersionUID = 1;

        StaleException(String message) {
            super(message);
        }
    }

    /** The file's name without its folders. */
    String fileName() {
        return file.replaceFirst(".*/", "");
    }

    /**
     * The source with the line broken.
     *
     * @throws StaleException if the part of the line is not there, or not once
     */
    String applied(String source) throws StaleException {
        int at = source.lastIndexOf(find);
        if (at < 0 || source.indexOf(find) != at && !last) {
            throw new StaleException("found \"" + find + "\" " + (at < 0 ? "nowhere" : "twice") + " in " + file
                + ", expected it once; mend the list of mutants");
        }
        return source.substring(0, at) + replacement + source.substring(at + find.length());
    }

    /**
     * Reads a list: {@code == lesson file}, optionally {@code ? scenario}, {@code - part} (or {@code -last part}),
     * {@code + replacement}; a line with # is a comment. The file stays for the mutants that follow without one.
     *
     * @throws StaleException if a line is none of these
     */
    static List<Mutant> read(Path list) throws IOException, StaleException {
        List<Mutant> mutants = new ArrayList<>();
        String lesson = "";
        String file = "";
        String find = "";
        boolean last = false;
        Optional<String> scenario = Optional.empty();
        for (String line : Files.readAllLines(list)) {
            String rest = line.substring(line.indexOf(' ') + 1);
            if (line.startsWith("== ")) {
                String[] parts = rest.split(" ", 2);
                lesson = parts[0];
                file = parts[1];
                scenario = Optional.empty();
            } else if (line.startsWith("? ")) {
                scenario = Optional.of(rest);
            } else if (line.startsWith("- ") || line.startsWith("-last ")) {
                find = rest;
                last = line.startsWith("-last");
            } else if (line.startsWith("+ ") || line.equals("+")) {
                mutants.add(new Mutant(lesson, file, find, last, line.equals("+") ? "" : rest, scenario));
            } else if (!line.isBlank() && !line.startsWith("#")) {
                throw new StaleException("found the line \"" + line + "\" in " + list
                    + ", expected one that begins with ==, ?, -, -last, + or #");
            }
        }
        return mutants;
    }
}
