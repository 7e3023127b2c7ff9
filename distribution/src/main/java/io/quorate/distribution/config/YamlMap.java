package io.quorate.distribution.config;

import io.quorate.distribution.problem.Nearest;
import io.quorate.distribution.problem.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.composer.Composer;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/**
 * A mapping of a YAML file that knows where it stands, so that every complaint can name file and line. It reads the
 * node tree and builds no objects: no tag in a file can make it create anything.
 */
final class YamlMap {

    /** A configuration is written by people; anything larger is another file by mistake. */
    private static final int MAX_CHARACTERS = 1 << 20;

    private final Path file;
    private final String path;
    private final int line;
    private final Map<String, Node> values = new LinkedHashMap<>();
    private final Map<String, Integer> keyLines = new LinkedHashMap<>();

    private YamlMap(Path file, String path, MappingNode node) throws Problem {
        this.file = file;
        this.path = path;
        this.line = lineOf(node);
        for (NodeTuple tuple : node.getValue()) {
            if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                throw wrong(lineOf(tuple.getKeyNode()), "found " + kind(tuple.getKeyNode()) + " as a key", "a word",
                    "write 'key: value'");
            }
            if (values.put(key.getValue(), tuple.getValueNode()) != null) {
                throw wrong(lineOf(key), "found key '" + full(key.getValue()) + "' a second time, first in line "
                    + keyLines.get(key.getValue()), "each key once", "remove one of the two");
            }
            keyLines.put(key.getValue(), lineOf(key));
        }
    }

    /**
     * Reads a file that holds one mapping.
     *
     * @param what what the file is, for messages
     */
    static YamlMap read(Path file, String what) throws Problem {
        String text;
        try {
            text = Files.readString(file, StandardCharsets.UTF_8);
        } catch (NoSuchFileException e) {
            throw Problem.usage("found no file " + file, "a " + what, "name an existing file with --config");
        } catch (IOException e) {
            throw Problem.failed("cannot read " + file + ": " + reason(e), "a readable " + what + " in UTF-8",
                "check the path, its permissions and its encoding", e);
        }
        LoadSettings settings = LoadSettings.builder().setLabel(file.toString()).setAllowDuplicateKeys(true)
            .setCodePointLimit(MAX_CHARACTERS).build();
        Node root;
        try {
            root = new Composer(settings, new ParserImpl(settings, new StreamReader(settings, text)))
                .getSingleNode().orElse(null);
        } catch (MarkedYamlEngineException e) {
            int at = e.getProblemMark().map(Mark::getLine).orElse(0) + 1;
            throw Problem.usage(file + ":" + at + ": this is not YAML: " + e.getProblem(), "a " + what + " in YAML",
                "mind indentation (spaces, no tabs), colons and quotes near this line");
        } catch (YamlEngineException e) {
            throw Problem.usage(file + ": this is not YAML: " + e.getMessage(), "a " + what + " in YAML",
                "compare it with the example in conf/");
        }
        if (!(root instanceof MappingNode mapping)) {
            throw Problem.usage(file + ": found " + (root == null ? "nothing" : kind(root)), "a " + what
                + " of 'key: value' lines", "compare it with the example in conf/");
        }
        return new YamlMap(file, "", mapping);
    }

    private static String reason(IOException e) {
        return e.getClass().getSimpleName() + (e.getMessage() == null ? "" : " " + e.getMessage());
    }

    /** Refuses every key that is not among {@code known}, and suggests the nearest that is. */
    YamlMap allow(Set<String> known) throws Problem {
        for (String key : values.keySet()) {
            if (!known.contains(key)) {
                String hint = Nearest.to(key, known).map(near -> "write '" + near + "'? ").orElse("");
                throw wrong(keyLines.get(key), "found unknown key '" + full(key) + "'",
                    "one of " + String.join(", ", known),
                    hint.isEmpty() ? "remove the line, or compare with the example in conf/"
                        : "did you mean to " + hint.strip());
            }
        }
        return this;
    }

    boolean has(String key) {
        return values.containsKey(key);
    }

    Set<String> keys() {
        return values.keySet();
    }

    /** File and line, for messages. */
    String where() {
        return file + ":" + line;
    }

    /** File and line of a key, or of the whole mapping if there is no such key. */
    String where(String key) {
        return file + ":" + keyLines.getOrDefault(key, line);
    }

    String text(String key, String expected) throws Problem {
        Node node = values.get(key);
        if (node == null) {
            throw wrong(line, "found no '" + full(key) + "'", expected, "add the line '" + key + ": ...'");
        }
        return scalar(key, node, expected);
    }

    Optional<String> optionalText(String key, String expected) throws Problem {
        return has(key) ? Optional.of(text(key, expected)) : Optional.empty();
    }

    /** One value or a list of values. */
    List<String> texts(String key, String expected) throws Problem {
        Node node = values.get(key);
        if (node == null) {
            throw wrong(line, "found no '" + full(key) + "'", expected, "add the line '" + key + ": ...'");
        }
        if (!(node instanceof SequenceNode sequence)) {
            return List.of(scalar(key, node, expected));
        }
        List<String> texts = new ArrayList<>();
        for (Node item : sequence.getValue()) {
            texts.add(scalar(key, item, expected));
        }
        if (texts.isEmpty()) {
            throw wrong(lineOf(node), "found an empty list '" + full(key) + "'", expected, "list at least one");
        }
        return texts;
    }

    Optional<YamlMap> map(String key) throws Problem {
        Node node = values.get(key);
        if (node == null || node instanceof ScalarNode scalar && scalar.getTag().equals(Tag.NULL)) {
            return Optional.empty();
        }
        if (!(node instanceof MappingNode mapping)) {
            throw wrong(keyLines.get(key), "found " + kind(node) + " for '" + full(key) + "'",
                "a section of 'key: value' lines", "indent its keys below '" + key + ":'");
        }
        return Optional.of(new YamlMap(file, full(key), mapping));
    }

    boolean isMap(String key) {
        return values.get(key) instanceof MappingNode;
    }

    /**
     * Reads a value with {@code parser}, whose {@link IllegalArgumentException} becomes a complaint about this line.
     */
    <T> T parse(String key, String text, Parser<T> parser) throws Problem {
        try {
            return parser.parse(text);
        } catch (IllegalArgumentException e) {
            throw wrong(keyLines.getOrDefault(key, line), "'" + full(key) + "': " + e.getMessage(), "",
                "correct the value");
        }
    }

    Problem wrong(String key, String found, String expected, String remedy) {
        return wrong(keyLines.getOrDefault(key, line).intValue(), found, expected, remedy);
    }

    private Problem wrong(int at, String found, String expected, String remedy) {
        return Problem.usage(file + ":" + at + ": " + found, expected, remedy);
    }

    private String scalar(String key, Node node, String expected) throws Problem {
        if (node instanceof ScalarNode scalar && !scalar.getTag().equals(Tag.NULL) && !scalar.getValue().isBlank()) {
            return scalar.getValue();
        }
        throw wrong(node.getStartMark().isPresent() ? lineOf(node) : keyLines.get(key),
            "found " + kind(node) + " for '" + full(key) + "'", expected, "write one value after '" + key + ":'");
    }

    private String full(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    private static String kind(Node node) {
        return switch (node) {
            case MappingNode mapping -> "a section";
            case SequenceNode sequence -> "a list";
            case ScalarNode scalar when scalar.getTag().equals(Tag.NULL) || scalar.getValue().isBlank() -> "no value";
            case ScalarNode scalar -> "the value \"" + scalar.getValue() + "\"";
            default -> "something else";
        };
    }

    private static int lineOf(Node node) {
        return node.getStartMark().map(Mark::getLine).orElse(0) + 1;
    }

    /** Turns text into a value. */
    interface Parser<T> {

        /** @throws IllegalArgumentException if the text is not such a value; its message says what was expected */
        T parse(String text);
    }
}
