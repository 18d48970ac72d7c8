package dev.mailbell.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.mailbell.config.Configuration;
import dev.mailbell.config.ConfigurationException;
import dev.mailbell.config.ConfigurationFault;
import dev.mailbell.config.ConfigurationLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What serve refuses, check-config tells without starting anything. */
class PreflightTest {
    @TempDir private Path home;

    private Configuration configuration(Map<String, String> settings) {
        return new ConfigurationLoader(home, settings).loadEnvironment();
    }

    private List<ConfigurationFault> faults(Map<String, String> settings) {
        return Preflight.faults(configuration(settings), settings);
    }

    @Test
    void the_defaults_are_good_and_nothing_is_written() throws IOException {
        assertThat(faults(Map.of())).isEmpty();
        try (Stream<Path> files = Files.list(home)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void a_short_operator_key_is_told_and_never_shown() {
        for (String key : List.of("short", "has a blank in its middle", "naïve-but-long-enough")) {
            assertThat(faults(Map.of("MAILBELL_ADMIN_KEY", key)))
                    .singleElement()
                    .satisfies(fault ->
                            assertThat(fault.text())
                                    .contains("MAILBELL_ADMIN_KEY", "at least 16 visible ASCII")
                                    .doesNotContain(key));
        }
        assertThat(faults(Map.of("MAILBELL_ADMIN_KEY", "long-enough-for-everybody"))).isEmpty();
    }

    @Test
    void the_key_that_was_kept_is_judged_like_the_one_that_is_given() throws IOException {
        Files.createDirectories(home.resolve("var"));
        Files.writeString(home.resolve("var/admin.key"), "cut\n");
        assertThat(faults(Map.of()))
                .singleElement()
                .satisfies(fault -> assertThat(fault.source()).endsWith("admin.key"));
    }

    @Test
    void a_keyset_that_is_none_is_told() throws IOException {
        Files.createDirectories(home.resolve("var"));
        Files.writeString(home.resolve("var/keyset.json"), "{}");
        assertThat(faults(Map.of()))
                .singleElement()
                .satisfies(fault -> assertThat(fault.key()).isEqualTo("security.keyset"));
    }

    @Test
    void a_data_directory_that_cannot_be_made_is_told_with_what_helps() throws IOException {
        Files.writeString(home.resolve("file"), "in the way");
        Map<String, String> settings = Map.of("MAILBELL_DATA_DIR", home.resolve("file/var") + "");
        assertThat(faults(settings))
                .singleElement()
                .satisfies(fault ->
                        assertThat(fault.text())
                                .contains("cannot be written by the user")
                                .contains(home.resolve("file") + " is a file")
                                .contains("MAILBELL_DATA_DIR"));
        // Where nothing is kept there, it need not be writable.
        Files.createDirectories(home.resolve("keys"));
        Map<String, String> elsewhere = new HashMap<>(settings);
        elsewhere.put("MAILBELL_DATABASE_URL", "jdbc:postgresql://db.example.org/mailbell");
        elsewhere.put("MAILBELL_ADMIN_KEY", "long-enough-for-everybody");
        elsewhere.put("MAILBELL_SECURITY_KEYSET", home.resolve("keys/keyset.json").toString());
        assertThat(faults(elsewhere)).isEmpty();
    }

    @Test
    void an_address_of_another_machine_and_a_name_postgresql_cannot_take_are_told() {
        assertThat(faults(Map.of("MAILBELL_HTTP_HOST", "203.0.113.7")))
                .extracting(ConfigurationFault::key)
                .containsExactly("http.host");
        assertThat(faults(Map.of("MAILBELL_DATA_DIR", home.resolve("a$b").toString())))
                .extracting(ConfigurationFault::key)
                .containsExactly("dataDir");
    }

    @Test
    void all_faults_are_told_at_once() {
        Map<String, String> settings =
                Map.of("MAILBELL_ADMIN_KEY", "short", "MAILBELL_HTTP_HOST", "203.0.113.7");
        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> Preflight.require(configuration(settings), settings))
                .satisfies(e -> assertThat(e.faults()).hasSize(2));
    }
}
