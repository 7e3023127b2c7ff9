package io.quorate.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * The short run of a fuzz target, as a part of every build: the kept inputs, and then a fixed number of seeded ones.
 * It needs no fuzzing engine; the long run is {@link Campaign}'s.
 */
public final class Fuzzing {

    /** Where the inputs of a module's targets are kept, a folder for each target. */
    static final Path KEPT = Path.of("src", "test", "resources", "fuzz-corpus");

    private static final long SEED = 0x9E3779B97F4A7C15L;
    private static final int MAX_BYTES = 1_024;

    /** What a fuzz target does with an input; whatever it throws is a finding. */
    @FunctionalInterface
    public interface Target {
        void test(byte[] data) throws Exception;
    }

    private Fuzzing() {
    }

    /**
     * Runs a target on its kept inputs and on {@code inputs} further ones, the same in each build.
     *
     * @return how many inputs there were
     */
    public static int shortRun(Class<?> targetClass, int inputs, Target target) throws IOException {
        List<byte[]> kept = new ArrayList<>();
        for (Path file : keptInputs(targetClass)) {
            byte[] input = Files.readAllBytes(file);
            kept.add(input);
            test(target, input, "the kept input " + file.getFileName());
        }
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < inputs; i++) {
            byte[] input = kept.isEmpty() || random.nextBoolean() ? fresh(random)
                : mutated(random, kept.get(random.nextInt(kept.size())), kept);
            test(target, input, "seeded input " + i);
        }
        return kept.size() + inputs;
    }

    static List<Path> keptInputs(Class<?> targetClass) throws IOException {
        Path folder = Path.of(System.getProperty("basedir", "")).resolve(KEPT).resolve(targetClass.getSimpleName());
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    private static void test(Target target, byte[] input, String which) {
        try {
            target.test(input.clone());
        } catch (Throwable e) {
            throw new AssertionError(which + " of " + input.length + " bytes (" + HexFormat.of().formatHex(input)
                + "): " + e, e);
        }
    }

    private static byte[] fresh(SplittableRandom random) {
        byte[] input = new byte[random.nextInt(1 << random.nextInt(4, 10))];
        random.nextBytes(input);
        return input;
    }

    private static byte[] mutated(SplittableRandom random, byte[] origin, List<byte[]> others) {
        byte[] input = origin.clone();
        for (int left = random.nextInt(1, 5); left > 0; left--) {
            input = mutatedOnce(random, input, others);
        }
        return input.length <= MAX_BYTES ? input : Arrays.copyOf(input, MAX_BYTES);
    }

    private static byte[] mutatedOnce(SplittableRandom random, byte[] input, List<byte[]> others) {
        if (input.length == 0) {
            return fresh(random);
        }
        int at = random.nextInt(input.length);
        switch (random.nextInt(6)) {
            case 0 -> input[at] ^= (byte) (1 << random.nextInt(8));
            case 1 -> input[at] = (byte) random.nextInt();
            case 2 -> input[at] += (byte) random.nextInt(-3, 4);
            case 3 -> {
                byte[] piece = new byte[random.nextInt(1, 9)];
                random.nextBytes(piece);
                return joined(input, at, piece, at);
            }
            case 4 -> {
                return joined(input, at, new byte[0], Math.min(input.length, at + random.nextInt(1, 9)));
            }
            default -> {
                byte[] other = others.get(random.nextInt(others.size()));
                int from = random.nextInt(other.length + 1);
                return joined(input, at, Arrays.copyOfRange(other, from, other.length), input.length);
            }
        }
        return input;
    }

    /** {@code input} up to {@code at}, {@code piece}, and {@code input} from {@code goOn} on. */
    private static byte[] joined(byte[] input, int at, byte[] piece, int goOn) {
        byte[] whole = Arrays.copyOf(input, at + piece.length + input.length - goOn);
        System.arraycopy(piece, 0, whole, at, piece.length);
        System.arraycopy(input, goOn, whole, at + piece.length, input.length - goOn);
        return whole;
    }
}
