package io.quorate.spi.transport.support;

import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/**
 * Reads a transport's own settings, and refuses in words what cannot be one. Immutable.
 *
 * @param values the settings by name
 */
public record Settings(Map<String, String> values) {

    /**
     * The settings of a transport.
     *
     * @throws IllegalArgumentException if there is one that is not {@code known}
     */
    public static Settings of(String transport, Map<String, String> values, Collection<String> known) {
        for (String key : new TreeSet<>(values.keySet())) {
            if (!known.contains(key)) {
                throw new IllegalArgumentException("setting of the " + transport + " transport: found \"" + key
                    + "\", expected one of " + new TreeSet<>(known));
            }
        }
        return new Settings(Map.copyOf(values));
    }

    /**
     * One of an enum's constants, written in lower case.
     *
     * @throws IllegalArgumentException if it is none
     */
    public <E extends Enum<E>> E choice(Class<E> type, String key, E otherwise) {
        String value = values.get(key);
        if (value == null) {
            return otherwise;
        }
        for (E constant : type.getEnumConstants()) {
            if (label(constant).equals(value)) {
                return constant;
            }
        }
        throw new IllegalArgumentException("setting " + key + ": found \"" + value + "\", expected one of "
            + Arrays.stream(type.getEnumConstants()).map(Settings::label).toList());
    }

    /**
     * A whole number.
     *
     * @throws IllegalArgumentException if it is none, or outside the bounds
     */
    public int number(String key, int otherwise, int least, int most) {
        String value = values.get(key);
        if (value == null) {
            return otherwise;
        }
        String expected = "setting " + key + ": found \"" + value + "\", expected a whole number from " + least
            + " to " + most;
        try {
            int number = Integer.parseInt(value);
            if (number < least || number > most) {
                throw new IllegalArgumentException(expected);
            }
            return number;
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(expected, e);
        }
    }

    private static String label(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
