package dev.mailbell.cli.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.config.HttpConfig;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalDaemonTest {
    private static final HttpConfig.TlsFiles TLS =
            new HttpConfig.TlsFiles(Path.of("/cert.pem"), Path.of("/key.pem"));

    @TempDir private Path dataDir;

    private static String url(HttpConfig http) {
        return LocalDaemon.url(http).toString();
    }

    @Test
    void the_address_is_that_of_the_configuration() {
        assertThat(url(new HttpConfig("127.0.0.1", 2177))).isEqualTo("http://127.0.0.1:2177");
        assertThat(url(new HttpConfig("0.0.0.0", 80))).isEqualTo("http://127.0.0.1:80");
        assertThat(url(new HttpConfig("::1", 80))).isEqualTo("http://[::1]:80");
        assertThat(url(new HttpConfig("0.0.0.0", 443, TLS, 0, "https://mail.example.org")))
                .isEqualTo("https://mail.example.org");
        assertThat(url(new HttpConfig("10.1.2.3", 443, TLS, 0, "")))
                .isEqualTo("https://10.1.2.3:443");
        assertThat(url(new HttpConfig("0.0.0.0", 443, TLS, 2178, "https://mail.example.org")))
                .isEqualTo("http://127.0.0.1:2178");
    }

    @Test
    void the_operators_key_is_that_of_the_variable_or_of_the_data_directory() throws IOException {
        Map<String, String> environment =
                Map.of("MAILBELL_DATA_DIR", dataDir.toString(), "MAILBELL_HTTP_PORT", "1234");
        LocalDaemon daemon = new LocalDaemon(environment);
        assertThat(daemon.url()).isEqualTo(URI.create("http://127.0.0.1:1234"));
        assertThat(daemon.key()).isEmpty();
        Path file = Files.writeString(dataDir.resolve("admin.key"), "mbk_of_the_file\n");
        assertThat(new LocalDaemon(environment).key())
                .contains(new ApiOptions.Key("mbk_of_the_file", file.toString()));
        assertThat(new LocalDaemon(Map.of("MAILBELL_ADMIN_KEY", "mbk_of_the_variable")).key())
                .contains(new ApiOptions.Key("mbk_of_the_variable", "MAILBELL_ADMIN_KEY"));
        // A configuration with faults, which other commands report.
        LocalDaemon faulty = new LocalDaemon(Map.of("MAILBELL_HTTP_PORT", "many"));
        assertThat(faulty.url()).isEqualTo(URI.create("http://127.0.0.1:2177"));
        assertThat(faulty.key()).isEmpty();
    }
}
