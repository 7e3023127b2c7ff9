package io.quorate.distribution.cli;

import picocli.CommandLine.Command;

/** Groups what the key-value store offers. */
@Command(name = "kv", description = "Use the key-value store.",
    subcommands = {KvPutCommand.class, KvGetCommand.class, KvDeleteCommand.class, KvListCommand.class,
        KvCasCommand.class, KvWatchCommand.class, KvImportCommand.class},
    footer = {"", "Example:", "  quorate kv put greeting hello", "  quorate kv get greeting"})
final class KvCommand extends GroupCommand {
}
