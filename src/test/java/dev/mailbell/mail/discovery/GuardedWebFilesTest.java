package dev.mailbell.mail.discovery;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.mailbell.network.Deadline;
import dev.mailbell.network.Watchdog;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.address.BlockedAddressException;
import dev.mailbell.network.http.GuardedHttp;
import dev.mailbell.network.tls.TlsContexts;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GuardedWebFilesTest {
    private static final HeldCertificate CERTIFICATE =
            new HeldCertificate.Builder()
                    .addSubjectAlternativeName("autoconfig.example.org")
                    .addSubjectAlternativeName("www.example.org")
                    .build();
    private static final HandshakeCertificates TLS =
            new HandshakeCertificates.Builder().heldCertificate(CERTIFICATE).build();

    private final MockWebServer server = new MockWebServer();
    private final AddressGuard guard =
            new AddressGuard(
                    List.of("127.0.0.1/32"),
                    List.of("*"),
                    name ->
                            List.of(
                                    InetAddress.getByName(
                                            name.startsWith("internal")
                                                    ? "10.0.0.1"
                                                    : "127.0.0.1")));
    private final Watchdog watchdog = new Watchdog();
    private final GuardedHttp http =
            new GuardedHttp(guard, new TlsContexts(watchdog), CERTIFICATE.certificatePem());
    private final GuardedWebFiles files = new GuardedWebFiles(http);

    @BeforeEach
    void start() throws IOException {
        server.useHttps(TLS.sslSocketFactory());
        server.start(InetAddress.getByName("127.0.0.1"), 0);
    }

    @AfterEach
    void stop() {
        http.close();
        guard.close();
        watchdog.close();
        server.close();
    }

    private URI uri(String host, String path) {
        return URI.create("https://" + host + ":" + server.getPort() + path);
    }

    private Optional<byte[]> get() throws IOException {
        return files.get(
                uri("autoconfig.example.org", "/mail/config-v1.1.xml"),
                Deadline.after(Duration.ofSeconds(60)));
    }

    private void redirectTo(String location) {
        server.enqueue(
                new MockResponse.Builder().code(301).addHeader("Location", location).build());
    }

    @Test
    void a_file_comes_by_https() throws IOException {
        server.enqueue(new MockResponse.Builder().body("<x/>").build());

        assertThat(get()).get().extracting(file -> new String(file, UTF_8)).isEqualTo("<x/>");
    }

    @Test
    void a_missing_file_is_none_and_a_broken_server_no_answer() throws IOException {
        server.enqueue(new MockResponse.Builder().code(404).build());
        server.enqueue(new MockResponse.Builder().code(500).build());

        assertThat(get()).isEmpty();
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(this::get)
                .withMessageContaining("500");
    }

    @Test
    void redirects_are_followed_from_https_to_https() throws Exception {
        redirectTo("/moved.xml");
        redirectTo(uri("www.example.org", "/there.xml").toString());
        server.enqueue(new MockResponse.Builder().body("<x/>").build());

        assertThat(get()).isPresent();
        server.takeRequest();
        assertThat(server.takeRequest().getTarget()).isEqualTo("/moved.xml");
        assertThat(server.takeRequest().getTarget()).isEqualTo("/there.xml");
    }

    @Test
    void a_redirect_to_clear_text_is_not_followed_even_where_clear_text_is_allowed() {
        redirectTo("http://www.example.org/");

        assertThatExceptionOfType(IOException.class)
                .isThrownBy(this::get)
                .withMessageContaining("away from https");
    }

    @Test
    void a_redirect_into_the_operators_network_is_refused() {
        redirectTo("https://internal.example.org/");

        assertThatExceptionOfType(BlockedAddressException.class).isThrownBy(this::get);
    }

    @Test
    void redirects_without_end_and_to_nowhere_are_given_up() {
        for (int i = 0; i < 4; i++) {
            redirectTo("/again");
        }
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(this::get)
                .withMessageContaining("more than 3 times");
        for (String location : List.of("https://u:p@www.example.org/", "ht tp:", "https:///x")) {
            redirectTo(location);
            assertThatExceptionOfType(IOException.class).isThrownBy(this::get);
        }
    }

    @Test
    void a_file_beyond_64_kib_is_refused() {
        server.enqueue(new MockResponse.Builder().body("x".repeat(64 * 1024 + 1)).build());

        assertThatExceptionOfType(IOException.class)
                .isThrownBy(this::get)
                .withMessageContaining("64 KiB");
    }
}
