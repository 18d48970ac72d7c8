package dev.mailbell.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import dev.mailbell.Patience;
import dev.mailbell.database.DatabaseAddress;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.e2e.FuzzRequests.Request;
import dev.mailbell.mail.servers.TestGreenMail;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Requests that a generator makes from {@code openapi.yaml}, valid ones and wild ones, to a whole
 * daemon: every answer is one that the contract has, and the daemon is as well afterwards as
 * before. {@code -Dmailbell.fuzz=200000} sends more, {@code -Dmailbell.fuzz.seed} the same again.
 */
class ContractFuzzTest {
    private static final int REQUESTS = Integer.getInteger("mailbell.fuzz", 2_000);
    private static final long SEED = Long.getLong("mailbell.fuzz.seed", System.nanoTime());
    private static final int WORKERS = 8;
    private static final Duration PATIENCE = Duration.ofSeconds(180);
    private static final Duration REST = Duration.ofMinutes(3);

    /** What the daemon may keep for good: compiled code's data, caches, classes loaded late. */
    private static final long MAY_GROW = 16 << 20;

    /** Of the log: behind the time, because a text of a request may have the same word. */
    private static final Pattern ERROR = Pattern.compile("^\\S+ ERROR ");

    @TempDir private static Path directory;
    private static DaemonProcess daemon;
    private static ServerSocket receiver;
    private static final GreenMail mail =
            TestGreenMail.of(ServerSetup.PROTOCOL_IMAP, ServerSetup.PROTOCOL_POP3);

    private final FuzzIds ids = new FuzzIds();
    private final AtomicInteger sent = new AtomicInteger();
    private final FuzzAnswers answers = new FuzzAnswers(ids, DaemonProcess.KEY);

    @BeforeAll
    static void start() throws IOException {
        Patience.withGreenMail();
        mail.start();
        mail.setUser("ann@localhost", "ann", "secret");
        receiver = new ServerSocket(0);
        Thread.ofVirtual().start(ContractFuzzTest::answerWebhooks);
        // The names of this machine alone: no name server is ever asked.
        Path hosts = Files.writeString(directory.resolve("hosts"), "127.0.0.1 localhost\n");
        DatabaseAddress database = TestDatabase.empty();
        daemon =
                DaemonProcess.start(
                        directory.resolve("daemon"),
                        Map.of(
                                "JAVA_TOOL_OPTIONS",
                                "-Xmx256m -Djdk.net.hosts.file=" + hosts,
                                "MAILBELL_DATABASE_URL",
                                database.url(),
                                "MAILBELL_DATABASE_USERNAME",
                                database.username(),
                                "MAILBELL_DATABASE_PASSWORD",
                                database.password(),
                                "MAILBELL_NETWORK_ALLOW_PRIVATE",
                                "127.0.0.0/8",
                                "MAILBELL_NETWORK_ALLOW_CLEARTEXT",
                                "127.0.0.1,localhost",
                                "MAILBELL_LIMITS_REQUESTS_PER_SECOND",
                                "100000",
                                "MAILBELL_LIMITS_ACCOUNTS_PER_CLIENT",
                                "1000",
                                "MAILBELL_POLLING_TIMEOUT",
                                "2s"));
    }

    @AfterAll
    static void stop() throws Exception {
        daemon.close();
        receiver.close();
        mail.stop();
    }

