package io.quorate.mutants;

import io.quorate.testing.simulation.SimulationFailure;
import io.quorate.testing.simulation.Swarm;

/** Runs simulation seeds until one fails: of a mutant, that is what is wanted. Prints one line. */
public final class Seeds {

    private Seeds() {
    }

    /** @param arguments the first seed, and how many at most */
    public static void main(String[] arguments) {
        long first = Long.parseLong(arguments[0]);
        long count = Long.parseLong(arguments[1]);
        Swarm swarm = Swarm.ofRegisters();
        for (long seed = first; seed < first + count; seed++) {
            try {
                swarm.run(seed);
            } catch (SimulationFailure e) {
                System.out.println("KILLED by seed " + seed + ": " + e.getMessage().lines().skip(1).findFirst()
                    .orElse("").replaceFirst("^.*Violation: ", ""));
                return;
            }
        }
        System.out.println("SURVIVED " + count + " seeds");
    }
}
