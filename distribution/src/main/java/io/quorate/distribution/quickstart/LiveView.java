package io.quorate.distribution.quickstart;

import io.quorate.api.NodeId;
import io.quorate.api.NodeStatus;
import io.quorate.distribution.output.Table;
import java.io.PrintWriter;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Shows a cluster as it changes: on a terminal a table that is drawn over itself, otherwise one line for each change.
 * Used by one thread.
 */
public final class LiveView {

    private static final int REMEMBERED_NOTES = 6;
    private static final DateTimeFormatter CLOCK = DateTimeFormatter.ofPattern("HH:mm:ss");
    private static final String SILENT = "no answer";

    private final PrintWriter out;
    private final boolean terminal;
    private final Supplier<LocalTime> time;
    private final Map<NodeId, String> shown = new HashMap<>();
    private final Deque<String> notes = new ArrayDeque<>();
    private int drawnLines;

    public LiveView(PrintWriter out, boolean terminal, Supplier<LocalTime> time) {
        this.out = out;
        this.terminal = terminal;
        this.time = time;
    }

    /** Something worth telling that no table shows. */
    public void note(String text) {
        String line = CLOCK.format(time.get()) + "  " + text;
        if (!terminal) {
            out.println(line);
            out.flush();
            return;
        }
        notes.addLast(line);
        if (notes.size() > REMEMBERED_NOTES) {
            notes.removeFirst();
        }
    }

    /** Shows the present state. */
    public void show(ClusterSnapshot snapshot, Map<NodeId, Long> processes) {
        if (terminal) {
            draw(snapshot, processes);
        } else {
            changes(snapshot);
        }
        out.flush();
    }

    private void draw(ClusterSnapshot snapshot, Map<NodeId, Long> processes) {
        List<String> lines = new ArrayList<>(table(snapshot, processes).lines());
        if (!notes.isEmpty()) {
            lines.add("");
            lines.addAll(notes);
        }
        StringBuilder frame = new StringBuilder();
        if (drawnLines > 0) {
            // Up to the first line of the last frame, and clear from there on.
            frame.append("\u001b[").append(drawnLines).append("A\u001b[0J");
        }
        // A line that the terminal wrapped would be two, and the next frame would be drawn over the wrong ones.
        frame.append("\u001b[?7l");
        lines.forEach(line -> frame.append(line).append('\n'));
        frame.append("\u001b[?7h");
        drawnLines = lines.size();
        out.print(frame);
    }

    /** The table alone. */
    public static Table table(ClusterSnapshot snapshot, Map<NodeId, Long> processes) {
        Table table = new Table("NODE", ">PID", "ROLE", ">TERM", ">COMMIT", ">APPLIED", "SEES", "STATUS");
        snapshot.nodes().forEach((id, answer) -> {
            Object pid = processes.get(id);
            String status = snapshot.status(id).map(Enum::name).orElse("");
            if (answer.isEmpty()) {
                table.row(id, pid, SILENT, null, null, null, null, status);
            } else {
                NodeStatus node = answer.get();
                table.row(id, pid, node.role(), node.term(), node.commitIndex(), node.appliedIndex(), sees(node),
                    status);
            }
        });
        return table;
    }

    private void changes(ClusterSnapshot snapshot) {
        snapshot.nodes().forEach((id, answer) -> {
            String line = line(snapshot, id, answer);
            if (!line.equals(shown.put(id, line))) {
                note(line);
            }
        });
    }

    private static String line(ClusterSnapshot snapshot, NodeId id, Optional<NodeStatus> answer) {
        String status = snapshot.status(id).map(found -> ", " + found).orElse("");
        return answer.map(node -> id + " " + node.role() + ", term " + node.term() + ", sees "
            + (sees(node).isEmpty() ? "nobody" : sees(node)) + status
            + node.problem().map(problem -> ", problem: " + problem).orElse(""))
            .orElse(id + " " + SILENT + status);
    }

    private static String sees(NodeStatus node) {
        return node.reachable().stream().filter(id -> !id.equals(node.node())).map(NodeId::value)
            .collect(Collectors.joining(" "));
    }
}
