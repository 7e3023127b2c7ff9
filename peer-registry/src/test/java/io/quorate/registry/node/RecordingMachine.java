package io.quorate.registry.node;

import io.quorate.api.AppliedCommand;
import io.quorate.api.Bytes;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.StateMachine;
import io.quorate.api.StateMachineSnapshot;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A state machine that remembers its commands. {@code reject…} is refused, {@code break…} breaks it. */
final class RecordingMachine implements StateMachine {

    final List<String> applied = new ArrayList<>();
    int polls;
    int closedSnapshots;

    @Override
    public String name() {
        return "recording";
    }

    @Override
    public Bytes apply(AppliedCommand command) throws CommandRejectedException {
        // The beginning is enough to know it by; some tests send megabytes.
        Bytes payload = command.payload();
        String text = payload.slice(0, Math.min(payload.length(), 64)).utf8();
        if (text.startsWith("reject")) {
            throw new CommandRejectedException("no " + text);
        }
        if (text.startsWith("break")) {
            throw new IllegalStateException("broken by " + text);
        }
        applied.add(text);
        return Bytes.utf8(text + "#" + applied.size());
    }

    @Override
    public Bytes query(Bytes query) throws CommandRejectedException {
        return switch (query.utf8()) {
            case "count" -> Bytes.utf8(Integer.toString(applied.size()));
            case "break" -> throw new IllegalStateException("a defect");
            default -> throw new CommandRejectedException("no such query");
        };
    }

    @Override
    public StateMachineSnapshot snapshot() {
        List<String> frozen = List.copyOf(applied);
        return new StateMachineSnapshot() {
            @Override
            public void write(OutputStream out) throws IOException {
                DataOutputStream data = new DataOutputStream(out);
                data.writeInt(frozen.size());
                for (String command : frozen) {
                    data.writeUTF(command);
                }
            }

            @Override
            public void close() {
                closedSnapshots++;
            }
        };
    }

    @Override
    public void restore(InputStream in) throws IOException {
        applied.clear();
        DataInputStream data = new DataInputStream(in);
        for (int left = data.readInt(); left > 0; left--) {
            applied.add(data.readUTF());
        }
    }

    @Override
    public Watch watch(Bytes request) throws CommandRejectedException {
        if (request.utf8().equals("refuse")) {
            throw new CommandRejectedException("not to be watched");
        }
        int from = Integer.parseInt(request.utf8());
        return () -> {
            polls++;
            return applied.size() > from ? Optional.of(Bytes.utf8(applied.get(from))) : Optional.empty();
        };
    }
}
