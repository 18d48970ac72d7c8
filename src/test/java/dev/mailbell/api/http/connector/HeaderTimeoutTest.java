package dev.mailbell.api.http.connector;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import org.awaitility.Awaitility;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HeaderTimeoutTest {
    private static final String REQUEST = "GET /%s HTTP/1.1\r\nHost: x\r\n\r\n";

    private static final HeldCertificate CERTIFICATE =
            new HeldCertificate.Builder().addSubjectAlternativeName("127.0.0.1").build();
    private static final HandshakeCertificates CERTIFICATES =
            new HandshakeCertificates.Builder()
                    .heldCertificate(CERTIFICATE)
                    .addTrustedCertificate(CERTIFICATE.certificate())
                    .build();

    private final HeaderTimeout headerTimeout = new HeaderTimeout(Duration.ofMillis(200));
    private final CountDownLatch held = new CountDownLatch(1);
    private final Server server = new Server();
    private final ServerConnector connector = new ServerConnector(server);
    private ServerConnector tls;

    @BeforeEach
    void start() throws Exception {
        connector.addBean(headerTimeout);
        server.addConnector(connector);
        SslContextFactory.Server contexts = new SslContextFactory.Server();
        contexts.setSslContext(CERTIFICATES.sslContext());
        HttpConfiguration secure = new HttpConfiguration();
        secure.addCustomizer(new SecureRequestCustomizer(false));
        tls =
                new ServerConnector(
                        server,
                        new SslConnectionFactory(contexts, "http/1.1"),
                        new HttpConnectionFactory(secure));
        tls.addBean(headerTimeout);
        server.addConnector(tls);
        server.setHandler(
                new Handler.Abstract() {
                    @Override
                    public boolean handle(Request request, Response response, Callback callback)
                            throws InterruptedException {
                        if (request.getHttpURI().getPath().equals("/held")) {
                            held.await();
                        }
                        response.setStatus(204);
                        callback.succeeded();
                        return true;
                    }
                });
        server.start();
    }

    @AfterEach
    void stop() throws Exception {
        held.countDown();
        server.stop();
        headerTimeout.close();
    }

    @Test
    void a_connection_whose_headers_trickle_in_is_closed() throws IOException {
        try (Socket socket = connect()) {
            requireAnswer(socket, "first");
            trickleUntilClosed(socket);
        }
        try (Socket socket = connect()) {
            trickleUntilClosed(socket);
        }
    }

    @Test
    void a_connection_whose_handshake_trickles_in_is_closed() throws IOException {
        try (Socket socket = new Socket("127.0.0.1", tls.getLocalPort())) {
            // The begin of a ClientHello of 16,000 octets.
            socket.getOutputStream()
                    .write(new byte[] {0x16, 3, 1, 0x3e, (byte) 0x80, 1, 0, 0x3e, 0x7c, 3, 3});
            trickleUntilClosed(socket);
        }
    }

    @Test
    void a_tls_connection_with_requests_is_not_closed() throws IOException {
        try (Socket secure = connectSecurely();
                Socket slow = connect()) {
            trickleUntilClosed(slow);
            requireAnswer(secure, "second");
        }
        try (Socket secure = connectSecurely()) {
            trickleUntilClosed(secure);
        }
    }

    /**
     * A connection that has had an answer. On a busy machine a handshake may take longer than the
     * limit, and is cut off: then another connection is tried.
     */
    private Socket connectSecurely() throws IOException {
        for (int tries = 1; ; tries++) {
            Socket secure =
                    CERTIFICATES.sslSocketFactory().createSocket("127.0.0.1", tls.getLocalPort());
            secure.setSoTimeout(180_000);
            try {
                requireAnswer(secure, "first");
                return secure;
            } catch (IOException | AssertionError cut) {
                secure.close();
                if (tries == 100) {
                    throw cut;
                }
            }
        }
    }

    /** One byte each time it is asked, until the server has had enough. */
    private static void trickleUntilClosed(Socket socket) throws IOException {
        OutputStream out = socket.getOutputStream();
        Awaitility.await()
                .pollInterval(Duration.ofMillis(20))
                .until(() -> {
                    try {
                        out.write('G');
                        return false;
                    } catch (IOException closed) {
                        return true;
                    }
                });
    }

    @Test
    void idle_connections_and_slow_answers_are_not_closed() throws Exception {
        try (Socket idle = connect();
                Socket waiting = connect();
                Socket slow = connect()) {
            requireAnswer(idle, "first");
            send(waiting, "held");
            trickleUntilClosed(slow);
            requireAnswer(idle, "second");
            held.countDown();
            requireStatus(waiting);
        }
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket("127.0.0.1", connector.getLocalPort());
        socket.setSoTimeout(180_000);
        return socket;
    }

    private static void send(Socket socket, String path) throws IOException {
        socket.getOutputStream().write(REQUEST.formatted(path).getBytes(StandardCharsets.US_ASCII));
    }

    private static void requireAnswer(Socket socket, String path) throws IOException {
        send(socket, path);
        requireStatus(socket);
    }

    private static void requireStatus(Socket socket) throws IOException {
        StringBuilder answer = new StringBuilder();
        while (answer.indexOf("\r\n\r\n") < 0) {
            int c = socket.getInputStream().read();
            assertThat(c).as("an answer, after: %s", answer).isNotNegative();
            answer.append((char) c);
        }
        assertThat(answer).startsWith("HTTP/1.1 204");
    }
}
