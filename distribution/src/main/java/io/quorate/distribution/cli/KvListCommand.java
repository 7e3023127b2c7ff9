package io.quorate.distribution.cli;

import io.quorate.api.Bytes;
import io.quorate.distribution.output.Json;
import io.quorate.distribution.output.Table;
import io.quorate.distribution.problem.ExitCode;
import io.quorate.distribution.problem.Problem;
import io.quorate.kv.KvClient;
import io.quorate.kv.KvEntry;
import io.quorate.kv.KvLimits;
import io.quorate.kv.KvListRequest;
import io.quorate.kv.KvPage;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Lists keys. */
@Command(name = "list", description = "List the keys with a prefix, in order.",
    footer = {"", "Example:", "  quorate kv list country/", "  quorate kv list --json --limit 10"})
final class KvListCommand extends KvAction {

    @Parameters(index = "0", arity = "0..1", paramLabel = "PREFIX", defaultValue = "",
        description = "With what the keys begin; all keys if left out.")
    private String prefix;

    @Mixin
    private Freshness freshness;

    @Option(names = "--keys", description = "Leave the values out.")
    private boolean keysOnly;

    @Option(names = "--limit", paramLabel = "N", description = "Show at most so many.")
    private Integer limit;

    @Override
    void prepare() throws Exception {
        freshness.consistency();
        if (limit != null && limit < 1) {
            throw Problem.usage("found --limit " + limit, "1 or more", "leave it out to list everything");
        }
    }

    @Override
    int act(KvClient kv, PrintWriter out) throws Exception {
        List<KvEntry> entries = new ArrayList<>();
        int wanted = limit == null ? Integer.MAX_VALUE : limit;
        KvListRequest request = KvListRequest.of(Bytes.utf8(prefix));
        request = keysOnly ? request.withoutValues() : request;
        Optional<KvListRequest> next = Optional.of(request);
        KvPage page = null;
        while (next.isPresent() && entries.size() < wanted) {
            int room = Math.min(KvLimits.MAX_PAGE_ENTRIES, wanted - entries.size());
            page = await(kv.list(next.get().withLimit(room), freshness.consistency()));
            entries.addAll(page.entries());
            next = page.last().map(request::after);
        }
        print(out, entries, page.revision(), page.more());
        return ExitCode.DONE;
    }

    private void print(PrintWriter out, List<KvEntry> entries, long revision, boolean more) {
        if (json()) {
            List<Object> list = new ArrayList<>();
            entries.forEach(entry -> list.add(KvJson.entry(entry, !keysOnly)));
            out.println(Json.document(Json.object("revision", revision, "more", more, "entries", list)));
            return;
        }
        Table table = keysOnly ? new Table("KEY", ">VERSION") : new Table("KEY", ">VERSION", "VALUE");
        for (KvEntry entry : entries) {
            if (keysOnly) {
                table.row(Values.cell(entry.key()), entry.version());
            } else {
                table.row(Values.cell(entry.key()), entry.version(), Values.cell(entry.value()));
            }
        }
        out.println(entries.isEmpty() ? "There is no key" + (prefix.isEmpty() ? "." : " that begins with '" + prefix
            + "'.") : table.toString());
        if (more) {
            out.println("There are more; raise --limit to see them.");
        }
    }
}
