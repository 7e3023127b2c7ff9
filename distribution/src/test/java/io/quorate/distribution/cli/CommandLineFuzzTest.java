package io.quorate.distribution.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.distribution.output.Json;
import io.quorate.fuzz.Fuzzing;
import io.quorate.fuzz.FuzzInput;
import io.quorate.fuzz.Reached;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** Command lines of right and mistyped words, which are read and not carried out; and values of any bytes, shown. */
public final class CommandLineFuzzTest {

    private static final Reached REACHED = new Reached();
    private static final List<String> WORDS = List.of("kv", "put", "get", "list", "delete", "cas", "import", "watch",
        "cluster", "status", "peers", "pki", "init", "issue", "renew", "show", "node", "plugins", "bench", "quickstart",
        "--json", "--help", "--wide", "--timeout", "5s", "--timeout=1h", "--server", "h:1", "--config", "x.yaml", "a",
        "b", "--limit", "7", "--limit=-1", "--file", "--", "-", "@file", "--prefix", "--version", "--clients=x",
        "--value-bytes", "--watch", "\u0000", "--seconds=99999999999999999999");

    /** Made once: it is reset by each parse, and making it costs more than a hundred of them. */
    private static final CommandLine LINE = new CommandLine(new QuorateCommand(new Environment(Map.of(),
        Path.of("nowhere"), Optional.empty(), false, (config, timeout) -> {
            throw new AssertionError("a command line was carried out");
        }))).setExpandAtFiles(false);

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void holdsOnKeptAndSeededInputs() throws Exception {
        Fuzzing.shortRun(getClass(), 800, CommandLineFuzzTest::fuzzerTestOneInput);
        REACHED.requirePercent(5, "command", "usage");
        REACHED.require(20, "text", "base 64");
    }

    public static void fuzzerTestOneInput(byte[] data) {
        FuzzInput in = new FuzzInput(data);
        if (in.oneIn(2)) {
            shown(in.oneIn(2) ? Bytes.utf8(in.text(100)) : Bytes.wrap(in.rest()));
            return;
        }
        List<String> args = new ArrayList<>();
        for (int i = 0; i < 8 && in.hasMore(); i++) {
            args.add(in.oneIn(10) ? in.text(12) : in.pick(WORDS));
        }
        try {
            LINE.parseArgs(args.toArray(String[]::new));
            REACHED.count("command");
        } catch (ParameterException e) {
            assertFalse(e.getMessage() == null || e.getMessage().isBlank());
            REACHED.count("usage");
        }
    }

    private static void shown(Bytes bytes) {
        String cell = Values.cell(bytes);
        assertTrue(cell.length() <= 64, cell);
        assertTrue(cell.codePoints().noneMatch(Character::isISOControl), "would move the cursor: " + cell);
        Map<String, Object> object = new LinkedHashMap<>();
        Values.put(object, "value", bytes);
        boolean text = object.containsKey("value");
        REACHED.count(text ? "text" : "base 64");
        if (text) {
            assertEquals(bytes, Bytes.utf8((String) object.get("value")));
        }
        String json = Json.line(object);
        assertTrue(json.indexOf('\n') < 0 && json.indexOf('\r') < 0, json);
    }
}
