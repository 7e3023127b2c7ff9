package io.quorate.distribution.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The module descriptors: what each module shows, needs, uses and provides is decided, not drifted into. */
class DescriptorsTest {

    private static final Set<String> PROVIDERS =
        Set.of("io.quorate.raft", "io.quorate.transport.tcp", "io.quorate.transport.quic", "io.quorate.identity.x509",
            "io.quorate.kv");

    @TestFactory
    Stream<DynamicTest> eachDescriptorEqualsItsGoldenFile() {
        return House.MODULES.entrySet().stream().map(module -> DynamicTest.dynamicTest(module.getValue(), () -> {
            ModuleDescriptor descriptor = House.descriptor(module.getKey());
            assertEquals(module.getValue(), descriptor.name());
            assertEquals(golden(module.getValue()), describe(descriptor),
                "the descriptor of " + module.getKey() + " has changed; if that is meant, change its golden file too");
        }));
    }

    @Test
    void nothingRequiresAProvider() {
        // identity-x509 also offers a certificate authority, which the command line uses; kv-store its typed client.
        Map<String, Set<String>> exceptions = Map.of(
            "io.quorate.distribution", Set.of("io.quorate.identity.x509", "io.quorate.kv"));
        for (Map.Entry<String, String> module : House.MODULES.entrySet()) {
            Set<String> required = House.descriptor(module.getKey()).requires().stream()
                .map(ModuleDescriptor.Requires::name).filter(PROVIDERS::contains)
                .collect(Collectors.toCollection(TreeSet::new));
            required.removeAll(exceptions.getOrDefault(module.getValue(), Set.of()));
            assertEquals(Set.of(), required, module.getValue() + " finds providers with ServiceLoader");
        }
    }

    @Test
    void providersArePublicFinalUnexportedAndCheapToMake() {
        int found = 0;
        for (String folder : House.MODULES.keySet()) {
            ModuleDescriptor descriptor = House.descriptor(folder);
            for (ModuleDescriptor.Provides provides : descriptor.provides()) {
                for (String name : provides.providers()) {
                    found++;
                    JavaClass provider = House.require(name);
                    assertTrue(provider.getModifiers().containsAll(Set.of(JavaModifier.PUBLIC, JavaModifier.FINAL)),
                        name + " is public and final");
                    assertTrue(provider.getConstructors().stream().anyMatch(c -> c.getRawParameterTypes().isEmpty()
                        && c.getModifiers().contains(JavaModifier.PUBLIC)),
                        name + " has a constructor without arguments");
                    assertFalse(descriptor.exports().stream()
                        .anyMatch(e -> e.source().equals(provider.getPackageName())), name + " is not exported");
                }
            }
        }
        // The registry provides whole nodes to the simulation, and is a library too; Raft also provides a look into its
        // directories.
        assertEquals(PROVIDERS.size() + 2, found, "each provider module provides one thing");
    }

    @Test
    void packagesBeginWithTheirModulesName() {
        for (Map.Entry<String, String> module : House.MODULES.entrySet()) {
            for (String pack : House.descriptor(module.getKey()).packages()) {
                assertTrue(pack.equals(module.getValue()) || pack.startsWith(module.getValue() + "."),
                    pack + " in " + module.getValue());
            }
        }
        for (JavaClass type : House.all()) {
            assertTrue(type.getName().equals("module-info") || House.MODULES.values().stream()
                .anyMatch(module -> type.getPackageName().equals(module)
                    || type.getPackageName().startsWith(module + ".")), type.getName());
        }
    }

    private static String golden(String module) throws IOException {
        Path file = House.root().resolve("distribution/src/test/descriptors/" + module + ".txt");
        return Files.exists(file) ? Files.readString(file) : "(no file " + file + ")";
    }

    private static String describe(ModuleDescriptor descriptor) {
        StringBuilder text = new StringBuilder();
        text.append(descriptor.isOpen() ? "open module " : "module ").append(descriptor.name()).append('\n');
        lines(text, "requires", descriptor.requires().stream().filter(r -> !r.name().equals("java.base"))
            .map(r -> (r.modifiers().contains(ModuleDescriptor.Requires.Modifier.TRANSITIVE) ? "transitive " : "")
                + (r.modifiers().contains(ModuleDescriptor.Requires.Modifier.STATIC) ? "static " : "") + r.name()));
        lines(text, "exports", descriptor.exports().stream().map(e -> e.source() + to(e.targets())));
        lines(text, "opens", descriptor.opens().stream().map(o -> o.source() + to(o.targets())));
        lines(text, "uses", descriptor.uses().stream());
        lines(text, "provides", descriptor.provides().stream()
            .map(p -> p.service() + " with " + String.join(", ", p.providers())));
        return text.toString();
    }

    private static String to(Set<String> targets) {
        return targets.isEmpty() ? "" : " to " + String.join(", ", new TreeSet<>(targets));
    }

    private static void lines(StringBuilder text, String word, Stream<String> items) {
        List<String> sorted = items.sorted().toList();
        sorted.forEach(item -> text.append("  ").append(word).append(' ').append(item).append('\n'));
    }
}
