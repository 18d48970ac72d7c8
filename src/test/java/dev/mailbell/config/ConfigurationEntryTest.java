package dev.mailbell.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.mailbell.config.parsing.ConfigurationException;
import dev.mailbell.config.reload.LiveConfiguration;
import dev.mailbell.config.reload.Reload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigurationEntryTest {
    @TempDir private Path home;
    private Path file;

    @BeforeEach
    void directory() throws IOException {
        file = Files.createDirectory(home.resolve("config")).resolve("mailbell.yaml");
    }

    private LiveConfiguration open(Map<String, String> environment, String yaml)
            throws IOException {
        Files.writeString(file, yaml);
        return LiveConfiguration.open(new ConfigurationLoader(home, environment), null);
    }

    private static ConfigurationEntry entry(LiveConfiguration live, String key) {
        return live.entries().stream().filter(it -> it.key().equals(key)).findFirst().orElseThrow();
    }

    @Test
    void each_value_says_where_it_is_from_and_when_a_change_is_in_effect() throws IOException {
        LiveConfiguration live =
                open(
                        Map.of("MAILBELL_POLLING_JITTER", "0.1"),
                        """
                        # a comment
                        polling:
                          jitter: 0.3
                          concurrency: 7
                        retention: { events: 3d }
                        """);
        assertThat(entry(live, "polling.jitter"))
                .isEqualTo(
                        new ConfigurationEntry(
                                "polling.jitter", "0.1", "MAILBELL_POLLING_JITTER", true, false));
        assertThat(entry(live, "polling.concurrency"))
                .isEqualTo(
                        new ConfigurationEntry(
                                "polling.concurrency", "7", file + ":4", true, false));
        assertThat(entry(live, "retention.events"))
                .isEqualTo(
                        new ConfigurationEntry(
                                "retention.events", "3d", file + ":5", false, false));
        assertThat(entry(live, "polling.adaptive"))
                .isEqualTo(new ConfigurationEntry("polling.adaptive", "false", null, true, false));
    }

    @Test
    void after_a_reload_the_lines_move_and_what_waits_for_a_start_is_marked() throws IOException {
        LiveConfiguration live = open(Map.of(), "polling: { jitter: 0.3 }\nmetrics: { port: 0 }\n");
        Files.writeString(file, "\n\npolling: { jitter: 0.3 }\nmetrics: { port: 9 }\nlimits: {}\n");
        live.reload(Reload.Trigger.REQUEST);
        assertThat(entry(live, "polling.jitter").source()).isEqualTo(file + ":3");
        assertThat(entry(live, "metrics.port").value()).isEqualTo("0");
        assertThat(entry(live, "metrics.port").changesAtStart()).isTrue();
        Files.writeString(file, "polling: { concurrency: 9 }\n");
        live.reload(Reload.Trigger.REQUEST);
        assertThat(entry(live, "polling.jitter").source()).isNull();
        assertThat(entry(live, "polling.concurrency").source()).isEqualTo(file + ":1");
    }

    @Test
    void the_faults_of_a_refused_file_are_known_until_it_is_corrected() throws IOException {
        LiveConfiguration live = open(Map.of(), "");
        Files.writeString(file, "polling: { jitter: much }\n");
        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> live.reload(Reload.Trigger.REQUEST));
        assertThat(live.faults()).hasSize(1);
        assertThat(live.faults().getFirst().line()).isEqualTo(1);
        Files.writeString(file, "");
        live.reload(Reload.Trigger.REQUEST);
        assertThat(live.faults()).isEmpty();
    }

    @Test
    void no_secret_is_shown() throws IOException {
        LiveConfiguration live =
                open(
                        Map.of(
                                "MAILBELL_DATABASE_URL",
                                "jdbc:postgresql://db.example.org/m",
                                "MAILBELL_DATABASE_PASSWORD",
                                "s3cret-1"),
                        """
                        network:
                          egress:
                            tokyo: { url: "socks5://user:s3cret-2@192.0.2.7:1080" }
                        """);
        assertThat(live.entries().toString()).doesNotContain("s3cret-1", "s3cret-2", "user:");
        assertThat(entry(live, "database.password").value()).isEqualTo("set, not shown");
        assertThat(entry(live, "network.egress.tokyo.url").value())
                .isEqualTo("socks5://…@192.0.2.7:1080");
    }
}
