package io.quorate.distribution.cli;

import io.quorate.api.Bytes;
import io.quorate.distribution.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A key on the command line, and its value there or in a file. */
final class KeyAndValue {

    @Parameters(index = "0", paramLabel = "KEY", description = "The key.")
    private String key;

    @Parameters(index = "1", arity = "0..1", paramLabel = "VALUE", description = "The value; or use --file.")
    private String text;

    @Option(names = "--file", paramLabel = "FILE", description = "Take the value, byte for byte, from this file.")
    private Path file;

    String key() {
        return key;
    }

    Bytes value(Environment environment) throws Problem, IOException {
        if ((text == null) == (file == null)) {
            throw Problem.usage(text == null ? "found neither a value nor --file" : "found both a value and --file",
                "one of them", "write the value behind the key, or name a file");
        }
        return text != null ? Bytes.utf8(text) : Bytes.wrap(Files.readAllBytes(environment.folder().resolve(file)));
    }
}