    /** Answers every other POST with 204; the other connections are closed at once. */
    private static void answerWebhooks() {
        for (int i = 0; ; i++) {
            try {
                Socket socket = receiver.accept();
                boolean answered = i % 2 == 0;
                Thread.ofVirtual().start(() -> answer(socket, answered));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private static void answer(Socket given, boolean answered) {
        try (Socket socket = given) {
            socket.setSoTimeout(200);
            if (answered && socket.getInputStream().read(new byte[8192]) > 0) {
                OutputStream out = socket.getOutputStream();
                out.write("HTTP/1.1 204 No\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            }
        } catch (IOException gone) {
            // A mail client waits for a greeting, and gets none.
            Thread.yield();
        }
    }

    @Test
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void every_answer_is_documented_and_the_daemon_stays_as_it_is() throws Exception {
        System.out.println("ContractFuzzTest: -Dmailbell.fuzz.seed=" + SEED);
        Rest rest = daemon.rest();
        long begun = System.nanoTime();
        // What is loaded and compiled once does not count as growth.
        fuzz(rest.uri(), SEED, Math.max(500, REQUESTS / 10));
        removeAll(rest);
        await().atMost(REST).until(() -> scrape(rest).value("mailbell_sessions") == 0);
        long before = heapAfterCollection(rest);
        double filesBefore = scrape(rest).value("mailbell_process_files_open_files");
        fuzz(rest.uri(), SEED + 1_000, REQUESTS);
        assertThat(answers.failures())
                .as("with seed %d; the log has: %s", SEED, errorsInLog())
                .isEmpty();
        removeAll(rest);
        // Sessions of removed accounts end, and queues of removed webhooks are forgotten, in time.
        AtomicLong heap = new AtomicLong();
        await().atMost(REST)
                .pollInterval(Duration.ofSeconds(2))
                .pollDelay(Duration.ZERO)
                .untilAsserted(() -> {
                    heap.set(heapAfterCollection(rest));
                    assertThat(heap.get() - before).as("growth of the heap").isLessThan(MAY_GROW);
                });
        System.out.printf(
                "ContractFuzzTest: %d requests in %d s, %s; heap at rest %d → %d KiB%n",
                sent.get(),
                Duration.ofNanos(System.nanoTime() - begun).toSeconds(),
                answers.summary(),
                before >> 10,
                heap.get() >> 10);
        await().atMost(PATIENCE)
                .until(() ->
                        scrape(rest).value("mailbell_process_files_open_files") < filesBefore + 20);
        await().atMost(PATIENCE)
                .until(() -> scrape(rest).sum("mailbell_hikaricp_connections_active", "") == 0);
        rest.awaitReady();
        assertThat(answers.share(200, 300)).as("the share of successes").isGreaterThan(0.2);
        assertThat(answers.share(503, 504)).as("the share of 503").isLessThan(0.02);
        assertThat(errorsInLog()).as("errors in the log, with seed %d", SEED).isEmpty();
    }

    /** The first lines of each error. */
    private static String errorsInLog() {
        List<String> lines = daemon.log().lines().toList();
        StringBuilder errors = new StringBuilder();
        for (int i = 0; i < lines.size(); i++) {
            if (ERROR.matcher(lines.get(i)).find()) {
                lines.subList(i, Math.min(lines.size(), i + 30))
                        .forEach(line -> errors.append(line).append('\n'));
            }
        }
        return errors.toString();
    }

    private void fuzz(URI uri, long seed, int requests) throws InterruptedException {
        FuzzContract contract = new FuzzContract();
        List<Thread> workers = new ArrayList<>();
        for (int i = 0; i < WORKERS; i++) {
            SplittableRandom random = new SplittableRandom(seed + i);
            FuzzRequests made =
                    new FuzzRequests(
                            contract.operations(),
                            new FuzzValues(contract, random, places(), ids),
                            ids,
                            random,
                            DaemonProcess.KEY);
            workers.add(Thread.startVirtualThread(() -> work(uri, made, requests / WORKERS)));
        }
        for (Thread worker : workers) {
            worker.join();
        }
    }

    /** The only places that a request names. */
    private static Map<String, List<String>> places() {
        String url = "http://127.0.0.1:" + receiver.getLocalPort() + "/";
        return Map.of(
                "host",
                List.of("127.0.0.1", "127.0.0.1", "localhost", "nowhere.invalid"),
                "address",
                List.of("ann@localhost", "b@c", "\"a b\"@localhost", "é@localhost"),
                "url",
                List.of(url, url + "hook?x=%20", url.replace("127.0.0.1", "localhost")),
                "port",
                List.of(
                        Integer.toString(mail.getImap().getPort()),
                        Integer.toString(mail.getImap().getPort()),
                        Integer.toString(mail.getPop3().getPort()),
                        Integer.toString(mail.getPop3().getPort()),
                        Integer.toString(receiver.getLocalPort())),
                "bad",
                List.of(
                        "",
                        " ",
                        "a b",
                        "-",
                        ".",
                        "..",
                        "[::",
                        "127.0.0.1\r\n",
                        "127.0.0.1\u0000",
                        "http://",
                        "ftp://127.0.0.1/",
                        "http://user:pass@127.0.0.1/",
                        "http://127.0.0.1:99999/",
                        "http://127.0.0.1:/#x",
                        "//",
                        "@",
                        "a@",
                        "@localhost",
                        "x".repeat(600),
                        "\ud83d\ude00"));
    }

    private void work(URI uri, FuzzRequests made, int requests) {
        InetSocketAddress address = new InetSocketAddress(uri.getHost(), uri.getPort());
        try (RawHttp http = new RawHttp(address, PATIENCE)) {
            for (int i = 0; i < requests && answers.failures().size() < 20; i++) {
                Request request = made.next();
                try {
                    Optional<RawHttp.Answer> answer =
                            http.send(request.bytes(), request.method(), request.whole());
                    answers.check(request, answer);
                } catch (IOException | RuntimeException e) {
                    answers.fail(request, "no answer: " + e);
                }
                if (sent.incrementAndGet() % 10_000 == 0) {
                    System.out.println("ContractFuzzTest: " + sent + ", " + answers.summary());
                }
                removeSurplus(http);
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private void removeSurplus(RawHttp http) throws IOException {
        for (String list : List.of("/v1/accounts", "/v1/webhooks")) {
            Optional<String> id = ids.surplus(list);
            if (id.isPresent()) {
                remove(http, list + "/" + id.get());
            }
        }
    }

    private static void remove(RawHttp http, String path) throws IOException {
        http.send(
                "DELETE %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n"
                        .formatted(path, DaemonProcess.KEY)
                        .getBytes(StandardCharsets.US_ASCII),
                "DELETE",
                true);
    }

    private static void removeAll(Rest rest) {
        for (String list : List.of("/v1/accounts", "/v1/webhooks")) {
            while (true) {
                var items = rest.get(list + "?limit=500").expect(200).path("items");
                if (items.isEmpty()) {
                    break;
                }
                items.forEach(item ->
                        rest.send("DELETE", list + "/" + item.path("id").stringValue(), null));
            }
        }
    }

    private static long heapAfterCollection(Rest rest) throws Exception {
        daemon.collectGarbage();
        return (long) scrape(rest).sum("mailbell_jvm_memory_used_bytes", "area=\"heap\"");
    }

    private static Exposition scrape(Rest rest) throws IOException {
        InetSocketAddress address =
                new InetSocketAddress(rest.uri().getHost(), rest.uri().getPort());
        byte[] request =
                "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        try (RawHttp http = new RawHttp(address, PATIENCE)) {
            return new Exposition(http.send(request, "GET", true).orElseThrow().body());
        }
    }
}
