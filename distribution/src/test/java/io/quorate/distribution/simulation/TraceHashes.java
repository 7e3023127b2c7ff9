package io.quorate.distribution.simulation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The hashes of some runs, for another process to compare with its own. */
public final class TraceHashes {

    private static final int SEEDS = 6;

    private TraceHashes() {
    }

    /** Writes the hashes to the file that is named. */
    public static void main(String[] arguments) throws IOException {
        Files.write(Path.of(arguments[0]), of());
    }

    static List<String> of() {
        List<String> hashes = new ArrayList<>();
        Runs.quietly(() -> {
            for (long seed = 1; seed <= SEEDS; seed++) {
                hashes.add(seed + " " + Runs.run(seed).hash());
            }
        });
        return hashes;
    }
}
