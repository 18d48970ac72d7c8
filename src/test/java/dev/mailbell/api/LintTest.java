package dev.mailbell.api;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The contract is clean under two linters; what they are told not to say is in their settings. */
class LintTest {

    @Test
    void spectral_finds_nothing() throws Exception {
        String said =
                NodeTools.run(
                        "spectral",
                        "lint",
                        "--ruleset",
                        "spectral.yaml",
                        "--fail-severity",
                        "hint",
                        "openapi.yaml");
        assertThat(said).contains("No results");
    }

    @Test
    void redocly_finds_nothing() throws Exception {
        String said = NodeTools.run("redocly", "lint", "--config", "redocly.yaml", "openapi.yaml");
        assertThat(said).contains("Your API description is valid").doesNotContain("You have");
    }
}
