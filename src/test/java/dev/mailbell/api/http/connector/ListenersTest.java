package dev.mailbell.api.http.connector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.mailbell.Ports;
import dev.mailbell.api.http.ApiServer;
import dev.mailbell.api.http.RequestMetrics;
import dev.mailbell.config.HttpConfig;
import dev.mailbell.config.HttpConfig.TlsFiles;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.math.BigInteger;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ListenersTest {
    private static final HeldCertificate ROOT =
            new HeldCertificate.Builder().certificateAuthority(0).build();
    private static final HandshakeCertificates TRUST =
            new HandshakeCertificates.Builder().addTrustedCertificate(ROOT.certificate()).build();

    @TempDir private Path directory;
    private TlsFiles files;
    private int loopbackPort;
    private ApiServer server;

    @BeforeEach
    void start() throws IOException {
        files = new TlsFiles(directory.resolve("certificate.pem"), directory.resolve("key.pem"));
        write(certificate(1));
        loopbackPort = Ports.free();
        server =
                new ApiServer(
                        new HttpConfig("127.0.0.1", 0, files, loopbackPort, ""),
                        ApiServer.Bounds.besides(() -> Duration.ofSeconds(30)),
                        new RequestMetrics(new SimpleMeterRegistry()),
                        List.of(routes ->
                                routes.getWithoutKey(
                                        "/quick", context -> context.result("quick"))));
    }

    @AfterEach
    void close() {
        server.close();
    }

    private static HeldCertificate certificate(long number) {
        return new HeldCertificate.Builder()
                .addSubjectAlternativeName("127.0.0.1")
                .serialNumber(number)
                .signedBy(ROOT)
                .build();
    }

    private void write(HeldCertificate certificate) throws IOException {
        Files.writeString(
                files.certificate(), certificate.certificatePem() + ROOT.certificatePem());
        Files.writeString(files.key(), certificate.privateKeyPkcs8Pem());
    }

    private SSLSocket connect(String... protocols) throws IOException {
        SSLSocket socket =
                (SSLSocket) TRUST.sslSocketFactory().createSocket("127.0.0.1", server.port());
        socket.setSoTimeout(180_000);
        if (protocols.length > 0) {
            socket.setEnabledProtocols(protocols);
        }
        socket.startHandshake();
        return socket;
    }

    private static long serial(SSLSocket socket) throws IOException {
        BigInteger serial =
                ((X509Certificate) socket.getSession().getPeerCertificates()[0]).getSerialNumber();
        return serial.longValue();
    }

    private long servedNow() throws IOException {
        try (SSLSocket socket = connect()) {
            return serial(socket);
        }
    }

    private static String get(Socket socket) throws IOException {
        socket.getOutputStream()
                .write(
                        "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n"
                                .getBytes(StandardCharsets.US_ASCII));
        StringBuilder answer = new StringBuilder();
        while (answer.indexOf("quick") < 0) {
            int c = socket.getInputStream().read();
            if (c < 0) {
                return answer.toString();
            }
            answer.append((char) c);
        }
        return answer.toString();
    }

    @Test
    void tls_of_1_2_and_1_3_is_spoken_on_the_port() throws IOException {
        for (String protocol : List.of("TLSv1.3", "TLSv1.2")) {
            try (SSLSocket socket = connect(protocol)) {
                assertThat(get(socket))
                        .startsWith("HTTP/1.1 200")
                        .contains("Strict-Transport-Security: max-age=31536000");
                assertThat(socket.getSession().getProtocol()).isEqualTo(protocol);
            }
        }
        try (Socket clear = new Socket("127.0.0.1", server.port())) {
            clear.setSoTimeout(180_000);
            assertThat(get(clear)).doesNotContain("200");
        }
    }

    @Test
    void older_versions_of_tls_are_not_offered() throws Exception {
        try (ServedCertificate certificate = new ServedCertificate(files)) {
            certificate.contexts().start();
            assertThat(certificate.contexts().newSSLEngine().getEnabledProtocols())
                    .containsExactlyInAnyOrder("TLSv1.3", "TLSv1.2");
            certificate.contexts().stop();
        }
    }

    @Test
    void loopback_may_have_a_port_in_clear_text_besides() throws IOException {
        try (Socket clear = new Socket("127.0.0.1", loopbackPort)) {
            clear.setSoTimeout(180_000);
            assertThat(get(clear))
                    .startsWith("HTTP/1.1 200")
                    .doesNotContain("Strict-Transport-Security");
        }
    }

    @Test
    void a_new_certificate_is_used_once_its_files_have_changed_and_connections_stay()
            throws IOException {
        try (SSLSocket old = connect()) {
            get(old);
            assertThat(serial(old)).isEqualTo(1);
            write(certificate(2));
            await().atMost(Duration.ofSeconds(180)).until(() -> servedNow() == 2);
            assertThat(get(old)).startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void faulty_files_are_refused_and_the_old_certificate_stays() throws IOException {
        Files.writeString(files.key(), certificate(3).privateKeyPkcs8Pem());
        server.readCertificateAgain();
        assertThat(servedNow()).isEqualTo(1);
        Files.delete(files.certificate());
        server.readCertificateAgain();
        assertThat(servedNow()).isEqualTo(1);
        write(certificate(4));
        server.readCertificateAgain();
        assertThat(servedNow()).isEqualTo(4);
    }

    @Test
    void a_client_that_trusts_another_authority_does_not_harm_it() throws IOException {
        HandshakeCertificates other = new HandshakeCertificates.Builder().build();
        try (SSLSocket socket =
                (SSLSocket) other.sslSocketFactory().createSocket("127.0.0.1", server.port())) {
            assertThatThrownBy(socket::startHandshake).isInstanceOf(SSLException.class);
        }
        assertThat(servedNow()).isEqualTo(1);
    }

    @Test
    void it_does_not_start_without_its_files() throws IOException {
        Files.delete(files.key());
        assertThatThrownBy(() -> new Listeners(new HttpConfig("127.0.0.1", 0, files, 0, "")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("there is no file " + files.key());
    }
}
