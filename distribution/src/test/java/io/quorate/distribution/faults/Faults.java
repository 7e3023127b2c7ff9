package io.quorate.distribution.faults;

import io.quorate.api.NodeStatus;
import io.quorate.distribution.process.NodeProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Each fault, with what must be seen while it lasts and once it is over. */
final class Faults {

    /** Something that is done to the nodes. */
    interface Action {
        void run() throws Exception;
    }

    /**
     * A fault.
     *
     * @param missing why it cannot be done here; empty: it can
     */
    record Fault(String name, Optional<String> missing, Action action) {
    }

    /** Far more than an election takes, also on a machine that does much else. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** More than the longest election timeout: whoever hears nothing for so long stands for election. */
    private static final Duration PAST_ELECTION_TIMEOUT = Duration.ofMillis(3_500);

    /** More than libfaketime and the node need to see a new time. */
    private static final Duration CLOCK_SETTLES = Duration.ofMillis(2_500);

    /** Answers that show that the cluster serves. */
    private static final int PROGRESS = 100;

    private static final String MINUTES_OFF = "30";
    private static final Pattern DUMP_TIME = Pattern.compile("^(\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d)$",
        Pattern.MULTILINE);

    private final RealCluster cluster;
    private final History history;
    private final Random random;

    Faults(RealCluster cluster, History history, Random random) {
        this.cluster = cluster;
        this.history = history;
        this.random = random;
    }

    List<Fault> all() {
        Machine machine = cluster.machine();
        Optional<String> clock = machine.clockLibrary().isPresent() ? Optional.empty()
            : Optional.of("found no libfaketime (Debian: faketime)");
        Optional<String> failing = machine.failureLibraries().isEmpty()
            ? Optional.of("found no libfiu (Debian: fiu-utils)") : Optional.empty();
        Optional<String> network = machine.namespaces().isPresent() ? Optional.empty()
            : Optional.of("found no network namespaces; they need root, ip and iptables");
        return List.of(
            new Fault("kill -9 of the leader", Optional.empty(), this::killLeader),
            new Fault("kill -9 of two nodes", Optional.empty(), this::killQuorum),
            new Fault("SIGSTOP of the leader", Optional.empty(), this::pauseLeader),
            new Fault("jumps of the wall clock", clock, this::jumpClocks),
            new Fault("a follower cut off", network, this::cutFollower),
            new Fault("the leader cut off", network, this::cutLeader),
            new Fault("a follower that the leader alone does not reach", network, this::cutPartly),
            new Fault("failing fsync of the leader", failing, () -> failSync(leader())),
            new Fault("failing fsync of a follower", failing, () -> failSync(follower())));
    }

    private int leader() throws Exception {
        return RealCluster.number(cluster.awaitLeader());
    }

    private int follower() throws Exception {
        return 1 + (leader() + random.nextInt(RealCluster.NODES - 1)) % RealCluster.NODES;
    }

    private void progress(String when, int answers) throws InterruptedException {
        if (!history.awaitAnswers(answers, PATIENCE)) {
            throw new AssertionError("found fewer than " + answers + " operations answered within "
                + PATIENCE.toSeconds() + " s " + when);
        }
    }

    private void killLeader() throws Exception {
        int victim = leader();
        kill(victim);
        progress("without n" + victim + ", which was killed", PROGRESS);
        restart(victim);
    }

    /** The quorum is gone for a while: nothing may be lost then either. */
    private void killQuorum() throws Exception {
        int first = leader();
        int second = first % RealCluster.NODES + 1;
        kill(first);
        kill(second);
        restart(first, second);
        progress("once n" + first + " and n" + second + " were back", PROGRESS);
    }

    private void kill(int node) throws InterruptedException {
        history.fault("kill -9 n" + node);
        NodeProcess process = cluster.process(node);
        process.kill();
        process.awaitEnd(PATIENCE);
    }

    private void restart(int... nodes) throws Exception {
        for (int node : nodes) {
            history.fault("start n" + node);
            cluster.launch(node);
        }
        for (int node : nodes) {
            cluster.awaitReady(node);
        }
        cluster.awaitLeader();
    }

    private void pauseLeader() throws Exception {
        NodeStatus before = cluster.awaitLeader();
        int node = RealCluster.number(before);
        signal("STOP", node);
        try {
            progress("while n" + node + " was stopped", PROGRESS);
        } finally {
            signal("CONT", node);
        }
        NodeStatus after = cluster.awaitLeader();
        check(after.term().value() > before.term().value(), "n" + node + " led term " + before.term()
            + " and was stopped, others answered, and the term is " + after.term() + "; expected a higher one");
    }

    private void signal(String name, int node) throws IOException, InterruptedException {
        history.fault("SIG" + name + " n" + node);
        Machine.run("kill", "-" + name, String.valueOf(cluster.pid(node)));
    }

    /** Nothing that is decided here may depend on the wall clock: same leader, same term, no pause. */
    private void jumpClocks() throws Exception {
        NodeStatus before = cluster.awaitLeader();
        try {
            for (String offset : List.of("+" + MINUTES_OFF + "m", "-" + MINUTES_OFF + "m", "+0")) {
                for (int node = 1; node <= RealCluster.NODES; node++) {
                    history.fault("clock of n" + node + " " + offset);
                    Files.writeString(cluster.clock(node), offset + "\n");
                }
                history.goOn(CLOCK_SETTLES);
                checkClock(offset);
                progress("after the clocks jumped to " + offset, PROGRESS);
            }
        } finally {
            for (int node = 1; node <= RealCluster.NODES; node++) {
                Files.writeString(cluster.clock(node), "+0\n");
            }
        }
        unchanged(before, "the wall clocks jumped");
    }

