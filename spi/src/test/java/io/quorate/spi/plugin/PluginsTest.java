package io.quorate.spi.plugin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.QuorateProvider;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every row of the table by which plugins are chosen, and real plugins in layers of their own. */
class PluginsTest {

    private static PluginCandidate<String> candidate(String name, int version) {
        return new PluginCandidate<>("provider " + name,
            new FoundPlugin("consensus", name, "module." + name, "/lib/" + name + ".jar", version));
    }

    private static PluginCandidate<String> candidate(String name) {
        return candidate(name, QuorateProvider.SPI_VERSION);
    }

    private static String choose(Optional<String> configured, List<PluginCandidate<String>> found)
            throws PluginException {
        return PluginCandidate.choose("consensus", "io.quorate.raft", PluginCandidate.checked("consensus", found),
            configured);
    }

    private static String failure(Optional<String> configured, List<PluginCandidate<String>> found) {
        return assertThrows(PluginException.class, () -> choose(configured, found)).getMessage();
    }

    @Test
    void aConfiguredNameMeansExactlyThatOne() throws PluginException {
        assertEquals("provider raft", choose(Optional.of("raft"), List.of(candidate("paxos"), candidate("raft"))));
    }

    @Test
    void aConfiguredNameThatIsMissingListsEveryNameModuleAndLocation() {
        String message = failure(Optional.of("raft"), List.of(candidate("paxos"), candidate("zab")));
        assertTrue(message.contains("no consensus named 'raft'"), message);
        for (String part : List.of("'paxos'", "module.paxos", "/lib/paxos.jar", "'zab'",
            "module.zab", "/lib/zab.jar")) {
            assertTrue(message.contains(part), message);
        }
        assertTrue(failure(Optional.of("raft"), List.of()).contains("io.quorate.raft"));
    }

    @Test
    void theOnlyOneIsUsedWithoutConfiguration() throws PluginException {
        assertEquals("provider raft", choose(Optional.empty(), List.of(candidate("raft"))));
    }

    @Test
    void noneAtAllSaysWhichModuleToAdd() {
        assertTrue(failure(Optional.empty(), List.of()).contains("add a module such as io.quorate.raft"));
    }

    @Test
    void severalWithoutConfigurationAreListed() {
        String message = failure(Optional.empty(), List.of(candidate("raft"), candidate("paxos")));
        assertTrue(message.contains("several") && message.contains("'raft'") && message.contains("'paxos'"), message);
    }

    @Test
    void theSameNameTwiceFailsWhicheverIsWanted() {
        String message = failure(Optional.of("zab"), List.of(candidate("raft"), candidate("zab"), candidate("raft")));
        assertTrue(message.contains("two consensus plugins named 'raft'"), message);
    }

    @Test
    void aBlankOrMalformedNameFails() {
        for (String bad : List.of("", " ", "Raft", "a b", "-a")) {
            assertTrue(failure(Optional.empty(), List.of(candidate(bad))).contains("expected a name"), bad);
        }
    }

    @Test
    void anotherVersionOfTheInterfacesFails() {
        String message = failure(Optional.of("raft"), List.of(candidate("raft", QuorateProvider.SPI_VERSION + 1)));
        assertTrue(message.contains("version 2") && message.contains("expected version 1"), message);
    }

    @Test
    void aMissingDirectoryIsAnEmptyOne(@TempDir Path directory) throws PluginException {
        assertEquals(List.of(), Plugins.load(directory.resolve("none")).found());
        assertThrows(PluginException.class, () -> Plugins.load(directory).transports());
    }

    @Test
    void aFolderWithoutJarsIsNamed(@TempDir Path directory) throws IOException {
        Files.createDirectory(directory.resolve("empty"));
        String message = assertThrows(PluginException.class, () -> Plugins.load(directory)).getMessage();
        assertTrue(message.contains("empty"), message);
    }

