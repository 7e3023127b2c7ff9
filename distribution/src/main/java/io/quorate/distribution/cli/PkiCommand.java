package io.quorate.distribution.cli;

import picocli.CommandLine.Command;

/** Groups what has to do with certificates. */
@Command(name = "pki", description = "Make a certificate authority, and issue, show and renew certificates.",
    subcommands = {PkiInitCommand.class, PkiIssueCommand.class, PkiShowCommand.class, PkiRenewCommand.class},
    footer = {"", "Example:", "  quorate pki init --trust-domain example.org", "  quorate pki issue node n1"})
final class PkiCommand extends GroupCommand {
}
