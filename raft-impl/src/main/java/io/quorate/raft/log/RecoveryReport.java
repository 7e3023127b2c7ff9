package io.quorate.raft.log;

import java.util.List;

/**
 * What opening a directory found and did.
 *
 * @param created whether the directory was made by this opening
 * @param tornTailBytes how much was cut because it was never acknowledged; 0 most of the time
 * @param repairs a sentence for each thing that was put right, for the log
 */
public record RecoveryReport(boolean created, long tornTailBytes, List<String> repairs) {

    public RecoveryReport {
        repairs = List.copyOf(repairs);
    }
}