    /** The fault itself is checked, or it would prove nothing: the time at the head of a thread dump. */
    private void checkClock(String offset) throws IOException, InterruptedException {
        long minutes = offset.equals("+0") ? 0 : Long.parseLong(offset.replace("m", "").replace("+", ""));
        String dump = Machine.run(cluster.image().resolve("runtime/bin/jcmd").toString(),
            String.valueOf(cluster.pid(1)), "Thread.print");
        Matcher time = DUMP_TIME.matcher(dump);
        check(time.find(), "found no time in a thread dump of n1");
        LocalDateTime there = LocalDateTime.parse(time.group(1), DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss"));
        long off = Duration.between(LocalDateTime.now(), there).toSeconds();
        check(Math.abs(off - minutes * 60) < 60, "found n1's clock " + off + " s off, expected " + minutes * 60);
    }

    private void unchanged(NodeStatus before, String why) throws Exception {
        NodeStatus after = cluster.awaitLeader();
        check(after.term().equals(before.term()) && after.node().equals(before.node()), "found " + after.node()
            + " leading term " + after.term() + " after " + why + ", expected " + before.node() + " and term "
            + before.term() + " still");
    }

    /** Pre-vote: whoever was alone for a while comes back without deposing a leader whom the others hear. */
    private void cutFollower() throws Exception {
        NodeStatus before = cluster.awaitLeader();
        int node = follower();
        try {
            for (int other = 1; other <= RealCluster.NODES; other++) {
                cut(node, other);
            }
            history.goOn(PAST_ELECTION_TIMEOUT);
            progress("while n" + node + " was cut off", PROGRESS);
        } finally {
            heal();
        }
        unchanged(before, "n" + node + " was cut off and came back");
    }

    private void cutLeader() throws Exception {
        NodeStatus before = cluster.awaitLeader();
        int node = RealCluster.number(before);
        try {
            for (int other = 1; other <= RealCluster.NODES; other++) {
                cut(node, other);
            }
            progress("while the leader n" + node + " was cut off from the others", PROGRESS);
            // Clients still reach it: nothing that it says now may be old.
            history.goOn(PAST_ELECTION_TIMEOUT);
            progress("while the leader n" + node + " was cut off from the others", PROGRESS);
        } finally {
            heal();
        }
        NodeStatus after = cluster.awaitLeader();
        check(after.term().value() > before.term().value(), "found term " + after.term()
            + " after the leader was cut off, expected a higher one");
        progress("once n" + node + " was back", PROGRESS);
    }

    /** The third node hears both: it stays with the leader, and the one who does not hear it cannot win a pre-vote. */
    private void cutPartly() throws Exception {
        NodeStatus before = cluster.awaitLeader();
        int node = follower();
        try {
            cut(node, RealCluster.number(before));
            history.goOn(PAST_ELECTION_TIMEOUT);
            progress("while n" + node + " did not hear the leader", PROGRESS);
        } finally {
            heal();
        }
        unchanged(before, "n" + node + " did not hear the leader for a while");
    }

    /** From then on {@code node} and {@code other} get nothing from each other. Clients reach both. */
    private void cut(int node, int other) throws IOException, InterruptedException {
        if (node == other) {
            return;
        }
        history.fault("cut n" + node + " n" + other);
        drop(node, other);
        drop(other, node);
    }

    private void drop(int at, int from) throws IOException, InterruptedException {
        Machine.run("ip", "netns", "exec", cluster.machine().namespaces().orElseThrow() + "-n" + at, "iptables", "-A",
            "INPUT", "-s", RealCluster.host(from), "-j", "DROP");
    }

    private void heal() throws IOException, InterruptedException {
        history.fault("heal");
        for (int node = 1; node <= RealCluster.NODES; node++) {
            Machine.run("ip", "netns", "exec", cluster.machine().namespaces().orElseThrow() + "-n" + node, "iptables",
                "-F", "INPUT");
        }
    }

    /** After a failed fsync nothing is tried again: the node stops serving, says so, and can be started again. */
    private void failSync(int node) throws Exception {
        history.fault("fsync fails at n" + node);
        int said = cluster.log(node).length();
        Machine.run("fiu-ctrl", "-f", cluster.failureControl().toString(), "-c", "enable name=posix/io/sync/*",
            String.valueOf(cluster.pid(node)));
        NodeProcess process = cluster.process(node);
        boolean ended = process.awaitEnd(PATIENCE);
        String log = cluster.log(node).substring(said);
        check(ended, "n" + node + " went on for " + PATIENCE.toSeconds() + " s after fsync began to fail");
        check(log.contains("stopped serving"), "n" + node + " ended after a failed fsync and did not say that it "
            + "stopped serving; its log: " + log);
        progress("without n" + node + ", whose fsync had failed", PROGRESS);
        restart(node);
        progress("once n" + node + " was back", PROGRESS);
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
