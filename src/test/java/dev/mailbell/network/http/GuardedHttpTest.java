package dev.mailbell.network.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.mailbell.network.Deadline;
import dev.mailbell.network.Watchdog;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.address.BlockedAddressException;
import dev.mailbell.network.http.GuardedHttp.Answer;
import dev.mailbell.network.http.GuardedHttp.Request;
import dev.mailbell.network.tls.TlsContexts;
import dev.mailbell.network.tls.TlsException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import okio.ByteString;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GuardedHttpTest {
    private final MockWebServer server = new MockWebServer();
    private final AddressGuard guard =
            new AddressGuard(List.of("127.0.0.1/32"), List.of("127.0.0.1", "plain.example.org"));
    private final Watchdog watchdog = new Watchdog();
    private final TlsContexts tlsContexts = new TlsContexts(watchdog);
    private final GuardedHttp http = new GuardedHttp(guard, tlsContexts, null);

    @BeforeEach
    void start() throws IOException {
        server.start(InetAddress.getByName("127.0.0.1"), 0);
    }

    @AfterEach
    void stop() {
        http.close();
        guard.close();
        watchdog.close();
        server.close();
    }

    private static Deadline soon() {
        return Deadline.after(Duration.ofSeconds(60));
    }

    private URI local(String scheme) {
        return URI.create(scheme + "://127.0.0.1:" + server.getPort() + "/x?y=1");
    }

    @Test
    void a_post_arrives_as_sent_and_its_answer_comes_back() throws Exception {
        server.enqueue(
                new MockResponse.Builder().code(201).addHeader("X-Y", "1").body("done").build());
        Request post =
                new Request(
                        local("http"),
                        Map.of("Content-Type", "text/plain"),
                        "hello".getBytes(UTF_8));

        Answer answer = http.send(post, 1024, soon());

        assertThat(answer.status()).isEqualTo(201);
        assertThat(answer.header("x-y")).contains("1");
        assertThat(answer.body()).asString(UTF_8).isEqualTo("done");
        assertThat(answer.truncated()).isFalse();
        RecordedRequest seen = server.takeRequest();
        assertThat(seen.getMethod()).isEqualTo("POST");
        assertThat(seen.getTarget()).isEqualTo("/x?y=1");
        assertThat(seen.getHeaders().values("Content-Type")).containsExactly("text/plain");
        assertThat(seen.getBody()).isEqualTo(ByteString.encodeUtf8("hello"));
        assertThat(seen.getHeaders().get("Accept-Encoding")).isNull();
    }

    @Test
    void a_redirect_is_an_answer_and_not_followed() throws Exception {
        server.enqueue(
                new MockResponse.Builder()
                        .code(302)
                        .addHeader("Location", "http://127.0.0.1/elsewhere")
                        .build());

        assertThat(http.send(Request.get(local("http")), 10, soon()).status()).isEqualTo(302);
        assertThat(server.getRequestCount()).isEqualTo(1);
    }

    @Test
    void a_body_of_exactly_the_limit_is_whole_and_one_byte_more_is_truncated() throws Exception {
        server.enqueue(new MockResponse.Builder().body("0123456789").build());
        server.enqueue(new MockResponse.Builder().body("0123456789x").build());

        assertThat(http.send(Request.get(local("http")), 10, soon()).truncated()).isFalse();
        Answer cut = http.send(Request.get(local("http")), 10, soon());

        assertThat(cut.truncated()).isTrue();
        assertThat(cut.body()).asString(UTF_8).isEqualTo("0123456789");
    }

    @Test
    void a_body_without_end_is_truncated_at_the_limit() throws Exception {
        try (Peer peer =
                new Peer(out -> {
                    out.write("HTTP/1.1 200 OK\r\n\r\n".getBytes(US_ASCII));
                    while (true) {
                        out.write(new byte[4096]);
                    }
                })) {
            Answer answer = http.send(Request.get(peer.uri()), 64 * 1024, soon());

            assertThat(answer.body()).hasSize(64 * 1024);
            assertThat(answer.truncated()).isTrue();
            assertThat(peer.ended.await(180, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void headers_without_end_are_refused() throws Exception {
        try (Peer peer =
                new Peer(out -> {
                    out.write("HTTP/1.1 200 OK\r\nX: ".getBytes(US_ASCII));
                    while (true) {
                        out.write("aaaaaaaaaaaaaaaa".repeat(64).getBytes(US_ASCII));
                    }
                })) {
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> http.send(Request.get(peer.uri()), 10, soon()))
                    .withMessage("the answer's headers have more than 64 KiB");
        }
    }

    @Test
    void early_hints_without_end_are_refused_when_the_budget_is_used_up() throws Exception {
        try (Peer peer =
                new Peer(out -> {
                    while (true) {
                        out.write(
                                "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"
                                        .getBytes(US_ASCII));
                    }
                })) {
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> http.send(Request.get(peer.uri()), 10, soon()))
                    .withMessage("more than 64 KiB came before the answer");
            assertThat(peer.ended.await(180, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void a_peer_that_sends_byte_by_byte_is_disconnected_at_the_deadline() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        try (Peer peer =
                new Peer(out -> {
                    out.write("HTTP/1.1 200 OK\r\n".getBytes(US_ASCII));
                    while (!await(never, 20)) {
                        out.write("X: y\r\n".getBytes(US_ASCII));
                        out.flush();
                    }
                })) {
            // On a busy machine the deadline may pass before there is a connection: then the time
            // doubles.
            for (Duration time = Duration.ofMillis(300);
                    peer.connected.getCount() > 0;
                    time = time.multipliedBy(2)) {
                assertThat(time).isLessThan(Duration.ofMinutes(3));
                Deadline deadline = Deadline.after(time);
                assertThatExceptionOfType(SocketTimeoutException.class)
                        .isThrownBy(() -> http.send(Request.get(peer.uri()), 10, deadline))
                        .withMessageContaining("127.0.0.1");
            }
            assertThat(peer.ended.await(180, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void a_private_address_is_refused_with_the_guards_reason() {
        assertThatExceptionOfType(BlockedAddressException.class)
                .isThrownBy(
                        () -> http.send(Request.get(URI.create("https://10.0.0.1/")), 10, soon()));
    }

    @Test
    void a_name_that_leads_to_a_private_address_is_refused_at_the_connect() {
        try (AddressGuard rebinding =
                        new AddressGuard(
                                List.of(),
                                List.of(),
                                name -> List.of(InetAddress.getByName("127.0.0.1")));
                GuardedHttp guarded = new GuardedHttp(rebinding, tlsContexts, null)) {
            URI uri = URI.create("https://rebinding.example.org:" + server.getPort() + "/");
            assertThatExceptionOfType(BlockedAddressException.class)
                    .isThrownBy(() -> guarded.send(Request.get(uri), 10, soon()))
                    .withMessageContaining("rebinding.example.org")
                    .withMessageNotContaining("127.0.0.1");
            assertThat(server.getRequestCount()).isZero();
        }
    }

    @Test
    void an_unknown_name_is_reported_as_unknown() {
        try (AddressGuard empty =
                        new AddressGuard(
                                List.of(),
                                List.of(),
                                name -> {
                                    throw new UnknownHostException(name);
                                });
                GuardedHttp guarded = new GuardedHttp(empty, tlsContexts, null)) {
            assertThatExceptionOfType(UnknownHostException.class)
                    .isThrownBy(() ->
                            guarded.send(
                                    Request.get(URI.create("https://no.example.org/")),
                                    10,
                                    soon()));
        }
    }

    @Test
    void clear_text_is_refused_to_hosts_that_the_operator_did_not_name() {
        assertThatExceptionOfType(CleartextRefusedException.class)
                .isThrownBy(() ->
                        http.send(Request.get(URI.create("http://other.example.org/")), 10, soon()))
                .withMessageContaining("network.allowCleartext");
    }

    @Test
    void urls_with_a_password_or_another_scheme_are_refused() {
        for (String url : List.of("https://u:p@example.org/", "ftp://example.org/", "https:///x")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> http.send(Request.get(URI.create(url)), 10, soon()));
        }
    }

    @Test
    void the_certificate_must_be_trusted_and_carry_the_name() throws Exception {
        HeldCertificate certificate =
                new HeldCertificate.Builder().addSubjectAlternativeName("mail.example.org").build();
        HandshakeCertificates serving =
                new HandshakeCertificates.Builder().heldCertificate(certificate).build();
        try (MockWebServer tls = new MockWebServer();
                AddressGuard named =
                        new AddressGuard(
                                List.of("127.0.0.1/32"),
                                List.of(),
                                name -> List.of(InetAddress.getByName("127.0.0.1")));
                GuardedHttp trusted =
                        new GuardedHttp(named, tlsContexts, certificate.certificatePem());
                GuardedHttp untrusted = new GuardedHttp(named, tlsContexts, null)) {
            tls.useHttps(serving.sslSocketFactory());
            tls.start(InetAddress.getByName("127.0.0.1"), 0);
            tls.enqueue(new MockResponse.Builder().body("safe").build());
            URI right = URI.create("https://mail.example.org:" + tls.getPort() + "/");
            URI wrong = URI.create("https://other.example.org:" + tls.getPort() + "/");

            assertThat(trusted.send(Request.get(right), 10, soon()).body())
                    .asString(UTF_8)
                    .isEqualTo("safe");
            assertThatExceptionOfType(TlsException.class)
                    .isThrownBy(() -> trusted.send(Request.get(wrong), 10, soon()));
            assertThatExceptionOfType(TlsException.class)
                    .isThrownBy(() -> untrusted.send(Request.get(right), 10, soon()));
        }
    }

    private static boolean await(CountDownLatch latch, int millis) {
        try {
            return latch.await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    /** A server for one connection that answers without listening. */
    private static final class Peer implements AutoCloseable {
        interface Script {
            void play(OutputStream out) throws IOException;
        }

        final CountDownLatch connected = new CountDownLatch(1);
        final CountDownLatch ended = new CountDownLatch(1);
        private final ServerSocket listening;

        Peer(Script script) throws IOException {
            listening = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
            Thread.ofVirtual().start(() -> serve(script));
        }

        URI uri() {
            return URI.create("http://127.0.0.1:" + listening.getLocalPort() + "/");
        }

        private void serve(Script script) {
            try (Socket socket = listening.accept()) {
                connected.countDown();
                script.play(socket.getOutputStream());
            } catch (IOException e) {
                // The peer closed the connection, which the tests wait for.
                ended.countDown();
            }
        }

        @Override
        public void close() {
            try {
                listening.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
