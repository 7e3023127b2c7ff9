package io.quorate.testing.transport;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** The incident, replayed: a transport that shares one stream among its calls fails the contract, and how. */
class IncidentTest {

    private static final Map<Integer, TestExecutionResult> RESULTS = new TreeMap<>();

    @BeforeAll
    static void runTheContract() {
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
            .selectors(DiscoverySelectors.selectClass(SharingContract.class)).build();
        // Nobody else's listeners: what fails here is meant to.
        LauncherConfig alone = LauncherConfig.builder().enableTestExecutionListenerAutoRegistration(false).build();
        LauncherFactory.create(alone).execute(request, new TestExecutionListener() {
            @Override
            public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                String name = test.getDisplayName();
                if (name.startsWith("required_t")) {
                    RESULTS.put(Integer.parseInt(name.substring(10, 12)), result);
                }
            }
        });
    }

    private static List<Integer> with(TestExecutionResult.Status status) {
        return RESULTS.entrySet().stream().filter(e -> e.getValue().getStatus() == status).map(Map.Entry::getKey)
            .toList();
    }

    private static String message(int rule) {
        return RESULTS.get(rule).getThrowable().map(Throwable::getMessage).orElse("");
    }

    @Test
    void livesInANamedModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void theContractFailsATransportThatSharesAConnectionAmongCalls() {
        TreeSet<Integer> isolation = new TreeSet<>(with(TestExecutionResult.Status.FAILED));
        assertTrue(isolation.containsAll(List.of(7, 8, 9, 12, 13, 14, 15, 16, 40)), "failed: " + isolation);
    }

    /** The faults are in the calls alone: what the contract fails it does not fail for other reasons. */
    @Test
    void whatIsSoundAboutItPasses() {
        assertTrue(with(TestExecutionResult.Status.SUCCESSFUL).containsAll(
            List.of(1, 2, 3, 4, 5, 6, 20, 21, 22, 23, 31, 34, 70)), "passed: "
            + with(TestExecutionResult.Status.SUCCESSFUL));
    }

    /** 160 is the first byte of a response, an empty error, read where the type of a request was expected. */
    @Test
    void aResponseIsReadAsARequestOfType160() {
        assertTrue(message(16).contains("unknown rpc type 160"), message(16));
    }

    @Test
    void aCallGetsAnothersResponse() {
        assertTrue(message(12).contains("went to another call"), message(12));
        assertTrue(message(13).contains("is not its own"), message(13));
    }

    @Test
    void aFailureQuotesItsRule() {
        assertTrue(message(12).startsWith("transport sharing breaks rule T12: \"Each call has a stream"), message(12));
    }
}
