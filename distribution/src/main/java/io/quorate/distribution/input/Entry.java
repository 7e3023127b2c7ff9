package io.quorate.distribution.input;

import io.quorate.api.Bytes;

/**
 * An entry to import.
 *
 * @param line the line of the file on which it begins, from 1
 */
public record Entry(long line, String key, Bytes value) {
}
