package dev.mailbell.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.Ports;
import dev.mailbell.mail.scripted.FakeImap;
import dev.mailbell.mail.servers.UnpackedServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A real Prometheus scrapes a daemon that works, with the shipped rules, and answers what the
 * dashboard asks.
 */
class PrometheusTest {
    private static final JsonMapper JSON = new JsonMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    /** What a healthy daemon that just began has none of. */
    private static final Pattern WITHOUT_VALUE =
            Pattern.compile("jvm_gc_pause|status=~\\\\?\"5|histogram_quantile");

    @TempDir private static Path directory;

    private static DaemonProcess daemon;
    private static FakeImap mail;
    private static Receiver receiver;
    private static Process prometheus;
    private static int metricsPort;
    private static int port;

    @BeforeAll
    static void start() throws Exception {
        UnpackedServer unpacked = UnpackedServer.of("prometheus");
        metricsPort = Ports.free();
        mail = new FakeImap();
        receiver = new Receiver();
        daemon =
                DaemonProcess.start(
                        directory.resolve("daemon"),
                        Map.of(
                                "MAILBELL_METRICS_PORT", Integer.toString(metricsPort),
                                "MAILBELL_NETWORK_ALLOW_PRIVATE", "127.0.0.0/8",
                                "MAILBELL_NETWORK_ALLOW_CLEARTEXT", "127.0.0.1"));
        Rest rest = daemon.rest();
        receiver.trust(rest.registerWebhook(receiver.url()).path("secret").stringValue());
        String account = rest.registerAccount("imap", mail.port(), "ann", "secret");
        await().until(() -> rest.stateOf(account).equals("watching"));
        mail.deliver("ann");
        await().until(() -> receiver.announced(account) == 1);
        port = Ports.free();
        prometheus = prometheus(unpacked);
    }

    /** With the shipped configuration, but that it scrapes this daemon, and each second. */
    private static Process prometheus(UnpackedServer unpacked) throws Exception {
        String shipped = Files.readString(Path.of("config/prometheus.yml"));
        assertThat(shipped).contains("\"127.0.0.1:2177\"", "scrape_interval: 15s");
        Path configuration =
                Files.writeString(
                        directory.resolve("prometheus.yml"),
                        "global: { evaluation_interval: 1s }\n"
                                + shipped.replace("127.0.0.1:2177", "127.0.0.1:" + metricsPort)
                                        .replace("scrape_interval: 15s", "scrape_interval: 1s"));
        Files.copy(Path.of("config/alerts.yml"), directory.resolve("alerts.yml"));
        ProcessBuilder builder =
                new ProcessBuilder(
                                unpacked.file("usr/bin/prometheus").toString(),
                                "--config.file=" + configuration,
                                "--storage.tsdb.path=" + directory.resolve("tsdb"),
                                "--web.listen-address=127.0.0.1:" + port)
                        .redirectErrorStream(true)
                        .redirectOutput(directory.resolve("prometheus.log").toFile());
        builder.environment().put("LD_LIBRARY_PATH", unpacked.libraryPath());
        return builder.start();
    }

    @AfterAll
    static void stop() throws Exception {
        if (prometheus != null) {
            prometheus.destroy();
            prometheus.waitFor();
        }
        if (daemon != null) {
            daemon.close();
        }
        receiver.close();
        mail.close();
    }

    /** What its API answers; missing while it does not answer, or answers that it is not ready. */
    private static JsonNode ask(String path) throws Exception {
        HttpRequest request =
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api/v1/" + path))
                        .timeout(Duration.ofSeconds(60))
                        .build();
        try {
            HttpResponse<String> response =
                    HTTP.send(request, HttpResponse.BodyHandlers.ofString());
            return response.statusCode() == 503
                    ? JSON.missingNode()
                    : JSON.readTree(response.body());
        } catch (ConnectException notYet) {
            assertThat(prometheus.isAlive())
                    .as(Files.readString(directory.resolve("prometheus.log")))
                    .isTrue();
            return JSON.missingNode();
        }
    }

