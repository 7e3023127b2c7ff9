package io.quorate.distribution.bench;

import java.time.Duration;

/**
 * What to drive a cluster with.
 *
 * @param outstanding how many operations are under way at any time
 * @param valueBytes how large each value is
 * @param warmup how long to run before measuring
 * @param measured how long to measure
 * @param readPercent how many of a hundred operations are linearizable reads
 * @param keys how many keys there are; at least {@code outstanding}, so that each is written by one writer alone
 */
public record BenchSettings(
    int outstanding, int valueBytes, Duration warmup, Duration measured, int readPercent, int keys) {

    /** The smallest value: it must hold the number by which it is verified. */
    public static final int MIN_VALUE_BYTES = 8;

    /** The most operations under way. */
    public static final int MAX_OUTSTANDING = 65_536;
}
