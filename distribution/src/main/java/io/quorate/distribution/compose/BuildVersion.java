package io.quorate.distribution.compose;

import java.util.Optional;

/** The version of this build, from the jar's manifest. */
public final class BuildVersion {

    private BuildVersion() {
    }

    /** Such as {@code 0.1.0}; {@code development} outside of a jar. */
    public static String text() {
        return Optional.ofNullable(BuildVersion.class.getPackage().getImplementationVersion()).orElse("development");
    }
}
