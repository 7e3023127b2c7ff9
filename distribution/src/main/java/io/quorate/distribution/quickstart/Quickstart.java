package io.quorate.distribution.quickstart;

import io.quorate.api.NodeId;
import io.quorate.distribution.compose.Connector;
import io.quorate.distribution.problem.Problem;
import io.quorate.distribution.process.Launcher;
import io.quorate.distribution.process.NodeProcess;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.LocalTime;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Runs a quickstart cluster until the process is told to end, and shows what it does. */
public final class Quickstart {

    private static final long REFRESH_MILLIS = 500;
    private static final Duration FIRST_AGREEMENT = Duration.ofSeconds(10);

    private final QuickstartFolder folder;
    private final Launcher launcher;
    private final Connector connector;
    private final PrintWriter out;
    private final boolean terminal;

    public Quickstart(QuickstartFolder folder, Launcher launcher, Connector connector, PrintWriter out,
            boolean terminal) {
        this.folder = folder;
        this.launcher = launcher;
        this.connector = connector;
        this.out = out;
        this.terminal = terminal;
    }

    /** Returns only if no node is left to watch, or by an exception; Ctrl-C ends the process through its hooks. */
    public void run() throws Exception {
        try (FileChannel lockFile = FileChannel.open(folder.root().resolve("quickstart.lock"),
                StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                QuickstartCluster cluster = new QuickstartCluster(folder, launcher, this::tell)) {
            lock(lockFile);
            int count = folder.nodes().size();
            out.println("Starting " + count + (count == 1 ? " node ..." : " nodes ..."));
            out.flush();
            cluster.start();
            try (ClusterWatcher watcher = new ClusterWatcher(connector, folder.client())) {
                // Showing the connections of this very process come about would only puzzle its reader.
                watcher.await(ClusterSnapshot::allOnlineEverywhere, FIRST_AGREEMENT);
                hints();
                watch(cluster, watcher);
            }
        }
    }

    /** Holds until the channel is closed. */
    private void lock(FileChannel file) throws IOException, Problem {
        FileLock lock;
        try {
            lock = file.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            throw Problem.failed("found that another quickstart runs in " + folder.root(), "one at a time",
                "use that one, or choose another --dir and --base-port");
        }
    }

    private void tell(String line) {
        out.println(line);
        out.flush();
    }

    private void hints() {
        Path here = Path.of("").toAbsolutePath();
        boolean isDefault = folder.root().equals(here.resolve("quorate-quickstart"));
        String command = shortest(here, launcher.script());
        String config = isDefault ? "" : " --config "
            + shortest(here, folder.root().resolve(QuickstartFolder.CLIENT_FILE));
        out.println();
        out.println("Every node serves. Try in another terminal" + (isDefault ? ", in this folder:" : ":"));
        out.println("  " + command + " peers --wide" + config);
        out.println("  " + command + " cluster status" + config);
        out.println("  " + command + " kv put greeting hello" + config);
        out.println("  " + command + " kv get greeting --server n2" + config);
        out.println("  " + command + " kv watch" + config);
        out.println("  kill -9 <pid of the leader>, and watch the others elect a new one");
        out.println("Ctrl-C stops every node; the data stays in " + shortest(here, folder.root()) + ".");
        out.println();
        out.flush();
    }

    private static String shortest(Path here, Path path) {
        return path.startsWith(here) ? here.relativize(path).toString() : path.toString();
    }

    private void watch(QuickstartCluster cluster, ClusterWatcher watcher) throws InterruptedException {
        LiveView view = new LiveView(out, terminal, LocalTime::now);
        CountDownLatch never = new CountDownLatch(1);
        Set<Long> told = new HashSet<>();
        do {
            Map<NodeId, Long> alive = new TreeMap<>();
            for (NodeProcess process : cluster.processes().values()) {
                if (process.isAlive()) {
                    alive.put(process.id(), process.pid());
                } else if (told.add(process.pid())) {
                    Path here = Path.of("").toAbsolutePath();
                    view.note("node " + process.id() + " (pid " + process.pid() + ") " + process.ending()
                        + "; start it again with");
                    view.note("  " + shortest(here, launcher.script()) + " node --config " + shortest(here,
                        folder.root().resolve(process.id().value()).resolve(QuickstartFolder.NODE_FILE)));
                }
            }
            view.show(watcher.ask(), alive);
        } while (!never.await(REFRESH_MILLIS, TimeUnit.MILLISECONDS));
    }
}
