package dev.mailbell.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.mailbell.config.Configuration;
import dev.mailbell.config.ConfigurationLoader;
import dev.mailbell.config.parsing.ConfigurationException;
import dev.mailbell.config.parsing.ConfigurationFault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** check-config reports everything that serve would refuse, without starting anything. */
class PreflightTest {
    @TempDir private Path home;

    private Configuration configuration(Map<String, String> settings) {
        return new ConfigurationLoader(home, settings).loadEnvironment();
    }

    private List<ConfigurationFault> faults(Map<String, String> settings) {
        return Preflight.faults(configuration(settings), settings);
    }

    @Test
    void the_defaults_are_valid_and_nothing_is_written() throws IOException {
        assertThat(faults(Map.of())).isEmpty();
        try (Stream<Path> files = Files.list(home)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void a_short_operator_key_is_reported_and_never_shown() {
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
    void a_stored_key_is_validated_like_a_given_one() throws IOException {
        Files.createDirectories(home.resolve("var"));
        Files.writeString(home.resolve("var/admin.key"), "cut\n");
        assertThat(faults(Map.of()))
                .singleElement()
                .satisfies(fault -> assertThat(fault.source()).endsWith("admin.key"));
    }

    @Test
    void a_stored_key_that_is_empty_is_reported_with_a_remedy() throws IOException {
        Files.createDirectories(home.resolve("var"));
        Files.writeString(home.resolve("var/admin.key"), "\n");
        assertThat(faults(Map.of()))
                .singleElement()
                .satisfies(fault ->
                        assertThat(fault.text())
                                .contains("admin.key")
                                .contains("is empty")
                                .contains("delete it"));
    }

    @Test
    void an_invalid_keyset_is_reported() throws IOException {
        Files.createDirectories(home.resolve("var"));
        Files.writeString(home.resolve("var/keyset.json"), "{}");
        assertThat(faults(Map.of()))
                .singleElement()
                .satisfies(fault -> assertThat(fault.key()).isEqualTo("security.keyset"));
    }

    @Test
    void a_keyset_in_the_environment_is_validated_too() {
        assertThat(faults(Map.of("MAILBELL_KEYSET", "hunter2")))
                .singleElement()
                .satisfies(fault ->
                        assertThat(fault.text())
                                .contains("keyset MAILBELL_KEYSET is damaged")
                                .doesNotContain("hunter2"));
    }

    @Test
    void a_data_directory_that_cannot_be_created_is_reported_with_a_remedy() throws IOException {
        Files.writeString(home.resolve("file"), "in the way");
        Map<String, String> settings = Map.of("MAILBELL_DATA_DIR", home.resolve("file/var") + "");
        assertThat(faults(settings))
                .singleElement()
                .satisfies(fault ->
                        assertThat(fault.text())
                                .contains("cannot be written by the user")
                                .contains(home.resolve("file") + " is a file")
                                .contains("MAILBELL_DATA_DIR"));
        // A data directory that is not used need not be writable.
        Files.createDirectories(home.resolve("keys"));
        Map<String, String> elsewhere = new HashMap<>(settings);
        elsewhere.put("MAILBELL_DATABASE_URL", "jdbc:postgresql://db.example.org/mailbell");
        elsewhere.put("MAILBELL_ADMIN_KEY", "long-enough-for-everybody");
        elsewhere.put("MAILBELL_SECURITY_KEYSET", home.resolve("keys/keyset.json").toString());
        assertThat(faults(elsewhere)).isEmpty();
    }

    @Test
    void a_foreign_address_and_an_unusable_data_directory_name_are_reported() {
        assertThat(faults(Map.of("MAILBELL_HTTP_HOST", "203.0.113.7")))
                .extracting(ConfigurationFault::key)
                .containsExactly("http.host");
        assertThat(faults(Map.of("MAILBELL_DATA_DIR", home.resolve("a$b").toString())))
                .extracting(ConfigurationFault::key)
                .containsExactly("dataDir");
    }

    @Test
    void all_faults_are_reported_at_once() {
        Map<String, String> settings =
                Map.of("MAILBELL_ADMIN_KEY", "short", "MAILBELL_HTTP_HOST", "203.0.113.7");
        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> Preflight.require(configuration(settings), settings))
                .satisfies(e -> assertThat(e.faults()).hasSize(2));
    }

    /** How a command ended, and what it said. */
    private record Ended(int status, String said) {}

    private Ended run(String command, Map<String, String> environment) throws Exception {
        Path said = home.resolve(command + ".txt");
        ProcessBuilder builder =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:TieredStopAtLevel=1",
                                "-XX:+UseSerialGC",
                                "-Dmailbell.home=" + home,
                                "-cp",
                                System.getProperty(
                                        "surefire.test.class.path",
                                        System.getProperty("java.class.path")),
                                "dev.mailbell.cli.Main",
                                command)
                        .redirectErrorStream(true)
                        .redirectOutput(said.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("MAILBELL_"));
        builder.environment().putAll(environment);
        Process process = builder.start();
        try {
            assertThat(process.waitFor(180, TimeUnit.SECONDS)).as(command + " ends").isTrue();
        } finally {
            process.destroyForcibly();
        }
        return new Ended(process.exitValue(), Files.readString(said));
    }

    @Test
    void serve_refuses_in_the_same_words_what_check_config_reports() throws Exception {
        Path typo = Files.writeString(home.resolve("typo.yaml"), "poling: {}\n");
        for (Map<String, String> bad :
                List.of(
                        Map.of("MAILBELL_ADMIN_KEY", "short", "MAILBELL_HTTP_HOST", "203.0.113.7"),
                        Map.of("MAILBELL_CONFIG", typo.toString()))) {
            Ended checked = run("check-config", bad);
            assertThat(checked.status()).as(checked.said()).isNotZero();
            assertThat(checked.said()).containsAnyOf("MAILBELL_ADMIN_KEY", "poling");
            assertThat(run("serve", bad)).isEqualTo(checked);
        }
        assertThat(home.resolve("var")).doesNotExist();
    }
}
