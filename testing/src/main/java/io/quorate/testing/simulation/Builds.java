package io.quorate.testing.simulation;

import io.quorate.spi.consensus.Feature;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.random.RandomGenerator;

/** The builds that the machines of a run have: some begin with an earlier one, which lacks some features. */
final class Builds {

    private final SimulatedCluster cluster;
    private final RandomGenerator random;

    Builds(SimulatedCluster cluster, RandomGenerator random) {
        this.cluster = cluster;
        this.random = random;
    }

    /** Gives an earlier build to about half of the machines; before they are started. */
    void mix() {
        for (SimulatedNode node : cluster.nodes()) {
            if (random.nextBoolean()) {
                List<String> some = new ArrayList<>(Feature.ofThisBuild());
                some.remove(random.nextInt(some.size()));
                some.removeIf(feature -> random.nextBoolean());
                node.features(new TreeSet<>(some));
            }
        }
    }

    /** The machines that have an earlier build. */
    List<SimulatedNode> earlier() {
        return cluster.nodes().stream().filter(SimulatedNode::isEarlierBuild).toList();
    }

    /** Upgrades any of these, as an operator does: whoever asks stops it, in order or not, and starts it again. */
    Optional<SimulatedNode> upgradeOne() {
        List<SimulatedNode> some = earlier();
        if (some.isEmpty()) {
            return Optional.empty();
        }
        SimulatedNode node = some.get(random.nextInt(some.size()));
        upgrade(node);
        return Optional.of(node);
    }

    /** From its next start on, it is of this build. */
    void upgrade(SimulatedNode node) {
        cluster.note(node.id(), "is upgraded");
        node.features(Feature.ofThisBuild());
    }
}
