package dev.mailbell;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.config.Configuration;
import dev.mailbell.config.ConfigurationLoader;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeAddressTest {
    @TempDir private Path home;

    private Configuration configuration(Map<String, String> environment) {
        return new ConfigurationLoader(home, environment).loadEnvironment();
    }

    @Test
    void it_is_the_configured_one() {
        assertThat(
                        NodeAddress.of(
                                configuration(Map.of("MAILBELL_CLUSTER_ADDRESS", "node1:99")),
                                2177,
                                "host"))
                .hasToString("http://node1:99");
    }

    @Test
    void or_what_the_api_listens_on() {
        assertThat(NodeAddress.of(configuration(Map.of()), 2178, "host"))
                .hasToString("http://127.0.0.1:2178");
        assertThat(NodeAddress.of(configuration(Map.of("MAILBELL_HTTP_HOST", "::1")), 2177, "host"))
                .hasToString("http://[::1]:2177");
        assertThat(
                        NodeAddress.of(
                                configuration(Map.of("MAILBELL_HTTP_HOST", "0.0.0.0")),
                                2177,
                                "node7"))
                .hasToString("http://node7:2177");
    }

    @Test
    void a_name_that_is_no_host_gives_none() {
        assertThat(
                        NodeAddress.of(
                                configuration(Map.of("MAILBELL_HTTP_HOST", "0.0.0.0")),
                                2177,
                                "(a host without a name)"))
                .isNull();
        assertThat(
                        NodeAddress.of(
                                configuration(Map.of("MAILBELL_HTTP_HOST", "0.0.0.0")),
                                2177,
                                "node_7"))
                .isNull();
    }
}
