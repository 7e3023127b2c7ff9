/**
 * What things cost, told as ratios within one run: absolute times of a noisy machine say little. Run by hand; see
 * {@code docs/benchmarks.md}.
 */
package io.quorate.benchmarks;
