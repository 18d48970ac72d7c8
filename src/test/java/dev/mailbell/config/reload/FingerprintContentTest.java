package dev.mailbell.config.reload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.config.ConfigurationLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FingerprintContentTest {
    @TempDir private Path home;

    private String of(String yaml) throws IOException {
        Path file = Files.writeString(home.resolve("test.yaml"), yaml);
        return LiveConfiguration.open(new ConfigurationLoader(home, Map.of()), file).fingerprint();
    }

    @Test
    void nodes_with_the_same_settings_have_the_same_one() throws IOException {
        assertThat(of("polling: { concurrency: 7 }"))
                .isEqualTo(of("# written otherwise\npolling:\n  concurrency: 7\n"))
                .matches("[0-9a-f]{12}");
    }

    @Test
    void what_differs_by_node_does_not_count() throws IOException {
        assertThat(of("http: { port: 1234, host: 0.0.0.0 }\ncluster: { nodeName: a }"))
                .isEqualTo(of("dataDir: /srv/other\nmetrics: { port: 9 }"));
    }

    @Test
    void each_setting_of_the_cluster_counts() throws IOException {
        assertThat(
                        Set.of(
                                of(""),
                                of("polling: { imap: { interval: 3m } }"),
                                of("limits: { checksPerMinute: 7 }"),
                                of("webhooks: { concurrency: 7 }"),
                                of("retention: { events: 7d }"),
                                of("network: { allowCleartext: [a.example.org] }"),
                                of("providers: [{ match: [a.example.org], idle: false }]"),
                                of("network: { egress: { a: { url: 'http://127.0.0.1:1' } } }")))
                .hasSize(8);
    }

    @Test
    void a_password_of_a_proxy_is_not_in_it() throws IOException {
        assertThat(of("network: { proxy: 'http://user:one@127.0.0.1:8080' }"))
                .isEqualTo(of("network: { proxy: 'http://user:t@wo@127.0.0.1:8080' }"))
                .isNotEqualTo(of("network: { proxy: 'http://user:one@127.0.0.1:8081' }"));
        assertThat(of("network: { egress: { a: { url: 'socks5://user:one@127.0.0.1:1' } } }"))
                .isEqualTo(of("network: { egress: { a: { url: 'socks5://u:two@127.0.0.1:1' } } }"));
    }
}
