package dev.mailbell.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretsInFileTest {
    @TempDir private Path home;

    private Optional<String> warning(String mode, String yaml, Map<String, String> environment)
            throws IOException {
        Path file = Files.writeString(home.resolve("test.yaml"), yaml);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
        return new ConfigurationLoader(home, environment).exposedSecrets(file);
    }

    @Test
    void a_secret_that_others_can_read_is_warned_of_by_its_key() throws IOException {
        String yaml =
                """
                database: { url: "jdbc:postgresql://db/m", username: m, password: hush }
                network:
                  proxy: http://proxy.example:3128
                  egress: { out: { url: "http://ann:hush@proxy.example:3128" } }
                """;
        assertThat(warning("rw-r--r--", yaml, Map.of()).orElseThrow())
                .contains("database.password, network.egress.out.url", "chmod o=")
                .doesNotContain("hush")
                .doesNotContain("network.proxy");
        assertThat(warning("rw-r-----", yaml, Map.of())).isEmpty();
    }

    @Test
    void a_file_without_secrets_may_be_read_by_everybody() throws IOException {
        assertThat(
                        warning(
                                "rw-r--r--",
                                "database: { url: \"jdbc:postgresql://db/m\", username: m, password: \"\" }",
                                Map.of("MAILBELL_DATABASE_PASSWORD", "hush")))
                .isEmpty();
        assertThat(new ConfigurationLoader(home, Map.of()).exposedSecrets(null)).isEmpty();
    }
}