    @Test
    void pluginsLiveInLayersOfTheirOwn(@TempDir Path directory) throws Exception {
        buildPlugin(directory, "one", "first.plugin", "alpha", "aaa");
        buildPlugin(directory, "two", "second.plugin", "beta", "bbb");
        Plugins plugins = Plugins.load(directory.resolve("plugins"));
        assertEquals(List.of("alpha", "beta"), plugins.found().stream().map(FoundPlugin::name).toList());
        assertEquals("first.plugin", plugins.found().get(0).module());
        assertTrue(plugins.found().get(0).location().endsWith("one.jar"), plugins.found().toString());
        var byScheme = plugins.transports();
        assertEquals("alpha", byScheme.get("aaa").name());
        ModuleLayer one = byScheme.get("aaa").getClass().getModule().getLayer();
        ModuleLayer two = byScheme.get("bbb").getClass().getModule().getLayer();
        assertTrue(one != two && one != ModuleLayer.boot());
        assertSame(getClass().getModule(), one.findModule("io.quorate.spi").orElseThrow());
    }

    @Test
    void twoTransportsOfOneSchemeFail(@TempDir Path directory) throws Exception {
        buildPlugin(directory, "one", "first.plugin", "alpha", "tcp");
        buildPlugin(directory, "two", "second.plugin", "beta", "tcp");
        Plugins plugins = Plugins.load(directory.resolve("plugins"));
        String message = assertThrows(PluginException.class, plugins::transports).getMessage();
        assertTrue(message.contains("scheme 'tcp'") && message.contains("alpha") && message.contains("beta"), message);
    }

    @Test
    void aPluginThatCannotBeResolvedSaysWhichAndWhy(@TempDir Path directory) throws Exception {
        buildPlugin(directory, "one", "first.plugin", "alpha", "tcp");
        Path jar = directory.resolve("plugins/one/one.jar");
        Files.write(jar, new byte[] {1, 2, 3});
        String message = assertThrows(PluginException.class, () -> Plugins.load(directory.resolve("plugins")))
            .getMessage();
        assertTrue(message.contains("one"), message);
    }

    private static void buildPlugin(Path directory, String folder, String module, String name, String scheme)
            throws IOException {
        Path source = Files.createDirectories(directory.resolve("src-" + folder + "/" + module.replace('.', '/')));
        Path root = directory.resolve("src-" + folder);
        Files.writeString(root.resolve("module-info.java"), "module " + module + " { requires io.quorate.spi; "
            + "provides io.quorate.spi.transport.TransportProvider with " + module + ".Provider; }");
        Files.writeString(source.resolve("Provider.java"), "package " + module + ";\n"
            + "import io.quorate.spi.transport.*;\n"
            + "public final class Provider implements TransportProvider {\n"
            + "  public String name() { return \"" + name + "\"; }\n"
            + "  public int spiVersion() { return SPI_VERSION; }\n"
            + "  public String scheme() { return \"" + scheme + "\"; }\n"
            + "  public Transport create(TransportContext c) { throw new IllegalStateException(); }\n}\n");
        Path classes = directory.resolve("classes-" + folder);
        // Plugins are built against what the tests themselves run on.
        run("javac", "--release", "21", "-p", System.getProperty("jdk.module.path"), "-d", classes.toString(),
            root.resolve("module-info.java").toString(), source.resolve("Provider.java").toString());
        Path jar = Files.createDirectories(directory.resolve("plugins/" + folder)).resolve(folder + ".jar");
        run("jar", "--create", "--file", jar.toString(), "-C", classes.toString(), ".");
    }

    private static void run(String tool, String... arguments) {
        StringWriter output = new StringWriter();
        PrintWriter writer = new PrintWriter(output);
        int status = ToolProvider.findFirst(tool).orElseThrow().run(writer, writer, arguments);
        assertEquals(0, status, () -> tool + ": " + output);
    }
}
