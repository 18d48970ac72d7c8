package dev.mailbell.delivery;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.delivery.http.PostResult;
import dev.mailbell.delivery.http.PostResult.Answered;
import dev.mailbell.delivery.http.PostResult.Failed;
import dev.mailbell.delivery.http.PostResult.Kind;
import dev.mailbell.delivery.http.WebhookClient;
import dev.mailbell.delivery.http.WebhookPost;
import dev.mailbell.network.Watchdog;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.tls.TlsContexts;
import dev.mailbell.secret.Secret;
import dev.mailbell.secret.Signer;
import dev.mailbell.webhook.WebhookUrl;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers with stray octets or malformed parts, and their effect on the next delivery. */
class MalformedResponsesTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final Secret SECRET = Signer.newSecret();

    private final Watchdog watchdog = new Watchdog();
    private final AddressGuard guard = new AddressGuard(List.of("127.0.0.0/8"), List.of("*"));
    private final WebhookClient client =
            new WebhookClient(
                    new WebhookClient.Settings("test", List::of, 50, null, null),
                    guard,
                    new TlsContexts(watchdog),
                    watchdog,
                    InstantSource.system());
    private final List<RawReceiver> receivers = new ArrayList<>();

    @AfterEach
    void close() {
        receivers.forEach(RawReceiver::close);
        client.close();
        guard.close();
        watchdog.close();
    }

    private RawReceiver receiver(RawReceiver.Answer answer) {
        RawReceiver receiver = new RawReceiver(answer);
        receivers.add(receiver);
        return receiver;
    }

    private PostResult post(RawReceiver receiver) {
        return client.post(
                new WebhookPost(
                        WebhookUrl.parse("http://127.0.0.1:" + receiver.port() + "/"),
                        "id-1",
                        "{}".getBytes(StandardCharsets.UTF_8),
                        List.of(SECRET)),
                LONG);
    }

    private static void say(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(ISO_8859_1));
        out.flush();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 204 No Content\r\n\r\nstray",
                "HTTP/1.1 204 No Content\r\n\r\nstray\r\n\r\n",
                "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nstray",
                "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 500 No\r\n\r\n",
                "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\nstray",
                "HTTP/1.1 205 Reset Content\r\n\r\n",
                "HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 204 No Content\r\n\r\n"
            })
    void octets_behind_an_answer_cost_the_connection_and_no_second_post(String answer) {
        RawReceiver receiver = receiver(RawReceiver.saying(answer));
        int last = answer.startsWith("HTTP/1.1 1") ? answer.lastIndexOf("HTTP/1.1") : 0;
        int status = Integer.parseInt(answer.substring(last + 9, last + 12));
        for (int i = 1; i <= 3; i++) {
            assertThat(post(receiver))
                    .isInstanceOfSatisfying(
                            Answered.class, one -> assertThat(one.status()).isEqualTo(status));
            assertThat(receiver.requests).hasSize(i);
        }
        assertThat(receiver.connections).hasValue(3);
    }

    @Test
    void stray_octets_before_the_next_answer_are_skipped() {
        AtomicInteger served = new AtomicInteger();
        RawReceiver receiver =
                receiver((request, out) -> {
                    String late = served.getAndIncrement() == 1 ? "late\r\nstray " : "";
                    say(out, late + "HTTP/1.1 204 No Content\r\n\r\n");
                });
        for (int i = 1; i <= 3; i++) {
            assertThat(post(receiver))
                    .isInstanceOfSatisfying(
                            Answered.class, one -> assertThat(one.status()).isEqualTo(204));
            assertThat(receiver.requests).hasSize(i);
        }
        // Stray octets preceded the second answer: its connection carries no third request.
        assertThat(receiver.connections).hasValue(2);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 120, 900})
    void a_success_counts_with_headers_of_any_size(int headers) {
        String heavy = "x-trace: " + "y".repeat(headers == 1 ? 10_000 : 60) + "\r\n";
        RawReceiver receiver =
                receiver(
                        RawReceiver.saying(
                                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
                                        + heavy.repeat(headers)
                                        + "\r\nok"));
        for (int i = 1; i <= 2; i++) {
            assertThat(post(receiver))
                    .isInstanceOfSatisfying(
                            Answered.class,
                            one -> {
                                assertThat(one.isSuccess()).isTrue();
                                assertThat(one.bodyStart()).isEqualTo("ok");
                            });
        }
        assertThat(receiver.connections).hasValue(1);
    }

    @Test
    void a_status_counts_when_its_headers_exceed_the_budget_and_retry_after_before_that_as_well() {
        RawReceiver receiver =
                receiver(
                        RawReceiver.saying(
                                "HTTP/1.1 503 Busy\r\nRetry-After: 77\r\nContent-Length: 2\r\n"
                                        + "x: %s\r\n".formatted("y".repeat(100)).repeat(1000)
                                        + "\r\nok"));
        assertThat(post(receiver))
                .isInstanceOfSatisfying(
                        Answered.class,
                        one -> {
                            assertThat(one.status()).isEqualTo(503);
                            assertThat(one.retryAfter()).contains(Duration.ofSeconds(77));
                        });
        assertThat(receiver.requests).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 %s\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=%s\r\nok\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nx: %s\r\n\r\n"
            })
    void a_status_counts_when_its_reason_a_chunk_or_a_trailer_exceeds_a_limit(String answer) {
        RawReceiver receiver = receiver(RawReceiver.saying(answer.formatted("y".repeat(100_000))));
        for (int i = 1; i <= 2; i++) {
            assertThat(post(receiver))
                    .isInstanceOfSatisfying(
                            Answered.class, one -> assertThat(one.isSuccess()).isTrue());
            assertThat(receiver.requests).hasSize(i);
            assertThat(receiver.connections).hasValue(i);
        }
    }

    @Test
    void malformed_header_lines_do_not_hide_the_status() {
        RawReceiver receiver =
                receiver(
                        RawReceiver.saying(
                                "HTTP/1.1 200 OK\r\nno colon\r\nbad name: x\r\n: empty\r\n"
                                        + "x: folded\r\n over lines\r\n"
                                        + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok"));
        assertThat(post(receiver))
                .isInstanceOfSatisfying(
                        Answered.class, one -> assertThat(one.bodyStart()).isEqualTo("ok"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "200 OK\r\nContent-Length: 0, 0",
                "200 OK\r\nContent-Length: -1",
                "200 OK\r\nContent-Length: NaN",
                "200 OK\r\nContent-Length:",
                "200 OK\r\nContent-Length: 99999999999999999999",
                "200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 0",
                "200 OK\r\nTransfer-Encoding: utf-8\r\nContent-Length: 0",
                "200 OK\r\nTransfer-Encoding:\r\nContent-Length: 0",
                "200 OK\r\nTransfer-Encoding: Identity\r\nContent-Length: 0",
                "200 \u00d1\u0083\u00d1\u0081\u00d0\u00bf\u00d0\u00b5\u00d1\u0085\r\nContent-Length: 0",
                "200\tOK\r\nContent-Length: 0",
                "200 O\rK\r\nContent-Length: 0",
                "200 OK\r\nKeep-Alive: timeout=-1, max=x, ;;\r\nContent-Length: 0",
                "200 OK\r\nKeep-Alive: timeout=99999999999999999999\r\nContent-Length: 0",
                "200 OK\r\nConnection: ,;, Upgrade\r\nUpgrade: h2c\r\nContent-Length: 0",
                "200 OK\r\nRetry-After: -5\r\nContent-Type: ;;\r\nContent-Encoding:\r\nContent-Length: 0"
            })
    void a_status_counts_with_an_unreadable_length_coding_or_reason(String answer) {
        RawReceiver receiver = receiver(RawReceiver.saying("HTTP/1.1 " + answer + "\r\n\r\n"));
        for (int i = 1; i <= 2; i++) {
            assertThat(post(receiver))
                    .isInstanceOfSatisfying(
                            Answered.class, one -> assertThat(one.status()).isEqualTo(200));
            assertThat(receiver.requests).hasSize(i);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'chunked, chunked', ok",
        "'chunked\r\ntransfer-encoding: chunked', ok",
        "'chunked;q=1', ok",
        "'identity, Chunked', ok",
        "'gzip, chunked', '(gzip, not decoded)'"
    })
    void a_body_whose_last_coding_is_chunked_is_read(String coding, String shown) {
        RawReceiver receiver =
                receiver(
                        RawReceiver.saying(
                                "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
                                        + coding
                                        + "\r\n\r\n2\r\nok\r\n0\r\n\r\n"));
        for (int i = 1; i <= 2; i++) {
            assertThat(post(receiver))
                    .isInstanceOfSatisfying(
                            Answered.class, one -> assertThat(one.bodyStart()).isEqualTo(shown));
            assertThat(receiver.requests).hasSize(i);
        }
    }

    @Test
    void a_few_informational_answers_are_skipped_and_a_flood_of_them_ends_the_post() {
        String hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n";
        RawReceiver few =
                receiver(RawReceiver.saying(hints.repeat(20) + "HTTP/1.1 204 No Content\r\n\r\n"));
        for (int i = 0; i < 100; i++) {
            // The budget is for one request, not for a connection.
            assertThat(post(few)).isInstanceOf(Answered.class);
        }
        assertThat(few.connections).hasValue(1);
        RawReceiver flood =
                receiver((request, out) -> {
                    while (true) {
                        say(out, hints);
                    }
                });
        assertThat(post(flood))
                .isInstanceOfSatisfying(
                        Failed.class,
                        failed -> {
                            assertThat(failed.kind()).isEqualTo(Kind.PROTOCOL);
                            assertThat(failed.message())
                                    .isEqualTo("more than 64 KiB came before the answer");
                        });
        assertThat(flood.requests).hasSize(1);
    }

    @Test
    void chunks_that_are_nearly_all_framing_are_cut_off_and_the_status_counts() {
        AtomicInteger written = new AtomicInteger();
        RawReceiver receiver =
                receiver((request, out) -> {
                    say(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                    String chunk = "1;x=" + "y".repeat(900) + "\r\nz\r\n";
                    while (true) {
                        say(out, chunk);
                        written.addAndGet(chunk.length());
                    }
                });
        assertThat(post(receiver))
                .isInstanceOfSatisfying(
                        Answered.class, one -> assertThat(one.isSuccess()).isTrue());
        // What socket buffers hold beside the budget: of 16 KiB content these would be 14 MiB.
        assertThat(written).hasValueLessThan(12_000_000);
        assertThat(receiver.requests).hasSize(1);
    }
}