    private static JsonNode query(String expression) throws Exception {
        return ask("query?query=" + URLEncoder.encode(expression, StandardCharsets.UTF_8));
    }

    /** Fails with what promtool says unless its exit status is that of success. */
    private static void requireGood(Path input, String... arguments) throws Exception {
        UnpackedServer unpacked = UnpackedServer.of("prometheus");
        Path said = directory.resolve("promtool.txt");
        List<String> command =
                new ArrayList<>(List.of(unpacked.file("usr/bin/promtool").toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder =
                new ProcessBuilder(command)
                        .redirectInput(input.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(said.toFile());
        builder.environment().put("LD_LIBRARY_PATH", unpacked.libraryPath());
        assertThat(builder.start().waitFor()).as(() -> read(said)).isZero();
    }

    @Test
    void alerts_are_raised_when_they_should_be() throws Exception {
        Path tests = directory.resolve("alerts_test.yml");
        Files.copy(Path.of("src/test/resources/prometheus/alerts_test.yml"), tests);
        requireGood(Path.of("/dev/null"), "test", "rules", tests.toString());
    }

    @Test
    void promtool_finds_nothing_wrong_with_the_metrics() throws Exception {
        // A request is measured after its answer.
        daemon.rest().get("/v1/accounts").expect(200);
        String scraped =
                await().until(PrometheusTest::scrape, it -> it.contains("mailbell_http_requests_"));
        requireGood(
                Files.writeString(directory.resolve("metrics.txt"), scraped), "check", "metrics");
    }

    private static String scrape() throws Exception {
        URI metrics = URI.create("http://127.0.0.1:" + metricsPort + "/metrics");
        HttpRequest request =
                HttpRequest.newBuilder(metrics).timeout(Duration.ofSeconds(180)).build();
        return HTTP.send(request, HttpResponse.BodyHandlers.ofString()).body();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void every_alert_is_evaluated_and_none_is_raised_on_a_healthy_daemon() throws Exception {
        await().until(() ->
                query("min_over_time(mailbell_ready[3s])")
                        .at("/data/result/0/value/1")
                        .asString("")
                        .equals("1"));
        List<JsonNode> rules = new ArrayList<>();
        await().until(() -> {
            rules.clear();
            ask("rules").at("/data/groups/0/rules").forEach(rules::add);
            return !rules.isEmpty()
                    && rules.stream()
                            .noneMatch(rule -> rule.path("health").stringValue().equals("unknown"));
        });
        assertThat(rules).hasSizeGreaterThan(15);
        for (JsonNode rule : rules) {
            assertThat(rule.path("health").stringValue()).as(rule.toString()).isEqualTo("ok");
            // A long rate of a daemon that just began says nothing.
            assertThat(rule.path("state").stringValue()).as(rule.toString()).isNotEqualTo("firing");
        }
    }

    @Test
    void every_panel_shows_something() throws Exception {
        JsonNode panels = JSON.readTree(Path.of("config/grafana.json").toFile()).path("panels");
        assertThat(panels.size()).isGreaterThan(30);
        for (JsonNode panel : panels) {
            for (JsonNode target : panel.path("targets")) {
                String expression =
                        target.path("expr")
                                .stringValue()
                                .replace("$__rate_interval", "10s")
                                .replace("$instance", ".*");
                JsonNode answer = query(expression);
                if (answer.isMissingNode()) {
                    await().until(() -> !query(expression).isMissingNode());
                    answer = query(expression);
                }
                assertThat(answer.path("status").asString(""))
                        .as(expression + answer)
                        .isEqualTo("success");
                if (!WITHOUT_VALUE.matcher(expression).find()) {
                    await(panel.path("title").stringValue())
                            .until(() -> !query(expression).at("/data/result").isEmpty());
                }
            }
        }
    }
}
