package dev.mailbell.network.tls;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.mailbell.network.Deadline;
import dev.mailbell.network.Watchdog;
import dev.mailbell.network.tls.TlsException.Reason;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ServerSocketFactory;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TlsContextsTest {
    private static final HeldCertificate AUTHORITY =
            new HeldCertificate.Builder().certificateAuthority(0).commonName("Test CA").build();
    private static final Watchdog WATCHDOG = new Watchdog();
    private static final TlsContexts TLS = new TlsContexts(WATCHDOG);

    @AfterAll
    static void close() {
        WATCHDOG.close();
    }

    private interface Server {
        void serve(Socket socket) throws IOException;
    }

    /** Serves one connection and hands the client's end to the test. */
    private static SSLSocket shake(
            ServerSocketFactory sockets,
            Server server,
            String host,
            boolean verify,
            @Nullable String caPem,
            Duration time)
            throws IOException {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        try (ServerSocket listening = sockets.createServerSocket(0, 1, loopback)) {
            if (listening instanceof SSLServerSocket old && host.equals("old.example")) {
                old.setEnabledProtocols(new String[] {"TLSv1.2"});
            }
            Thread.startVirtualThread(() -> {
                try (Socket socket = listening.accept()) {
                    server.serve(socket);
                } catch (IOException e) {
                    // The test asserts on the client's side.
                }
            });
            Socket plain = new Socket(loopback, listening.getLocalPort());
            try {
                return TLS.wrap(
                        plain, host, listening.getLocalPort(), verify, caPem, Deadline.after(time));
            } catch (IOException e) {
                assertThat(plain.isClosed()).isTrue();
                throw e;
            }
        }
    }

    private static SSLSocket pinned(HeldCertificate certificate, boolean verify, KeyPin... pins)
            throws IOException {
        try (ServerSocket listening =
                secure(certificate).createServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread.startVirtualThread(() -> {
                try (Socket socket = listening.accept()) {
                    socket.getOutputStream().write("hello\n".getBytes(US_ASCII));
                } catch (IOException e) {
                    // The test asserts on the client's side.
                }
            });
            return TLS.wrap(
                    new Socket(listening.getInetAddress(), listening.getLocalPort()),
                    "imap.example",
                    listening.getLocalPort(),
                    new TlsTrust(verify, AUTHORITY.certificatePem(), List.of(pins)),
                    Deadline.after(Duration.ofSeconds(60)));
        }
    }

    private static SSLSocket shake(HeldCertificate certificate, String host, boolean verify)
            throws IOException {
        return shake(
                secure(certificate),
                socket -> socket.getOutputStream().write("hello\n".getBytes(US_ASCII)),
                host,
                verify,
                AUTHORITY.certificatePem(),
                Duration.ofSeconds(60));
    }

    private static ServerSocketFactory secure(HeldCertificate certificate) {
        return new HandshakeCertificates.Builder()
                .heldCertificate(certificate)
                .build()
                .sslContext()
                .getServerSocketFactory();
    }

    private static HeldCertificate.Builder certificate(String... names) {
        HeldCertificate.Builder builder = new HeldCertificate.Builder().signedBy(AUTHORITY);
        for (String name : names) {
            builder.addSubjectAlternativeName(name);
        }
        return builder;
    }

    private static TlsException refusal(HeldCertificate certificate, String host) {
        return catchThrowableOfType(TlsException.class, () -> shake(certificate, host, true));
    }

    @Test
    void a_certificate_of_an_extra_authority_is_accepted_for_its_names() throws Exception {
        HeldCertificate held = certificate("imap.example", "*.mail.example", "127.0.0.1").build();
        for (String host : List.of("imap.example", "IMAP.example.", "a.mail.example", "0x7f.1")) {
            try (SSLSocket socket = shake(held, host, true)) {
                assertThat(socket.getInputStream().readNBytes(6)).asString().isEqualTo("hello\n");
            }
        }
    }

    @Test
    void the_name_configured_goes_out_as_sni() throws Exception {
        CompletableFuture<Object> seen = new CompletableFuture<>();
        Server server =
                socket -> {
                    ((SSLSocket) socket).startHandshake();
                    ExtendedSSLSession session =
                            (ExtendedSSLSession) ((SSLSocket) socket).getSession();
                    seen.complete(session.getRequestedServerNames());
                };
        shake(
                        secure(certificate("imap").build()),
                        server,
                        "imap",
                        true,
                        AUTHORITY.certificatePem(),
                        Duration.ofSeconds(60))
                .close();
        assertThat(seen.join()).isEqualTo(List.of(new SNIHostName("imap")));
    }

    @Test
    void tls_1_2_is_spoken_with_a_server_that_has_no_newer() throws Exception {
        try (SSLSocket socket = shake(certificate("old.example").build(), "old.example", true)) {
            assertThat(socket.getSession().getProtocol()).isEqualTo("TLSv1.2");
        }
    }

    @Test
    void a_certificate_for_other_names_is_refused_with_those_names() {
        TlsException refusal =
                refusal(
                        certificate("a.example", "b.example", "10.9.8.7", "d", "e", "f").build(),
                        "imap.example");
        assertThat(refusal.reason()).isEqualTo(Reason.NAME_MISMATCH);
        assertThat(refusal)
                .hasMessage(
                        "the server's certificate is for a.example, b.example, 10.9.8.7, d, e"
                                + " and 1 more, not for imap.example");
    }

    @Test
    void a_certificate_without_names_is_refused() {
        TlsException refusal = refusal(certificate().commonName("imap").build(), "127.0.0.1");
        assertThat(refusal.reason()).isEqualTo(Reason.NAME_MISMATCH);
        assertThat(refusal).hasMessageContaining("no host name at all (subject CN=imap");
    }

    @Test
    void an_expired_certificate_is_refused_with_its_end() {
        TlsException refusal =
                refusal(
                        certificate("imap.example").validityInterval(0, 1_000_000_000_000L).build(),
                        "imap.example");
        assertThat(refusal.reason()).isEqualTo(Reason.EXPIRED);
        assertThat(refusal).hasMessageContaining("valid until 2001-09-09T01:46:40Z");
    }

    @Test
    void a_certificate_of_the_future_is_refused() {
        long later = System.currentTimeMillis() + Duration.ofDays(30).toMillis();
        TlsException refusal =
                refusal(
                        certificate("imap.example").validityInterval(later, later * 2).build(),
                        "imap.example");
        assertThat(refusal.reason()).isEqualTo(Reason.NOT_YET_VALID);
    }

    @Test
    void a_self_signed_certificate_and_one_of_an_unknown_authority_are_distinguished() {
        HeldCertificate self =
                new HeldCertificate.Builder().addSubjectAlternativeName("imap.example").build();
        TlsException refusal = refusal(self, "imap.example");
        assertThat(refusal.reason()).isEqualTo(Reason.UNKNOWN_AUTHORITY);
        assertThat(refusal).hasMessageContaining("self-signed");

        HeldCertificate stranger =
                new HeldCertificate.Builder().certificateAuthority(0).commonName("Nobody").build();
        TlsException other =
                refusal(
                        new HeldCertificate.Builder()
                                .signedBy(stranger)
                                .addSubjectAlternativeName("imap.example")
                                .build(),
                        "imap.example");
        assertThat(other.reason()).isEqualTo(Reason.UNKNOWN_AUTHORITY);
        assertThat(other).hasMessageContaining("unknown authority (CN=Nobody");
    }

    @Test
    void a_servers_own_certificate_can_be_the_one_to_trust() throws Exception {
        HeldCertificate self =
                new HeldCertificate.Builder().addSubjectAlternativeName("imap.example").build();
        shake(
                        secure(self),
                        socket -> ((SSLSocket) socket).startHandshake(),
                        "imap.example",
                        true,
                        self.certificatePem(),
                        Duration.ofSeconds(60))
                .close();
    }

    @Test
    void without_verification_any_certificate_and_name_is_accepted() throws Exception {
        HeldCertificate self = new HeldCertificate.Builder().commonName("whoever").build();
        try (SSLSocket socket = shake(self, "imap.example", false)) {
            assertThat(socket.getInputStream().readNBytes(6)).asString().isEqualTo("hello\n");
        }
    }

    @Test
    void trust_in_one_accounts_authority_is_not_trust_in_anothers() {
        TlsException refusal =
                catchThrowableOfType(
                        TlsException.class,
                        () ->
                                shake(
                                        secure(certificate("imap.example").build()),
                                        socket -> ((SSLSocket) socket).startHandshake(),
                                        "imap.example",
                                        true,
                                        null,
                                        Duration.ofSeconds(60)));
        assertThat(refusal.reason()).isEqualTo(Reason.UNKNOWN_AUTHORITY);
    }

    @Test
    void a_server_that_does_not_speak_tls_is_named_as_such() {
        TlsException refusal =
                catchThrowableOfType(
                        TlsException.class,
                        () ->
                                plain(
                                        socket ->
                                                socket.getOutputStream()
                                                        .write("+OK ready\r\n".getBytes(US_ASCII)),
                                        Duration.ofSeconds(60)));
        assertThat(refusal.reason()).isEqualTo(Reason.HANDSHAKE);
        assertThat(refusal).hasMessage("the server does not speak TLS on this port");
    }

    @Test
    void a_silent_server_is_disconnected_at_the_deadline() {
        SocketTimeoutException late =
                catchThrowableOfType(
                        SocketTimeoutException.class,
                        () ->
                                plain(
                                        socket -> socket.getInputStream().readAllBytes(),
                                        Duration.ofMillis(100)));
        assertThat(late).hasMessageContaining("did not finish the TLS handshake in time");
    }

    @Test
    void a_server_that_sends_byte_by_byte_is_disconnected_at_the_deadline() {
        int last = 0;
        // On a busy machine the deadline may pass before the server's turn: then the time doubles.
        for (Duration time = Duration.ofMillis(300); last < 2; time = time.multipliedBy(2)) {
            Duration limit = time;
            assertThat(limit).isLessThan(Duration.ofMinutes(2));
            AtomicInteger sent = new AtomicInteger();
            SocketTimeoutException late =
                    catchThrowableOfType(
                            SocketTimeoutException.class,
                            () -> plain(socket -> drip(socket, sent), limit));
            assertThat(late).hasMessageContaining("did not finish the TLS handshake in time");
            last = sent.get();
        }
    }

    @Test
    void a_pinned_key_is_accepted_and_another_is_refused_with_its_pin() throws Exception {
        HeldCertificate held = certificate("imap.example").build();
        KeyPin right = KeyPin.of(held.certificate());
        KeyPin wrong = KeyPin.of(AUTHORITY.certificate());
        for (boolean verify : new boolean[] {true, false}) {
            try (SSLSocket socket = pinned(held, verify, wrong, right)) {
                assertThat(socket.getInputStream().readNBytes(6)).asString().isEqualTo("hello\n");
            }
            TlsException refusal =
                    catchThrowableOfType(TlsException.class, () -> pinned(held, verify, wrong));
            assertThat(refusal.reason()).isEqualTo(Reason.WRONG_KEY);
            assertThat(refusal).hasMessageEndingWith("its pin is " + right.base64());
        }
    }

    @Test
    void a_pin_replaces_the_certificate_only_where_that_is_not_verified() throws Exception {
        HeldCertificate self = new HeldCertificate.Builder().commonName("whoever").build();
        KeyPin pin = KeyPin.of(self.certificate());
        pinned(self, false, pin).close();
        TlsException refusal =
                catchThrowableOfType(TlsException.class, () -> pinned(self, true, pin));
        assertThat(refusal.reason()).isEqualTo(Reason.UNKNOWN_AUTHORITY);
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
    void a_resumed_session_is_held_to_the_pin_too(String protocol) throws Exception {
        HeldCertificate.Builder held = certificate("imap.example");
        try (TicketServer server = tickets(held, protocol)) {
            long first = server.connect(TLS, true);
            await().until(() -> System.currentTimeMillis() > first);
            assertThat(server.connect(TLS, true)).isEqualTo(first);
            TlsException refusal =
                    catchThrowableOfType(
                            TlsException.class,
                            () -> server.connect(TLS, KeyPin.of(AUTHORITY.certificate())));
            assertThat(refusal.reason()).isEqualTo(Reason.WRONG_KEY);
        }
    }

    @Test
    void a_pin_is_read_in_base64_and_hexadecimal() {
        String base64 = "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=";
        String hex = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        String colons = hex.toUpperCase(Locale.ROOT).replaceAll("..(?!$)", "$0:");
        for (String text : List.of(base64, hex, colons, base64.replace("=", ""))) {
            assertThat(KeyPin.parse(text)).isEqualTo(new KeyPin(base64));
        }
        for (String text :
                List.of("", "aGVsbG8=", hex.substring(2), "x".repeat(64), base64 + "=")) {
            assertThatIllegalArgumentException().isThrownBy(() -> KeyPin.parse(text));
        }
    }

    /** A ServerHello in a record of its own, after the client's hello. */
    private static void answerHello(Socket socket, int version) throws IOException {
        socket.getInputStream().read(new byte[4096]);
        byte[] hello = new byte[47];
        byte[] head = {0x16, 3, (byte) version, 0, 42, 2, 0, 0, 38, 3, (byte) version};
        System.arraycopy(head, 0, hello, 0, head.length);
        // After 32 random octets and no session id: ECDHE_RSA_WITH_AES_128_GCM_SHA256.
        hello[44] = (byte) 0xc0;
        hello[45] = 0x2f;
        socket.getOutputStream().write(hello);
        socket.getInputStream().readAllBytes();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void a_server_that_has_no_newer_tls_than_1_1_is_refused(int version) {
        TlsException refusal =
                catchThrowableOfType(
                        TlsException.class,
                        () ->
                                plain(
                                        socket -> answerHello(socket, version),
                                        Duration.ofSeconds(60)));
        assertThat(refusal.reason()).isEqualTo(Reason.HANDSHAKE);
        assertThat(refusal).hasMessageContaining("is not accepted by client preferences");
    }

    private static TicketServer tickets(HeldCertificate.Builder certificate, String protocol)
            throws IOException {
        return new TicketServer(
                certificate.build(), "imap.example", AUTHORITY.certificatePem(), protocol);
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
    void the_next_connection_resumes_the_session(String protocol) throws Exception {
        try (TicketServer server = tickets(certificate("imap.example"), protocol)) {
            long first = server.connect(TLS, true);
            await().until(() -> System.currentTimeMillis() > first);
            assertThat(server.connect(TLS, true)).isEqualTo(first);
        }
    }

    @Test
    void more_sessions_are_resumed_at_once_than_one_context_keeps_tickets() throws Exception {
        int many = 3 * TrustedContexts.TICKETS_PER_HOST;
        try (TicketServer server = tickets(certificate("imap.example"), "TLSv1.3")) {
            // A full handshake drops the tickets that JSSE keeps for the host, so it takes a few.
            await().until(() -> {
                long begun = System.currentTimeMillis();
                return server.connectAtOnce(TLS, many).stream().filter(made -> made < begun).count()
                        > TrustedContexts.TICKETS_PER_HOST;
            });
        }
    }

    @Test
    void an_unverified_session_is_not_resumed_where_verification_is_required() throws Exception {
        HeldCertificate.Builder stranger =
                new HeldCertificate.Builder().addSubjectAlternativeName("imap.example");
        try (TicketServer server = tickets(stranger, "TLSv1.3")) {
            server.connect(TLS, false);
            TlsException refusal =
                    catchThrowableOfType(TlsException.class, () -> server.connect(TLS, true));
            assertThat(refusal.reason()).isEqualTo(Reason.UNKNOWN_AUTHORITY);
        }
    }

    @Test
    void handshakes_that_stall_do_not_delay_others() throws Exception {
        int stalled = 200;
        List<Socket> sockets = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        try (ServerSocket silent = new ServerSocket(0, stalled, InetAddress.getLoopbackAddress());
                TicketServer server = tickets(certificate("imap.example"), "TLSv1.3")) {
            for (int i = 0; i < stalled; i++) {
                Socket plain = new Socket(silent.getInetAddress(), silent.getLocalPort());
                sockets.add(plain);
                threads.add(
                        Thread.startVirtualThread(() -> {
                            Deadline deadline = Deadline.after(Duration.ofMinutes(10));
                            try {
                                TLS.wrap(plain, "imap.example", 993, true, null, deadline).close();
                            } catch (IOException e) {
                                // The test closes it at the end.
                            }
                        }));
            }
            assertThat(server.connect(TLS, true)).isPositive();
            assertThat(threads).allMatch(Thread::isAlive);
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    /** A handshake record of 16,000 bytes, one byte every 20 ms, until the client goes away. */
    private static void drip(Socket socket, AtomicInteger sent) throws IOException {
        OutputStream out = socket.getOutputStream();
        out.write(new byte[] {0x16, 3, 3, 0x3e, (byte) 0x80, 2, 0, 0x3e, 0x70});
        socket.setSoTimeout(20);
        while (true) {
            out.write(3);
            sent.incrementAndGet();
            readPause(socket);
        }
    }

    private static void readPause(Socket socket) throws IOException {
        try {
            while (socket.getInputStream().read() >= 0) {
                // The client's hello; then the read timeout is the pause.
            }
            throw new SocketException("the client has closed");
        } catch (SocketTimeoutException pause) {
            assertThat(socket.isClosed()).isFalse();
        }
    }

    private static void plain(Server server, Duration time) throws IOException {
        shake(ServerSocketFactory.getDefault(), server, "imap.example", true, null, time).close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "no pem",
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n",
                "-----BEGIN CERTIFICATE-----\n"
            })
    void text_that_is_no_certificate_is_refused_at_registration(String caPem) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TlsContexts.requireCaPem(caPem, "caPem"))
                .withMessageStartingWith("caPem ");
    }

    @Test
    void a_private_key_sent_by_mistake_is_refused_and_not_repeated() {
        String key = AUTHORITY.privateKeyPkcs8Pem();
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> TlsContexts.requireCaPem(AUTHORITY.certificatePem() + key, "caPem"))
                .withMessageContaining("private key")
                .withMessageNotContaining(key.substring(40, 60));
        TlsContexts.requireCaPem(AUTHORITY.certificatePem(), "caPem");
    }
}
