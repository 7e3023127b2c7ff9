package io.quorate.distribution.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The modules of this project as they were compiled: what the architecture tests look at. */
final class House {

    /** Folder and module. */
    static final Map<String, String> MODULES = Collections.unmodifiableMap(new TreeMap<>(Map.ofEntries(
        Map.entry("api", "io.quorate.api"),
        Map.entry("spi", "io.quorate.spi"),
        Map.entry("raft-impl", "io.quorate.raft"),
        Map.entry("transport-tcp", "io.quorate.transport.tcp"),
        Map.entry("transport-quic", "io.quorate.transport.quic"),
        Map.entry("identity-x509", "io.quorate.identity.x509"),
        Map.entry("peer-registry", "io.quorate.registry"),
        Map.entry("kv-store", "io.quorate.kv"),
        Map.entry("client", "io.quorate.client"),
        Map.entry("testing", "io.quorate.testing"),
        Map.entry("distribution", "io.quorate.distribution"))));

    private static final Path ROOT = Path.of(System.getProperty("basedir", "")).toAbsolutePath().getParent();
    private static final JavaClasses ALL = importClasses(List.copyOf(MODULES.keySet()));

    private House() {
    }

    /** The classes of every module. */
    static JavaClasses all() {
        return ALL;
    }

    /** The classes of every module but the one for tests. */
    static JavaClasses production() {
        return ALL.that(not(resideInAPackage("io.quorate.testing..")));
    }

    /** The classes of one folder. */
    static JavaClasses of(String folder) {
        String module = MODULES.get(folder);
        return ALL.that(resideInAnyPackage(module, module + ".."));
    }

    /** The class with this name; fails if there is none, so that a rule cannot pass for want of its subject. */
    static JavaClass require(String name) {
        return ALL.get(name);
    }

    /** A folder's compiled descriptor. */
    static ModuleDescriptor descriptor(String folder) {
        try (InputStream in = Files.newInputStream(classes(folder).resolve("module-info.class"))) {
            return ModuleDescriptor.read(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Path root() {
        return ROOT;
    }

    private static Path classes(String folder) {
        Path classes = ROOT.resolve(folder).resolve("target/classes");
        if (!Files.isDirectory(classes)) {
            throw new IllegalStateException("found no " + classes + ", expected the compiled module; build with"
                + " 'mvn -pl distribution -am'");
        }
        return classes;
    }

    private static JavaClasses importClasses(List<String> folders) {
        return new ClassFileImporter().importPaths(folders.stream().map(House::classes).toList());
    }
}
