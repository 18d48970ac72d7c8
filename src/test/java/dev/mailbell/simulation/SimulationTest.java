package dev.mailbell.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SimulationTest {
    /** {@code bin/mailbell simulate --looks 100000} is the long run. */
    private static final int CHECKS = 1_000;

    static java.util.List<String> scenarios() {
        return Simulation.scenarios();
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void mailbell_is_never_wrong(String scenario) throws IOException {
        long seed = System.nanoTime();
        assertThat(new Simulation().run(scenario, CHECKS, seed).wrongOfMailbell())
                .describedAs("seed %d", seed)
                .isZero();
    }
}
