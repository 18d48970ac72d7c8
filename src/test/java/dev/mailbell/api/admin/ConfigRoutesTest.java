package dev.mailbell.api.admin;

import static dev.mailbell.api.HttpCaller.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.api.TestApi;
import dev.mailbell.config.ConfigurationLoader;
import dev.mailbell.config.reload.LiveConfiguration;
import dev.mailbell.config.reload.Reload;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The operator reloads the configuration over HTTP. */
class ConfigRoutesTest {
    private static final TestApi API = new TestApi();

    @TempDir private Path home;
    private Path file;

    @BeforeEach
    void open() throws IOException {
        file = Files.writeString(home.resolve("test.yaml"), "");
        LiveConfiguration live =
                LiveConfiguration.open(new ConfigurationLoader(home, Map.of()), file);
        API.reload = () -> live.reload(Reload.Trigger.REQUEST);
    }

    @AfterAll
    static void close() {
        API.close();
    }

    @Test
    void changed_keys_and_keys_that_need_a_restart_are_answered() throws IOException {
        Files.writeString(file, "polling: { imap: { interval: 3m } }\nhttp: { port: 1234 }");
        HttpResponse<String> response = API.client().post("/v1/config/reload");
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body())
                .isEqualTo(
                        "{\"changed\":[\"polling.imap.interval\"],\"needsRestart\":[\"http.port\"],\"nodes\":[]}");
    }

    @Test
    void every_fault_is_answered_with_source_and_line() throws IOException {
        Files.writeString(file, "polling:\n  jitter: 7\nhttp: { prot: 1 }\n");
        HttpResponse<String> response = API.client().post("/v1/config/reload");
        assertThat(response.statusCode()).isEqualTo(422);
        var problem = json(response);
        assertThat(problem.required("type").stringValue())
                .isEqualTo("urn:mailbell:problem:configuration-refused");
        assertThat(problem.required("errors").valueStream())
                .extracting(error ->
                        error.required("field").stringValue()
                                + " "
                                + error.required("line")
                                + " "
                                + error.required("source").stringValue())
                .containsExactlyInAnyOrder("polling.jitter 2 " + file, "http.prot 3 " + file);
        Files.delete(file);
        assertThat(json(API.client().post("/v1/config/reload")).required("errors").toString())
                .contains("there is no such file");
    }

    @Test
    void a_reload_needs_a_key() {
        assertThat(API.client().without("Authorization").post("/v1/config/reload").statusCode())
                .isEqualTo(401);
    }
}
