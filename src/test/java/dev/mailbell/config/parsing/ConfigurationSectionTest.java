package dev.mailbell.config.parsing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;

class ConfigurationSectionTest {
    private ConfigurationReading reading = new ConfigurationReading("test.yaml", Map.of());

    private ConfigurationSection section(String yaml) {
        return new ConfigurationSection(
                reading,
                "",
                new Compose(LoadSettings.builder().build()).composeString(yaml).orElse(null),
                false);
    }

    private List<String> faults() {
        ConfigurationException refused =
                catchThrowableOfType(ConfigurationException.class, reading::finish);
        return refused == null
                ? List.of()
                : refused.faults().stream().map(ConfigurationFault::text).toList();
    }

    @Test
    void an_absent_or_null_key_has_its_default() {
        ConfigurationSection section = section("b:\n");
        assertThat(section.integer("a", 7, 1, 9)).isEqualTo(7);
        assertThat(section.bool("b", true)).isTrue();
        assertThat(section.list("c", List.of("x"), text -> text)).containsExactly("x");
        section.rejectUnknown();
        assertThat(faults()).isEmpty();
        assertThat(reading.values()).containsEntry("a", 7);
    }

    @Test
    void a_fault_gives_the_default_and_names_line_and_key() {
        ConfigurationSection section = section("a: 3\nb: ten\nc: 90s\n");
        assertThat(section.integer("a", 7, 4, 9)).isEqualTo(7);
        assertThat(section.integer("b", 7, 4, 9)).isEqualTo(7);
        Duration minute = Duration.ofMinutes(1);
        assertThat(section.duration("c", minute, minute, minute)).isEqualTo(minute);
        assertThat(faults())
                .containsExactly(
                        "test.yaml:1: a: must be 4 to 9, is 3",
                        "test.yaml:2: b: must be a whole number, is \"ten\"",
                        "test.yaml:3: c: must be 1m to 1m, is 90s");
    }

    @Test
    void the_environment_overrides_the_file() {
        reading =
                new ConfigurationReading(
                        "test.yaml",
                        Map.of("MAILBELL_HTTP_PORT", "9", "MAILBELL_HTTP_HOSTS", "a, b"));
        ConfigurationSection http = section("http: { port: 8, hosts: [c] }").section("http");
        assertThat(http.integer("port", 7, 0, 99)).isEqualTo(9);
        assertThat(http.list("hosts", List.of(), text -> text)).containsExactly("a", "b");
        assertThat(faults()).isEmpty();
    }

    @Test
    void a_key_that_was_not_read_is_a_fault_with_the_nearest_known_key() {
        ConfigurationSection imap = section("imap: { intervall: 3m }").section("imap");
        imap.string("interval", "");
        imap.rejectUnknown();
        assertThat(faults())
                .containsExactly(
                        "test.yaml:1: imap.intervall: there is no such key; did you mean"
                                + " imap.interval?");
    }

    @Test
    void a_key_given_twice_is_a_fault() {
        section("a: 1\na: 2\n").integer("a", 0, 0, 9);
        assertThat(faults()).containsExactly("test.yaml:2: a: is given twice");
    }
}
