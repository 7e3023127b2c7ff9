package io.quorate.distribution.compose;

import java.lang.module.ModuleDescriptor;
import java.util.Optional;

/** The version of this build, which the compiler has written into the module's descriptor. */
public final class BuildVersion {

    private BuildVersion() {
    }

    /** Such as {@code 0.1.0}; {@code development} outside of a module. */
    public static String text() {
        return Optional.ofNullable(BuildVersion.class.getModule().getDescriptor())
            .flatMap(ModuleDescriptor::rawVersion).orElse("development");
    }
}
