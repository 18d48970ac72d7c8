package dev.mailbell.delivery;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.Ports;
import dev.mailbell.delivery.http.PostResult;
import dev.mailbell.delivery.http.PostResult.Answered;
import dev.mailbell.delivery.http.PostResult.Failed;
import dev.mailbell.delivery.http.PostResult.Kind;
import dev.mailbell.delivery.http.WebhookClient;
import dev.mailbell.delivery.http.WebhookPost;
import dev.mailbell.network.Host;
import dev.mailbell.network.Watchdog;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.socket.ProxyAddress;
import dev.mailbell.network.tls.TlsContexts;
import dev.mailbell.secret.Signer;
import dev.mailbell.webhook.WebhookUrl;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WebhookProxyTest {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofMillis(300);
    private static final String OPENED = "HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n";
    private static final HeldCertificate AUTHORITY =
            new HeldCertificate.Builder().certificateAuthority(0).build();

    /** Names that the local resolver knows; the proxy resolves any name. */
    private static final Map<String, String> NAMES =
            Map.of("inside.example", "10.0.0.1", "outside.example", "203.0.114.1");

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final Watchdog watchdog = open(new Watchdog());
    private final RawReceiver receiver = open(secure("hook.example"));

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

    private static RawReceiver secure(String name) {
        HeldCertificate held =
                new HeldCertificate.Builder()
                        .signedBy(AUTHORITY)
                        .addSubjectAlternativeName(name)
                        .build();
        return new RawReceiver(
                new HandshakeCertificates.Builder()
                        .heldCertificate(held)
                        .build()
                        .sslContext()
                        .getServerSocketFactory(),
                RawReceiver.saying("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    }

    private static List<InetAddress> lookup(String name) throws UnknownHostException {
        String address = NAMES.get(name);
        if (address == null) {
            throw new UnknownHostException(name);
        }
        return List.of(Host.of(address).literal().orElseThrow());
    }

    private WebhookClient client(String proxy) {
        // The proxy's own address is not checked.
        AddressGuard guard =
                open(new AddressGuard(List.of(), List.of("*"), WebhookProxyTest::lookup));
        return open(
                new WebhookClient(
                        new WebhookClient.Settings(
                                "1.2.3",
                                () -> List.of(443, 80),
                                20,
                                AUTHORITY.certificatePem(),
                                ProxyAddress.parse(proxy)),
                        guard,
                        new TlsContexts(watchdog),
                        watchdog,
                        InstantSource.system()));
    }

    private WebhookClient client(ConnectProxy proxy) {
        return client("http://somebody:p%40ss@127.0.0.1:" + proxy.port());
    }

    private static PostResult post(WebhookClient client, String url, Duration timeout) {
        return client.post(
                new WebhookPost(
                        WebhookUrl.parse(url),
                        "id-1",
                        "{}".getBytes(UTF_8),
                        List.of(Signer.newSecret())),
                timeout);
    }

    private Failed failed(RawReceiver.Answer answer, Duration timeout) {
        ConnectProxy proxy = open(new ConnectProxy(0, answer));
        return (Failed) post(client(proxy), "https://hook.example/", timeout);
    }

    @Test
    void tls_goes_through_the_tunnel_and_the_connection_is_kept() {
        ConnectProxy proxy = open(new ConnectProxy(receiver.port(), ConnectProxy.saying(OPENED)));
        WebhookClient client = client(proxy);
        for (int i = 0; i < 3; i++) {
            assertThat(post(client, "https://hook.example/x", LONG)).isInstanceOf(Answered.class);
        }
        assertThat(proxy.asked)
                .containsExactly(
                        """
                        CONNECT hook.example:443 HTTP/1.1
                        Host: hook.example:443
                        Proxy-Authorization: Basic c29tZWJvZHk6cEBzcw==

                        """
                                .replace("\n", "\r\n"));
        assertThat(receiver.requests)
                .hasSize(3)
                .allSatisfy(request ->
                        assertThat(request.headers())
                                .containsEntry("host", "hook.example")
                                .doesNotContainKey("proxy-authorization"));
    }

    @Test
    void the_receivers_certificate_is_checked_behind_the_proxy_too() {
        ConnectProxy proxy = open(new ConnectProxy(receiver.port(), ConnectProxy.saying(OPENED)));
        Failed failed = (Failed) post(client(proxy), "https://outside.example/", LONG);
        assertThat(failed.kind()).isEqualTo(Kind.TLS);
        assertThat(failed.message())
                .isEqualTo("the server's certificate is for hook.example, not for outside.example");
        assertThat(proxy.asked).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({
        "https://10.0.0.1/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://inside.example/",
        "https://outside.example:8443/",
        "https://unknown.example:8443/"
    })
    void a_blocked_url_is_never_sent_to_the_proxy(String url) {
        ConnectProxy proxy = open(new ConnectProxy(receiver.port(), ConnectProxy.saying(OPENED)));
        Failed failed = (Failed) post(client(proxy), url, LONG);
        assertThat(failed.kind()).isEqualTo(Kind.BLOCKED);
        assertThat(proxy.asked).isEmpty();
    }

    @Test
    void clear_text_goes_through_a_tunnel_too() {
        RawReceiver plain = open(new RawReceiver(RawReceiver.saying("HTTP/1.1 204 No\r\n\r\n")));
        ConnectProxy proxy = open(new ConnectProxy(plain.port(), ConnectProxy.saying(OPENED)));
        assertThat(post(client(proxy), "http://hook.example/", LONG)).isInstanceOf(Answered.class);
        assertThat(proxy.asked.remove()).startsWith("CONNECT hook.example:80 HTTP/1.1\r\n");
    }

    @ParameterizedTest
    @CsvSource({
        "407, answered 407: it wants a user and password",
        "502, answered 502 to CONNECT hook.example:443",
        "503, answered 503 to CONNECT hook.example:443",
        "403, answered 403 to CONNECT hook.example:443",
        "302, answered 302 to CONNECT hook.example:443"
    })
    void a_refusal_of_the_proxy_is_a_local_fault(int status, String why) {
        Failed failed =
                failed(
                        ConnectProxy.saying("HTTP/1.1 %d X\r\nA: b\r\n\r\nno".formatted(status)),
                        LONG);
        assertThat(failed.kind()).isEqualTo(Kind.LOCAL);
        assertThat(failed.message())
                .startsWith("the proxy of network.proxy " + why)
                .doesNotContain("p@ss", "p%40ss", "c29tZW", "127.0.0.1");
    }

    @Test
    void an_endpoint_that_the_proxy_cannot_reach_is_unreachable() {
        Failed failed = failed(ConnectProxy.saying("HTTP/1.1 504 X\r\n\r\n"), LONG);
        assertThat(failed.kind()).isEqualTo(Kind.CONNECT);
        assertThat(failed.message()).contains("hook.example:443", "504");
    }

    @ParameterizedTest
    @CsvSource({"'', closed the connection", "220 smtp.example, does not speak HTTP"})
    void a_server_that_is_not_a_proxy_is_a_local_fault(String said, String why) {
        Failed failed = failed(ConnectProxy.saying(said.isEmpty() ? "" : said + "\r\n\r\n"), LONG);
        assertThat(failed.kind()).isEqualTo(Kind.LOCAL);
        assertThat(failed.message()).contains("network.proxy", why);
    }

    @Test
    void endless_headers_end_the_post() {
        Failed failed =
                failed(ConnectProxy.saying("HTTP/1.1 200 OK\r\n" + "A: b\r\n".repeat(5000)), LONG);
        assertThat(failed.kind()).isEqualTo(Kind.LOCAL);
        assertThat(failed.message()).contains("more than 16 KiB");
    }

    @Test
    void an_unreachable_proxy_is_a_local_fault() throws IOException {
        Ports.Closed closed = open(new Ports.Closed());
        Failed failed =
                (Failed)
                        post(
                                client("http://127.0.0.1:" + closed.port()),
                                "https://hook.example/",
                                LONG);
        assertThat(failed.kind()).isEqualTo(Kind.LOCAL);
        assertThat(failed.message())
                .startsWith("the proxy of network.proxy cannot be reached: ")
                .doesNotContain("127.0.0.1");
        Failed unknown =
                (Failed) post(client("http://no.example:3128"), "https://hook.example/", LONG);
        assertThat(unknown.kind()).isEqualTo(Kind.LOCAL);
        assertThat(unknown.message()).contains("its name has no address");
    }

    /** Of a proxy that does not answer. */
    private Failed late(RawReceiver.Answer answer) {
        Duration time = SHORT;
        Failed failed = failed(answer, time);
        // On a busy machine the connection to the proxy may take longer than that.
        while (failed.kind() != Kind.TIMEOUT && time.compareTo(LONG) < 0) {
            time = time.multipliedBy(5);
            failed = failed(answer, time);
        }
        return failed;
    }

    @Test
    void a_silent_or_dripping_proxy_ends_the_post_at_the_deadline() {
        CountDownLatch end = new CountDownLatch(1);
        opened.addFirst(end::countDown);
        Failed silent =
                late((head, out) -> {
                    try {
                        end.await();
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    }
                });
        assertThat(silent.kind()).isEqualTo(Kind.TIMEOUT);
        Failed dripping =
                late((head, out) -> {
                    out.write("HTTP/1.1 200 OK\r\n".getBytes(UTF_8));
                    try {
                        while (!end.await(20, TimeUnit.MILLISECONDS)) {
                            out.write('a');
                        }
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    }
                });
        assertThat(dripping.kind()).isEqualTo(Kind.TIMEOUT);
        assertThat(dripping.duration()).isLessThan(LONG);
    }
}
