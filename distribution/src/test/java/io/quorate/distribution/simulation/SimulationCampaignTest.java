package io.quorate.distribution.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** As many seeds as the given time allows: {@code mvn verify -Psimulation -Dsimulation.minutes=30}. */
@EnabledIfSystemProperty(named = "simulation.minutes", matches = "[0-9.]+",
    disabledReason = "a campaign takes as long as it is told to; see docs/simulation.md")
class SimulationCampaignTest {

    @Test
    @Timeout(value = 7, unit = TimeUnit.DAYS)
    void asManySeedsAsTheTimeAllows() {
        long until = System.nanoTime()
            + (long) (Double.parseDouble(System.getProperty("simulation.minutes")) * TimeUnit.MINUTES.toNanos(1));
        long base = Long.getLong("simulation.base", System.currentTimeMillis());
        Runs runs = new Runs();
        Runs.quietly(() -> runs.from(base, () -> System.nanoTime() < until && runs.failures().isEmpty()));
        System.out.println("Simulation from base " + base + " (-Dsimulation.base=" + base + "): " + runs.summary());
        assertEquals(List.of(), runs.failures());
    }
}
