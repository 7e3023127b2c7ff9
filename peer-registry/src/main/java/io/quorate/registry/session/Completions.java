package io.quorate.registry.session;

import io.quorate.spi.consensus.CallFailure;
import io.quorate.spi.consensus.PeerCaller;
import io.quorate.spi.time.NodeLoop;
import java.util.ArrayList;
import java.util.List;

/**
 * Failures of calls that must not be told where they are found: within {@link PeerCaller#call}, or in the middle of a
 * change of the sessions. All that gather are told in one later task. Loop only.
 */
final class Completions {

    private record Failed(PeerCaller.CallHandler answer, CallFailure failure) {
    }

    private final NodeLoop loop;
    private List<Failed> gathered = new ArrayList<>();

    Completions(NodeLoop loop) {
        this.loop = loop;
    }

    void failLater(PeerCaller.CallHandler answer, CallFailure failure) {
        if (gathered.isEmpty()) {
            loop.execute(this::tell);
        }
        gathered.add(new Failed(answer, failure));
    }

    private void tell() {
        List<Failed> now = gathered;
        gathered = new ArrayList<>();
        int next = 0;
        try {
            while (next < now.size()) {
                Failed failed = now.get(next++);
                failed.answer.onFailure(failed.failure);
            }
        } finally {
            // A handler that throws is its owner's defect; the others are still owed their one answer.
            for (Failed owed : now.subList(next, now.size())) {
                failLater(owed.answer, owed.failure);
            }
        }
    }
}
