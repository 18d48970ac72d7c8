package dev.mailbell.config.reload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.config.ConfigurationLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FingerprintTest {
    @TempDir private Path home;

    private LiveConfiguration live(String yaml) throws IOException {
        Path file = home.resolve("test.yaml");
        Files.writeString(file, yaml);
        return LiveConfiguration.open(new ConfigurationLoader(home, Map.of()), file);
    }

    @Test
    void it_is_the_same_for_nodes_that_differ_only_in_what_belongs_to_a_machine()
            throws IOException {
        String plain = live("polling: { timeout: 20s }").fingerprint();
        assertThat(plain).matches("[0-9a-f]{12}");
        assertThat(
                        live("""
                        polling: { timeout: 20s }
                        cluster: { nodeName: two }
                        http: { port: 99 }
                        database: { url: "jdbc:postgresql://db/x", password: secret }
                        """)
                                .fingerprint())
                .isEqualTo(plain);
    }

    @Test
    void it_changes_with_what_nodes_do_and_with_a_reload() throws IOException {
        LiveConfiguration live = live("polling: { timeout: 20s }");
        String before = live.fingerprint();
        Files.writeString(home.resolve("test.yaml"), "polling: { timeout: 21s }");
        assertThat(live.fingerprint()).isEqualTo(before);
        live.reload(Reload.Trigger.REQUEST);
        assertThat(live.fingerprint()).isNotEqualTo(before);
        assertThat(live("providers: [{ match: [mail.example.org] }]").fingerprint())
                .isNotEqualTo(before);
    }
}
