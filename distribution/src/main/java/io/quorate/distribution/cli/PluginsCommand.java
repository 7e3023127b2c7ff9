package io.quorate.distribution.cli;

import io.quorate.distribution.output.Json;
import io.quorate.distribution.output.Table;
import io.quorate.distribution.problem.ExitCode;
import io.quorate.spi.plugin.FoundPlugin;
import io.quorate.spi.plugin.Plugins;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Lists the plugins that are present. */
@Command(name = "plugins", description = "List the plugins that are present, and where each comes from.",
    footer = {"", "Example:", "  quorate plugins --json"})
final class PluginsCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Mixin
    private CommonOptions common;

    @Option(names = "--json", description = "Print one JSON document.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        Optional<Path> home = QuorateCommand.environment(spec).home();
        Plugins plugins = home.isPresent() ? Plugins.load(home.get().resolve("plugins")) : Plugins.load();
        if (json) {
            List<Object> list = new ArrayList<>();
            for (FoundPlugin plugin : plugins.found()) {
                list.add(Json.object("service", plugin.service(), "name", plugin.name(), "module", plugin.module(),
                    "location", plugin.location(), "spiVersion", plugin.spiVersion()));
            }
            spec.commandLine().getOut().println(Json.document(Json.object("plugins", list)));
            return ExitCode.DONE;
        }
        Table table = new Table("SERVICE", "NAME", "MODULE", ">SPI", "LOCATION");
        for (FoundPlugin plugin : plugins.found()) {
            table.row(plugin.service(), plugin.name(), plugin.module(), plugin.spiVersion(), plugin.location());
        }
        spec.commandLine().getOut().println(table);
        return ExitCode.DONE;
    }
}
