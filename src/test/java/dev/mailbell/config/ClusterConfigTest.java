package dev.mailbell.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.mailbell.config.parsing.ConfigurationException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClusterConfigTest {
    @TempDir private Path home;

    private ClusterConfig read(String address) {
        return new ConfigurationLoader(home, Map.of("MAILBELL_CLUSTER_ADDRESS", address))
                .loadEnvironment()
                .cluster();
    }

    @Test
    void without_an_address_there_is_none() {
        assertThat(read("")).isEqualTo(new ClusterConfig("", ""));
    }

    @ParameterizedTest
    @CsvSource({
        "node1:2177, http://node1:2177",
        "[::1]:2177, http://[::1]:2177",
        "https://node1.example.org, https://node1.example.org",
        "http://10.0.0.7:2177/, http://10.0.0.7:2177"
    })
    void an_address_is_a_server(String given, String address) {
        assertThat(read(given).address()).isEqualTo(address);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ftp://node1",
                "http://node1/path",
                "http://user@node1",
                "http://node1?query",
                "no address",
                "node_1:2177"
            })
    void anything_else_is_refused(String given) {
        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> read(given))
                .withMessageContaining("CLUSTER_ADDRESS: must be host:port or a URL without path");
    }
}
