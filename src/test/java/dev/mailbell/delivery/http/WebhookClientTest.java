package dev.mailbell.delivery.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import com.standardwebhooks.Webhook;
import dev.mailbell.delivery.RawReceiver;
import dev.mailbell.delivery.http.PostResult.Answered;
import dev.mailbell.delivery.http.PostResult.Failed;
import dev.mailbell.delivery.http.PostResult.Kind;
import dev.mailbell.network.Host;
import dev.mailbell.network.Watchdog;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.tls.TlsContexts;
import dev.mailbell.secret.Secret;
import dev.mailbell.secret.Signer;
import dev.mailbell.webhook.WebhookUrl;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.net.http.HttpHeaders;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLException;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WebhookClientTest {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofMillis(300);
    private static final Secret SECRET = Signer.newSecret();
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private static final HeldCertificate AUTHORITY =
            new HeldCertificate.Builder().certificateAuthority(0).build();

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final Map<String, List<String>> names = new HashMap<>();
    private final Watchdog watchdog = open(new Watchdog());
    private Clock clock = Clock.systemUTC();

    private <T extends AutoCloseable> T open(T resource) {
        opened.addFirst(resource);
        return resource;
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable resource : opened) {
            resource.close();
        }
    }

    private List<InetAddress> lookup(String name) throws UnknownHostException {
        if (!names.containsKey(name)) {
            throw new UnknownHostException(name);
        }
        return names.get(name).stream().map(a -> Host.of(a).literal().orElseThrow()).toList();
    }

    private AddressGuard guard(String... allowPrivate) {
        return open(new AddressGuard(List.of(allowPrivate), List.of("*"), this::lookup));
    }

    private WebhookClient client(AddressGuard guard) {
        return open(
                new WebhookClient(
                        new WebhookClient.Settings(
                                "1.2.3", () -> List.of(443), 20, AUTHORITY.certificatePem(), null),
                        guard,
                        new TlsContexts(watchdog),
                        watchdog,
                        clock));
    }

    private WebhookClient client() {
        return client(guard("127.0.0.0/8"));
    }

    private static WebhookPost post(String url) {
        return new WebhookPost(
                WebhookUrl.parse(url), "id-1", "{\"a\":\"ü\"}".getBytes(UTF_8), List.of(SECRET));
    }

    private PostResult post(RawReceiver receiver, Duration timeout) {
        return client().post(post("http://127.0.0.1:" + receiver.port() + "/hook?x=1"), timeout);
    }

    private Answered answer(String text) {
        return (Answered) post(open(new RawReceiver(RawReceiver.saying(text))), LONG);
    }

    private Failed failure(RawReceiver.Answer answer, Duration timeout) {
        return (Failed) post(open(new RawReceiver(answer)), timeout);
    }

    @Test
    void a_post_carries_the_exact_bytes_and_a_signature_that_the_official_library_takes()
            throws Exception {
        RawReceiver receiver = open(new RawReceiver(RawReceiver.saying(OK)));
        Answered answered = (Answered) post(receiver, LONG);
        assertThat(answered.status()).isEqualTo(200);
        assertThat(answered.isSuccess()).isTrue();
        assertThat(answered.bodyStart()).isEqualTo("ok");
        assertThat(answered.retryAfter()).isEmpty();
        assertThat(answered.duration()).isPositive();

        RawReceiver.Request request = receiver.requests.remove();
        assertThat(request.line()).isEqualTo("POST /hook?x=1 HTTP/1.1");
        assertThat(request.body()).isEqualTo("{\"a\":\"ü\"}");
        Map<String, List<String>> headers = new HashMap<>();
        request.headers().forEach((name, value) -> headers.put(name, List.of(value)));
        new Webhook(SECRET.reveal())
                .verify(request.body(), HttpHeaders.of(headers, (name, value) -> true));
        assertThat(request.headers())
                .containsEntry("webhook-id", "id-1")
                .containsEntry("content-type", "application/json")
                .containsEntry("user-agent", "Mailbell/1.2.3")
                .containsEntry("host", "127.0.0.1:" + receiver.port())
                .containsOnlyKeys(
                        "webhook-id",
                        "webhook-timestamp",
                        "webhook-signature",
                        "content-type",
                        "content-length",
                        "user-agent",
                        "host",
                        "connection");
    }

    @Test
    void an_ipv4_address_in_ipv6_spelling_is_that_address() {
        RawReceiver receiver = open(new RawReceiver(RawReceiver.saying(OK)));
        String url = "http://[::ffff:127.0.0.1]:" + receiver.port();
        assertThat(client().post(post(url), LONG)).isInstanceOf(Answered.class);
        assertThat(receiver.requests.remove().headers())
                .containsEntry("host", "127.0.0.1:" + receiver.port());
        Failed failed = (Failed) client().post(post("http://[::1]:" + receiver.port()), LONG);
        assertThat(failed.kind()).isEqualTo(Kind.BLOCKED);
        assertThat(failed.message()).contains("\"::1\"");
    }

    @Test
    void the_timestamp_is_the_clocks_second() {
        clock = Clock.fixed(Instant.ofEpochSecond(1614265330, 999_999_999), ZoneOffset.UTC);
        RawReceiver receiver = open(new RawReceiver(RawReceiver.saying(OK)));
        post(receiver, LONG);
        assertThat(receiver.requests.remove().headers())
                .containsEntry("webhook-timestamp", "1614265330");
    }

    @Test
    void a_connection_is_kept_and_a_cookie_is_not() {
        RawReceiver receiver =
                open(
                        new RawReceiver(
                                RawReceiver.saying(
                                        "HTTP/1.1 204 No\r\nSet-Cookie: a=b; Path=/\r\n\r\n")));
        WebhookClient client = client();
        for (int i = 0; i < 5; i++) {
            assertThat(client.post(post("http://127.0.0.1:" + receiver.port()), LONG))
                    .isInstanceOf(Answered.class);
        }
        assertThat(receiver.connections).hasValue(1);
        assertThat(receiver.requests)
                .hasSize(5)
                .allSatisfy(request -> assertThat(request.headers()).doesNotContainKey("cookie"));
    }

    @Test
    void a_kept_connection_that_ends_without_an_answer_is_replaced_at_once() {
        AtomicLong served = new AtomicLong();
        RawReceiver receiver =
                open(
                        new RawReceiver((request, out) -> {
                            if (served.incrementAndGet() == 2) {
                                throw new IOException("closed as the request arrives");
                            }
                            out.write(OK.getBytes(UTF_8));
                        }));
        WebhookClient client = client();
        WebhookPost post = post("http://127.0.0.1:" + receiver.port() + "/");
        assertThat(client.post(post, LONG)).isInstanceOf(Answered.class);
        assertThat(client.post(post, LONG)).isInstanceOf(Answered.class);
        assertThat(receiver.connections).hasValue(2);
        assertThat(receiver.requests).hasSize(3);
    }

    /**
     * Load balancers say so of a kept connection without a request, just when the next one comes.
     */
    @Test
    void a_kept_connection_that_ends_with_408_is_replaced_at_once() {
        String late = "HTTP/1.1 408 Request Time-out\r\nConnection: close\r\n\r\n";
        AtomicLong served = new AtomicLong();
        RawReceiver receiver =
                open(
                        new RawReceiver((request, out) -> {
                            boolean ok = served.incrementAndGet() != 2 && served.get() < 4;
                            out.write((ok ? OK : late).getBytes(UTF_8));
                            if (!ok) {
                                out.close();
                            }
                        }));
        WebhookClient client = client();
        WebhookPost post = post("http://127.0.0.1:" + receiver.port() + "/");
        assertThat(((Answered) client.post(post, LONG)).status()).isEqualTo(200);
        assertThat(((Answered) client.post(post, LONG)).status()).isEqualTo(200);
        assertThat(receiver.connections).hasValue(2);
        assertThat(receiver.requests).hasSize(3);
        // Said of a new connection it is an answer.
        assertThat(((Answered) client.post(post, LONG)).status()).isEqualTo(408);
        assertThat(receiver.connections).hasValue(3);
        assertThat(receiver.requests).hasSize(5);
    }

    @Test
    void a_post_that_a_kept_connection_lost_is_sent_once_more_over_a_new_one_and_no_further()
            throws Exception {
        int together = 5;
        CountDownLatch kept = new CountDownLatch(together);
        AtomicBoolean closing = new AtomicBoolean();
        RawReceiver receiver =
                open(
                        new RawReceiver((request, out) -> {
                            if (closing.get()) {
                                throw new IOException("closed as the request arrives");
                            }
                            kept.countDown();
                            awaitOrFail(kept);
                            out.write(OK.getBytes(UTF_8));
                        }));
        WebhookClient client = client();
        WebhookPost post = post("http://127.0.0.1:" + receiver.port() + "/");
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<PostResult>> posts =
                    Collections.nCopies(together, () -> client.post(post, LONG));
            for (Future<PostResult> one : threads.invokeAll(posts)) {
                assertThat(one.get()).isInstanceOf(Answered.class);
            }
        }
        assertThat(receiver.connections).hasValue(together);
        receiver.requests.clear();
        closing.set(true);
        assertThat(client.post(post, LONG))
                .isInstanceOfSatisfying(
                        Failed.class,
                        failed -> assertThat(failed.kind()).isEqualTo(Kind.DISCONNECTED));
        assertThat(receiver.requests).hasSizeLessThanOrEqualTo(2);
        assertThat(receiver.connections).hasValue(together + 1);
    }

    @Test
    void a_kept_connection_that_the_receiver_closed_is_not_used_again() {
        RawReceiver receiver = open(new RawReceiver(RawReceiver.saying(OK)));
        AddressGuard guard = guard("127.0.0.0/8");
        WebhookClient client = client(guard);
        String url = "http://127.0.0.1:" + receiver.port();
        assertThat(client.post(post(url), LONG)).isInstanceOf(Answered.class);
        receiver.open.forEach(socket -> {
            try {
                socket.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        // Within half a second one try is allowed, which fails as any lost connection.
        await().untilAsserted(() ->
                assertThat(client.post(post(url), LONG)).isInstanceOf(Answered.class));
        assertThat(receiver.connections).hasValue(2);
    }

    @ParameterizedTest
    @ValueSource(ints = {301, 302, 303, 307, 308})
    void a_redirect_is_an_answer_and_is_not_followed(int status) {
        RawReceiver target = open(new RawReceiver(RawReceiver.saying(OK)));
        Answered answered =
                answer(
                        "HTTP/1.1 %d Moved\r\nLocation: http://127.0.0.1:%d/\r\nContent-Length: 0\r\n\r\n"
                                .formatted(status, target.port()));
        assertThat(answered.status()).isEqualTo(status);
        assertThat(answered.isSuccess()).isFalse();
        assertThat(target.connections).hasValue(0);
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 407, 408, 429, 500, 503})
    void a_refusal_is_not_retried_by_the_client(int status) {
        RawReceiver receiver =
                open(
                        new RawReceiver(
                                RawReceiver.saying(
                                        ("HTTP/1.1 %d No\r\nWWW-Authenticate: Basic realm=x\r\n"
                                                        + "Retry-After: 0\r\nContent-Length: 0\r\n\r\n")
                                                .formatted(status))));
        assertThat(((Answered) post(receiver, LONG)).status()).isEqualTo(status);
        assertThat(receiver.requests).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    0                             | PT0S
                    120                           | PT2M
                    86400                         | PT24H
                    99999999999999999999          | PT8760H
                    Fri, 20 Nov 2026 00:01:00 GMT | PT1M
                    Friday, 20-Nov-26 00:01:00 GMT| PT1M
                    Fri Nov 20 00:01:00 2026      | PT1M
                    Thu, 19 Nov 2026 00:00:00 GMT | PT0S
                    Fri, 20 Nov 2026 00:01:00 UTC | PT1M
                    Fri, 20 Nov 2026 00:01:00 +0000 | PT1M
                    Fri, 20 Nov 2026 00:01:00 -0000 | PT1M
                    2026-11-20T00:01:00Z          | PT1M
                    2026-11-20T01:01:00+01:00     | PT1M
                    -5                            |
                    1.5                           |
                    soon                          |
                    ''                            |
                    """)
    void retry_after_is_read_as_seconds_or_as_a_date(String value, Duration expected) {
        clock = Clock.fixed(Instant.parse("2026-11-20T00:00:00Z"), ZoneOffset.UTC);
        Answered answered =
                answer(
                        "HTTP/1.1 503 No\r\nRetry-After: "
                                + value
                                + "\r\nContent-Length: 0\r\n\r\n");
        assertThat(answered.retryAfter().orElse(null)).isEqualTo(expected);
    }

    @Test
    void of_a_long_answer_the_first_kilobyte_is_kept() {
        Answered answered =
                answer("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + "a".repeat(5000));
        assertThat(answered.bodyStart()).isEqualTo("a".repeat(1024));
    }

    @Test
    void an_answer_is_kept_as_text_without_control_characters_or_halves() {
        Answered answered =
                answer(
                        "HTTP/1.1 200 OK\r\nContent-Length: 1025\r\n\r\n\0\33[31m\r\n\t\u00ff"
                                + "x".repeat(1024 - 10)
                                + "\u00c3\u00bc");
        assertThat(answered.bodyStart())
                .startsWith("\ufffd\ufffd[31m\n\t\ufffdxxx")
                .endsWith("x")
                .doesNotContain("\0");
    }

    @Test
    void an_endless_answer_is_read_to_16_kib_and_cut_off() {
        AtomicLong written = new AtomicLong();
        CountDownLatch gone = new CountDownLatch(1);
        RawReceiver receiver =
                open(
                        new RawReceiver((request, out) -> {
                            out.write(
                                    "HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n"
                                            .getBytes(UTF_8));
                            byte[] chunk = new byte[8192];
                            try {
                                while (true) {
                                    out.write(chunk);
                                    written.addAndGet(chunk.length);
                                }
                            } finally {
                                gone.countDown();
                            }
                        }));
        Answered answered = (Answered) post(receiver, LONG);
        assertThat(answered.status()).isEqualTo(200);
        assertThat(answered.bodyStart()).hasSize(1024);
        await().until(() -> gone.getCount() == 0);
        // At most the content of the socket buffers.
        assertThat(written.get()).isLessThan(50_000_000);
    }

    @Test
    void an_endless_chunked_answer_is_cut_off_too() {
        RawReceiver receiver =
                open(
                        new RawReceiver((request, out) -> {
                            out.write(
                                    "HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n"
                                            .getBytes(UTF_8));
                            byte[] chunk =
                                    "3e8\r\n%s\r\n".formatted("b".repeat(1000)).getBytes(UTF_8);
                            while (true) {
                                out.write(chunk);
                            }
                        }));
        Answered answered = (Answered) post(receiver, LONG);
        assertThat(answered.status()).isEqualTo(500);
        assertThat(answered.bodyStart()).isEqualTo("b".repeat(1024));
        await().until(receiver.open::isEmpty);
    }

    @Test
    void a_compressed_answer_is_never_unpacked() {
        Answered answered =
                answer(
                        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n"
                                + "\37\213\10\0");
        assertThat(answered.bodyStart()).isEqualTo("(gzip, not decoded)");
    }

    @Test
    void a_post_without_an_answer_ends_at_the_deadline() {
        CountDownLatch end = new CountDownLatch(1);
        RawReceiver receiver = open(new RawReceiver((request, out) -> awaitOrFail(end)));
        Failed failed = (Failed) post(receiver, SHORT);
        assertThat(failed.kind()).isEqualTo(Kind.TIMEOUT);
        assertThat(failed.message()).isEqualTo("no whole answer within 300 ms");
        assertThat(failed.duration()).isBetween(SHORT, LONG);
        end.countDown();
        await().until(receiver.open::isEmpty);
    }

    @Test
    void a_deadline_at_any_moment_of_a_post_is_a_timeout() {
        RawReceiver receiver = open(new RawReceiver(RawReceiver.saying(OK)));
        WebhookClient client = client();
        String url = "http://127.0.0.1:" + receiver.port() + "/";
        for (int micros = 0; micros < 5_000; micros += 10) {
            PostResult result = client.post(post(url), Duration.ofNanos(micros * 1_000L));
            if (result instanceof Failed failed) {
                assertThat(failed.kind()).as(failed.message()).isEqualTo(Kind.TIMEOUT);
            }
        }
    }

    private static void awaitOrFail(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new InterruptedIOException();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "HTTP/1.1 200 OK\r\n"})
    void a_post_with_a_dripping_answer_ends_at_the_deadline(String start) {
        Failed failed =
                failure(
                        (request, out) -> {
                            out.write(start.getBytes(UTF_8));
                            drip(out);
                        },
                        SHORT);
        assertThat(failed.kind()).isEqualTo(Kind.TIMEOUT);
        assertThat(failed.duration()).isBetween(SHORT, LONG);
    }

    private static void drip(OutputStream out) throws IOException {
        Object pause = new Object();
        while (true) {
            out.write('H');
            synchronized (pause) {
                try {
                    pause.wait(20);
                } catch (InterruptedException e) {
                    throw new InterruptedIOException();
                }
            }
        }
    }

    @Test
    void endless_100_continue_answers_end_the_post_when_the_budget_is_used_up() {
        Failed failed =
                failure(
                        (request, out) -> {
                            while (true) {
                                out.write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(UTF_8));
                            }
                        },
                        LONG);
        assertThat(failed.kind()).isEqualTo(Kind.PROTOCOL);
        assertThat(failed.message()).isEqualTo("more than 64 KiB came before the answer");
    }

    @Test
    void a_tls_hello_without_an_answer_ends_at_the_deadline() throws Exception {
        // The kernel accepts the connection; no thread reads from it.
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String url = "https://127.0.0.1:" + silent.getLocalPort();
            Failed failed = (Failed) client().post(post(url), SHORT);
            assertThat(failed.kind()).isEqualTo(Kind.TIMEOUT);
            assertThat(failed.duration()).isBetween(SHORT, LONG);
        }
    }

    @Test
    void a_silent_name_server_ends_the_post_at_the_deadline() {
        CountDownLatch end = new CountDownLatch(1);
        AddressGuard guard =
                open(
                        new AddressGuard(
                                List.of(),
                                List.of("*"),
                                name -> {
                                    try {
                                        end.await();
                                    } catch (InterruptedException e) {
                                        Thread.currentThread().interrupt();
                                    }
                                    throw new UnknownHostException(name);
                                }));
        Failed failed = (Failed) client(guard).post(post("https://slow.example/"), SHORT);
        end.countDown();
        assertThat(failed.kind()).isEqualTo(Kind.TIMEOUT);
    }

    @Test
    void a_close_without_an_answer_or_within_it_is_a_lost_connection() {
        assertThat(failure((request, out) -> out.close(), LONG).kind())
                .isEqualTo(Kind.DISCONNECTED);
        assertThat(
                        failure(
                                        (request, out) -> {
                                            out.write(
                                                    "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n"
                                                            .getBytes(UTF_8));
                                            out.close();
                                        },
                                        LONG)
                                .kind())
                .isEqualTo(Kind.DISCONNECTED);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 %d X\r\nContent-Length: 9\r\n\r\nok",
                "HTTP/1.1 %d X\r\nContent-Length: 9\r\n\r\n",
                "HTTP/1.1 %d X\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nok",
                "HTTP/1.1 %d X\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
            })
    void the_status_counts_when_the_body_is_broken(String answer) {
        for (int status : new int[] {200, 410}) {
            AtomicInteger posts = new AtomicInteger();
            RawReceiver receiver =
                    open(
                            new RawReceiver((request, out) -> {
                                posts.incrementAndGet();
                                out.write(answer.formatted(status).getBytes(UTF_8));
                                out.close();
                            }));
            assertThat(((Answered) post(receiver, LONG)).status()).isEqualTo(status);
            assertThat(posts).hasValue(1);
        }
    }

    @Test
    void a_body_that_does_not_end_in_time_costs_the_connection_and_not_the_delivery() {
        RawReceiver receiver =
                open(
                        new RawReceiver((request, out) -> {
                            out.write(
                                    "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
                                            .getBytes(UTF_8));
                            drip(out);
                        }));
        Duration time = SHORT;
        PostResult result = post(receiver, time);
        // On a busy machine the status may take longer than that.
        while (!(result instanceof Answered) && time.compareTo(LONG) < 0) {
            time = time.multipliedBy(5);
            result = post(receiver, time);
        }
        Answered answered = (Answered) result;
        assertThat(answered.isSuccess()).isTrue();
        assertThat(answered.duration()).isBetween(time, LONG);
        await().until(receiver.open::isEmpty);
    }

    @ParameterizedTest
    @ValueSource(strings = {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/1.1 abc\r\n\r\n"})
    void an_answer_that_is_not_http_is_a_failure(String answer) {
        Failed failed =
                failure(
                        (request, out) -> {
                            out.write(answer.getBytes(UTF_8));
                            out.close();
                        },
                        LONG);
        assertThat(failed.kind()).isIn(Kind.PROTOCOL, Kind.DISCONNECTED);
        assertThat(failed.message()).isNotBlank().hasSizeLessThan(300);
    }

    @ParameterizedTest
    @ValueSource(strings = {"x: y\r\n", "yyyyyyyyyyyyyyyy"})
    void of_endless_headers_64_kib_are_read_and_the_status_counts(String endless) {
        AtomicLong written = new AtomicLong();
        RawReceiver receiver =
                open(
                        new RawReceiver((request, out) -> {
                            out.write("HTTP/1.1 200 OK\r\nx: ".getBytes(UTF_8));
                            while (true) {
                                out.write(endless.getBytes(UTF_8));
                                written.addAndGet(endless.length());
                            }
                        }));
        assertThat(((Answered) post(receiver, LONG)).isSuccess()).isTrue();
        await().until(receiver.open::isEmpty);
        // At most the content of the socket buffers.
        assertThat(written).hasValueLessThan(50_000_000);
    }

    @Test
    void a_closed_port_and_an_unknown_name_are_distinguished_without_addresses() throws Exception {
        names.put("closed.example", List.of("127.0.0.1"));
        WebhookClient client = client();
        // Bound and not listening, so that no other process takes the port.
        try (Socket closed = new Socket()) {
            closed.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            Failed refused =
                    (Failed)
                            client.post(
                                    post("http://closed.example:" + closed.getLocalPort()), LONG);
            assertThat(refused.kind()).isEqualTo(Kind.CONNECT);
            assertThat(refused.message()).contains("closed.example").doesNotContain("127.0.0.1");
        }
        Failed unknown = (Failed) client.post(post("https://nowhere.example"), LONG);
        assertThat(unknown.kind()).isEqualTo(Kind.UNKNOWN_HOST);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "127.1",
                "2130706433",
                "0x7f.0.0.1",
                "0177.0.0.1",
                "127.0.0.1.",
                "[::1]",
                "[::ffff:127.0.0.1]",
                "[::127.0.0.1]",
                "[64:ff9b::7f00:1]",
                "inside.example"
            })
    void a_refused_address_is_never_connected_to_in_any_spelling(String host) {
        names.put("inside.example", List.of("127.0.0.1"));
        RawReceiver receiver = open(new RawReceiver(RawReceiver.saying(OK)));
        Failed failed =
                (Failed) client(guard()).post(post("http://" + host + ":" + receiver.port()), LONG);
        assertThat(failed.kind()).isEqualTo(Kind.BLOCKED);
        assertThat(receiver.connections).hasValue(0);
    }

    @Test
    void a_name_that_rebinds_is_refused_at_the_connect() {
        RawReceiver receiver = open(new RawReceiver(RawReceiver.saying(OK)));
        names.put("rebind.example", List.of("8.8.8.8"));
        AddressGuard guard = guard("127.0.0.2");
        assertThat(guard.check("rebind.example")).isEmpty();
        names.put("rebind.example", List.of("127.0.0.1"));
        Failed failed =
                (Failed) client(guard).post(post("http://rebind.example:" + receiver.port()), LONG);
        assertThat(failed.kind()).isEqualTo(Kind.BLOCKED);
        assertThat(failed.message()).doesNotContain("127.0.0.1");
        assertThat(receiver.connections).hasValue(0);
    }

    @Test
    void another_port_is_refused_at_an_address_that_allow_private_does_not_cover() {
        names.put("public.example", List.of("8.8.8.8"));
        Failed failed = (Failed) client().post(post("https://public.example:25/"), LONG);
        assertThat(failed.kind()).isEqualTo(Kind.BLOCKED);
        assertThat(failed.message()).contains("port 25");
    }

    @Test
    void clear_text_is_refused_where_it_is_not_allowed() {
        RawReceiver receiver = open(new RawReceiver(RawReceiver.saying(OK)));
        AddressGuard guard = open(new AddressGuard(List.of("127.0.0.1"), List.of(), this::lookup));
        Failed failed =
                (Failed) client(guard).post(post("http://127.0.0.1:" + receiver.port()), LONG);
        assertThat(failed.kind()).isEqualTo(Kind.BLOCKED);
        assertThat(failed.message()).contains("network.allowCleartext");
        assertThat(receiver.connections).hasValue(0);
    }

    private RawReceiver secure(String name) {
        HeldCertificate held =
                new HeldCertificate.Builder()
                        .signedBy(AUTHORITY)
                        .addSubjectAlternativeName(name)
                        .build();
        return open(
                new RawReceiver(
                        new HandshakeCertificates.Builder()
                                .heldCertificate(held)
                                .build()
                                .sslContext()
                                .getServerSocketFactory(),
                        RawReceiver.saying(OK)));
    }

    @Test
    void tls_is_spoken_with_the_name_checked() {
        names.put("hook.example", List.of("127.0.0.1"));
        names.put("other.example", List.of("127.0.0.1"));
        RawReceiver receiver = secure("hook.example");
        WebhookClient client = client();
        for (int i = 0; i < 3; i++) {
            assertThat(client.post(post("https://Hook.example:" + receiver.port()), LONG))
                    .isInstanceOf(Answered.class);
        }
        assertThat(receiver.connections).hasValue(1);
        Failed failed =
                (Failed) client.post(post("https://other.example:" + receiver.port()), LONG);
        assertThat(failed.kind()).isEqualTo(Kind.TLS);
        assertThat(failed.message())
                .isEqualTo("the server's certificate is for hook.example, not for other.example");
        assertThat(receiver.requests).hasSize(3);
    }

    @Test
    void an_alert_after_the_handshake_is_a_fault_of_tls() {
        // In TLS 1.3 a receiver that wants a certificate of its clients refuses the first request.
        String alert = "(certificate_required) Received fatal alert: certificate_required";
        Failed failed = PostFailures.failed(new SSLException(alert), false, LONG, Duration.ZERO);
        assertThat(failed.kind()).isEqualTo(Kind.TLS);
        assertThat(failed.message()).isEqualTo("the receiver ended TLS: " + alert);
    }

    @ParameterizedTest
    @CsvSource({
        "Connection refused, CONNECT",
        "Network is unreachable, LOCAL",
        "Too many open files, LOCAL",
        "Cannot assign requested address, LOCAL",
        "Operation not permitted, LOCAL"
    })
    void a_fault_of_this_host_is_not_the_receivers(String said, Kind kind) {
        ConnectException failure = new ConnectException("hook.example:443: " + said);
        assertThat(PostFailures.failed(failure, false, LONG, Duration.ZERO).kind()).isEqualTo(kind);
    }

    @Test
    void proxies_of_the_environment_are_not_used() {
        RawReceiver proxy = open(new RawReceiver((request, out) -> out.close()));
        List<String> hosts = List.of("http.proxyHost", "https.proxyHost", "socksProxyHost");
        List<String> ports = List.of("http.proxyPort", "https.proxyPort", "socksProxyPort");
        try {
            hosts.forEach(name -> System.setProperty(name, "127.0.0.1"));
            ports.forEach(name -> System.setProperty(name, Integer.toString(proxy.port())));
            System.setProperty("http.nonProxyHosts", "");
            assertThat(answer(OK).status()).isEqualTo(200);
            assertThat(proxy.connections).hasValue(0);
        } finally {
            hosts.forEach(System::clearProperty);
            ports.forEach(System::clearProperty);
            System.clearProperty("http.nonProxyHosts");
        }
    }

    /**
     * A POST that found no connection for 5 s, on a busy machine, was not sent: it is made again,
     * for three minutes.
     */
    private static PostResult postOverFree(WebhookClient client, WebhookPost post) {
        PostResult result = client.post(post, LONG);
        for (int left = 36;
                left > 0
                        && result instanceof Failed failed
                        && failed.message().equals("all connections are in use");
                left--) {
            result = client.post(post, LONG);
        }
        return result;
    }

    @Test
    void many_posts_at_once_share_the_connections() throws Exception {
        RawReceiver receiver = open(new RawReceiver(RawReceiver.saying(OK)));
        WebhookClient client = client();
        WebhookPost post = post("http://127.0.0.1:" + receiver.port());
        try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<PostResult>> results = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                results.add(callers.submit(() -> postOverFree(client, post)));
            }
            for (Future<PostResult> result : results) {
                assertThat(result.get()).isInstanceOf(Answered.class);
            }
        }
        assertThat(receiver.requests).hasSize(500);
        assertThat(receiver.connections.get()).isLessThanOrEqualTo(20);
    }

    @Test
    void an_id_that_would_make_the_signed_bytes_ambiguous_is_refused() {
        for (String id : List.of("", "a.b", "a b", "a\r\nx: y", "ü")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() ->
                            new WebhookPost(
                                    WebhookUrl.parse("https://a.example"),
                                    id,
                                    new byte[0],
                                    List.of(SECRET)));
        }
    }

    @Test
    void an_interrupted_post_is_a_local_fault() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        RawReceiver receiver = open(new RawReceiver((request, out) -> awaitOrFail(end)));
        try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<PostResult> result = callers.submit(() -> post(receiver, LONG));
            await().until(() -> !receiver.requests.isEmpty());
            callers.shutdownNow();
            assertThat(((Failed) result.get()).kind()).isEqualTo(Kind.LOCAL);
        } finally {
            end.countDown();
        }
    }
}
