package dev.mailbell.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.mailbell.Ports;
import dev.mailbell.ui.Visitor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What an operator does to a daemon that runs. */
class OperationsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(180);
    private static final int SIGHUP = 1;

    /** The status of an answer while the daemon is busy for a moment, or about to stop. */
    private static final int UNAVAILABLE = 503;

    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @TempDir private static Path dataDir;

    private static int metricsPort;
    private static Path file;

    /** Mail servers that answer nothing. */
    private static ServerSocket silent;

    private static DaemonProcess daemon;

    /** Two more, each of which one test ends. They start while the tests of the first run. */
    private static DaemonProcess toStop;

    private static DaemonProcess toEndAtOnce;

    @BeforeAll
    static void start() throws IOException {
        metricsPort = Ports.free();
        file = Files.createDirectory(dataDir.resolve("config")).resolve("mailbell.yaml");
        write("metrics: { port: " + metricsPort + " }");
        silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        daemon = DaemonProcess.start(dataDir, settings("1s"));
        toStop = DaemonProcess.start(dataDir.resolve("loaded"), settings("1s"));
        toEndAtOnce = DaemonProcess.start(dataDir.resolve("ended-at-once"), settings("60s"));
    }

    @AfterAll
    static void stop() throws Exception {
        for (DaemonProcess each : List.of(daemon, toStop, toEndAtOnce)) {
            each.close();
        }
        silent.close();
    }

    /** Beside the other keys of the file. */
    private static String limits(int accounts) {
        return "metrics: { port: "
                + metricsPort
                + " }\nlimits: { accountsPerClient: "
                + accounts
                + " }\n";
    }

    /** As many editors do: the new file replaces the old one. */
    private static void write(String yaml) throws IOException {
        Path next = Files.writeString(dataDir.resolve("next.yaml"), yaml);
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static HttpResponse<String> get(URI uri) {
        try {
            return HTTP.send(
                    HttpRequest.newBuilder(uri).timeout(PATIENCE).build(),
                    HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static Exposition scrape() {
        HttpResponse<String> response =
                get(URI.create("http://127.0.0.1:" + metricsPort + "/metrics"));
        assertThat(response.statusCode()).isEqualTo(200);
        return new Exposition(response.body());
    }

    /** A request is measured after its answer. */
    private static Exposition afterRequest() {
        daemon.rest().get("/v1/accounts").expect(200);
        return await().until(
                        OperationsTest::scrape,
                        it -> it.names().contains("mailbell_http_requests_seconds_bucket"));
    }

    private static int register(int number) {
        return daemon.rest()
                .post(
                        "/v1/accounts",
                        Rest.account("pop3", silent.getLocalPort(), "ann" + number, "secret"))
                .status();
    }

    @Test
    void a_limit_changes_by_request_by_signal_and_by_the_file_alone() throws Exception {
        Rest rest = daemon.rest();
        // The daemon reads the file by itself some seconds after a change, which on a busy machine
        // may be before the request: then there is another change.
        await().untilAsserted(() -> {
            write(limits(9));
            rest.post("/v1/config/reload", null).expect(200);
            write(limits(1));
            assertThat(rest.post("/v1/config/reload", null).expect(200).path("changed").values())
                    .extracting(JsonNode::stringValue)
                    .containsExactly("limits.accountsPerClient");
        });
        assertThat(register(1)).isEqualTo(201);
        assertThat(register(2)).isEqualTo(422);

        write(limits(2) + "retention: { events: 20d }\n");
        await().until(() -> register(2) == 201);
        assertThat(register(3)).isEqualTo(422);
        assertThat(daemon.log())
                .contains("after a change of the file: limits.accountsPerClient changed")
                .contains("at the next start only: retention.events");

        assumeFalse(daemon.ignores(SIGHUP), "started by something like nohup");
        write(limits(3));
        daemon.signal("HUP");
        await().until(() -> register(3) == 201);
        assertThat(register(4)).isEqualTo(422);
    }

    @Test
    void the_page_shows_what_the_daemon_does() {
        Visitor operator = new Visitor(daemon.rest().uri().getPort());
        assertThat(operator.signIn(DaemonProcess.KEY).statusCode()).isEqualTo(303);
        await().until(() -> {
            String page = operator.get("/ui/overview").body();
            return page.contains("all 1,024 shards owned")
                    && page.contains("Checks a second in the last hour: ");
        });
        assertThat(operator.get("/ui/nodes").body()).contains("this one");
        assertThat(operator.get("/ui/configuration").body())
                .contains("metrics.port", "mailbell.yaml:1");
    }

    @Test
    void a_faulty_file_is_refused_and_seen_from_outside() throws Exception {
        Rest rest = daemon.rest();
        String good = Files.readString(file);
        assertThat(scrape().value("mailbell_config_refused")).isZero();
        write("limits: { accountsPerClient: many }\npoling: {}\n");
        await().until(() -> scrape().value("mailbell_config_refused") == 1);
        assertThat(rest.post("/v1/config/reload", null).expect(422).path("errors"))
                .hasSize(2)
                .allMatch(error -> error.path("source").stringValue().equals(file.toString()));
        assertThat(daemon.log()).contains("is refused", "mailbell.yaml:2: poling: there is no");
        write(good);
        await().until(() -> scrape().value("mailbell_config_refused") == 0);
    }

    @Test
    void the_metrics_are_on_their_own_port_alone() {
        Exposition metrics = afterRequest();
        assertThat(metrics.names())
                .allMatch(name -> name.startsWith("mailbell_"))
                .contains(
                        "mailbell_build_info",
                        "mailbell_jvm_memory_used_bytes",
                        "mailbell_jvm_gc_memory_allocated_bytes_total",
                        "mailbell_jvm_threads_live_threads",
                        "mailbell_process_cpu_usage",
                        "mailbell_process_files_open_files",
                        "mailbell_hikaricp_connections_active",
                        "mailbell_http_requests_seconds_bucket");
        assertThat(metrics.value("mailbell_hikaricp_connections_max{pool=\"database\"}"))
                .isEqualTo(10);
        assertThat(daemon.rest().get("/metrics").status()).isEqualTo(404);
        for (String health : List.of("/healthz", "/readyz")) {
            URI ofPort = URI.create("http://127.0.0.1:" + metricsPort + health);
            // On a busy machine a heartbeat may be late for a moment.
            await(health).until(() -> get(ofPort).statusCode() == 200);
        }
        URI other = URI.create("http://127.0.0.1:" + metricsPort + "/v1/accounts");
        assertThat(get(other).statusCode()).isEqualTo(404);
    }

    @Test
    void requests_without_a_key_cannot_fill_the_log() throws Exception {
        daemon.rest().get("/v1/accounts").expect(200);
        List<String> hostile =
                List.of(
                        "GET /healthz HTTP/1.1\r\nHost: a b" + "x".repeat(7_000) + "\r\n\r\n",
                        "GET /healthz HTTP/1.1\r\nHost: [::\r\n\r\n",
                        "GET /healthz HTTP/1.1\r\nHost: a:99999999\r\n\r\n",
                        "GET /healthz HTTP/1.1\r\n\r\n",
                        "GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n",
                        "GET /v1/%zz HTTP/1.1\r\nHost: x\r\n\r\n",
                        "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n",
                        "\u0016\u0003\u0001\u0002\u0000\u0001\u0000 a TLS hello\r\n\r\n",
                        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                        "POST /v1/accounts HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
                        "POST /v1/accounts HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: x\r\n\r\n",
                        "GET /v1/events/stream HTTP/1.1\r\nHost: x\r\n\r\n",
                        "GET / HTTP/1.1\r\nHost: x\r\nCookie: \u0000=\u0001\r\n\r\n",
                        "GET http://[/ HTTP/1.1\r\nHost: x\r\n\r\n",
                        "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
                        "GET /docs/..%2f..%2fetc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
                        "GET /healthz?%FF=%FE&=&%zz HTTP/1.1\r\nHost: x\r\n\r\n",
                        "GET /readyz HTTP/1.1\r\nHost: x\r\nRange: bytes=z\r\nExpect: y\r\n\r\n");
        int before = daemon.log().length();
        URI uri = daemon.rest().uri();
        for (int round = 0; round < 20; round++) {
            for (String request : hostile) {
                assertThat(raw(uri, request)).as(request).doesNotContain(" 500 ");
            }
        }
        daemon.rest().get("/v1/accounts").expect(200);
        // One line a minute of each kind, the longest of them with a header's 7,000 characters.
        assertThat(daemon.log().substring(before).lines()).hasSizeLessThan(hostile.size());
        assertThat(daemon.log().length() - before).isLessThan(20_000);
    }

    private static String raw(URI uri, String request) throws IOException {
        try (Socket socket = new Socket(uri.getHost(), uri.getPort())) {
            socket.setSoTimeout((int) PATIENCE.toMillis());
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            byte[] answer = new byte[16 * 1024];
            int length = socket.getInputStream().read(answer);
            return length < 0 ? "" : new String(answer, 0, length, StandardCharsets.ISO_8859_1);
        }
    }

    @Test
    void the_names_of_the_metrics_follow_the_conventions_of_prometheus() {
        Exposition metrics = afterRequest();
        assertThat(metrics.lint()).isEmpty();
        assertThat(metrics.names())
                .contains("mailbell_process_cpu_seconds_total", "mailbell_system_cpus");
        // On a busy machine a heartbeat may be late for a moment.
        await().until(() -> scrape().value("mailbell_node_active") == 1);
    }

    @Test
    void what_the_shipped_files_ask_for_is_there() throws IOException {
        Set<String> there = ShippedMetrics.with(afterRequest().names());
        for (String asking : List.of("config/alerts.yml", "config/grafana.json")) {
            assertThat(ShippedMetrics.names(Path.of(asking)))
                    .as(asking)
                    .isNotEmpty()
                    .isSubsetOf(there);
        }
    }

    @Test
    void sigterm_under_load_ends_well() throws Exception {
        Rest rest = toStop.rest();
        List<Future<Integer>> load = load(rest);
        await().until(() -> accounts(rest) >= 5);
        toStop.signal("TERM");
        assertThat(toStop.awaitExit()).as(toStop.log()).isZero();
        assertThat(toStop.log()).contains("Stopped").doesNotContain("broken off");
        awaitEnd(load);
    }

    @Test
    void a_second_sigterm_ends_at_once_and_the_next_start_takes_over() throws Exception {
        Rest rest = toEndAtOnce.rest();
        List<Future<Integer>> load = load(rest);
        await().until(() -> accounts(rest) >= 5);
        toEndAtOnce.signal("TERM");
        await().pollInterval(Duration.ofMillis(10))
                .until(() -> toEndAtOnce.log().contains("Stopping"));
        toEndAtOnce.signal("TERM");
        assertThat(toEndAtOnce.awaitExit()).as(toEndAtOnce.log()).isEqualTo(143);
        assertThat(toEndAtOnce.log()).doesNotContain("Stopped");
        awaitEnd(load);
        try (DaemonProcess next =
                DaemonProcess.start(dataDir.resolve("ended-at-once"), settings("1s"))) {
            assertThat(accounts(next.rest())).isGreaterThanOrEqualTo(5);
        }
    }

    private static Map<String, String> settings(String checkTimeout) {
        return Map.of(
                "MAILBELL_NETWORK_ALLOW_PRIVATE", "127.0.0.0/8",
                "MAILBELL_NETWORK_ALLOW_CLEARTEXT", "127.0.0.1",
                "MAILBELL_LIMITS_REQUESTS_PER_SECOND", "100000",
                "MAILBELL_POLLING_TIMEOUT", checkTimeout);
    }

    private static int accounts(Rest rest) {
        return rest.get("/v1/accounts").expect(200).path("items").size();
    }

    /** Accounts whose checks hang, and requests, until the daemon answers no more. */
    private static List<Future<Integer>> load(Rest rest) {
        int port = silent.getLocalPort();
        return List.of(
                untilItEnds(() -> rest.get("/v1/accounts")),
                untilItEnds(() -> rest.get("/v1/events")),
                untilItEnds(() ->
                        rest.post(
                                "/v1/accounts/verify",
                                Rest.account("imap", port, "verified", "secret"))),
                untilItEnds(() -> {
                    Rest.Answer listed = rest.get("/v1/accounts");
                    if (listed.status() != UNAVAILABLE
                            && listed.expect(200).path("items").size() < 10) {
                        registerWatched(rest, port);
                    }
                }));
    }

    private static void registerWatched(Rest rest, int port) {
        Rest.Answer registered =
                rest.post("/v1/accounts", Rest.account("pop3", port, "watched", "secret"));
        if (registered.status() != UNAVAILABLE) {
            registered.expect(201);
        }
    }

    /** Makes requests until the daemon ends; the result is how many were answered. */
    private static Future<Integer> untilItEnds(Runnable request) {
        FutureTask<Integer> load =
                new FutureTask<>(() -> {
                    int answered = 0;
                    try {
                        while (true) {
                            request.run();
                            answered++;
                        }
                    } catch (UncheckedIOException ended) {
                        // The daemon stops, as the test wants it.
                        return answered;
                    }
                });
        Thread.startVirtualThread(() -> {
            load.run();
            if (load.state() == Future.State.FAILED) {
                // Uncaught, so that a wait of the test fails, too.
                throw new AssertionError(load.exceptionNow());
            }
        });
        return load;
    }

    /** Fails where an answer to the load was none that it may get. */
    private static void awaitEnd(List<Future<Integer>> load) throws Exception {
        for (Future<Integer> each : load) {
            assertThat(each.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isNotNegative();
        }
    }
}
