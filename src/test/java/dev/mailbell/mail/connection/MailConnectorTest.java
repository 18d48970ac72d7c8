package dev.mailbell.mail.connection;

import static dev.mailbell.network.socket.ScriptedProxy.connectsTo;
import static dev.mailbell.network.socket.ScriptedProxy.hears;
import static dev.mailbell.network.socket.ScriptedProxy.hearsHead;
import static dev.mailbell.network.socket.ScriptedProxy.isSilent;
import static dev.mailbell.network.socket.ScriptedProxy.says;
import static dev.mailbell.network.socket.ScriptedProxy.sends;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mailbell.Ports;
import dev.mailbell.mail.Credential;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.scripted.Loopback;
import dev.mailbell.mail.scripted.ScriptedServer;
import dev.mailbell.mail.scripted.TestTls;
import dev.mailbell.network.Deadline;
import dev.mailbell.network.socket.Egress;
import dev.mailbell.network.socket.ProxyAddress;
import dev.mailbell.network.socket.ScriptedProxy;
import dev.mailbell.network.tls.KeyPin;
import dev.mailbell.network.tls.TlsTrust;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class MailConnectorTest {
    private static final Loopback LOOPBACK = new Loopback();
    private static final long BUDGET = 1 << 20;

    /** The time that an open connection gets where it is to end by it. */
    private static final Duration SOON = Duration.ofMillis(300);

    @AfterAll
    static void close() {
        LOOPBACK.close();
    }

    private static Login login(String host, int port, Security security, @Nullable String caPem) {
        return new Login(
                Protocol.POP3,
                host,
                port,
                security,
                "ann",
                new Credential.Password("s3cret"),
                true,
                caPem);
    }

    private static Login login(int port, Security security) {
        return login("127.0.0.1", port, security, TestTls.caPem());
    }

    private static LimitedSocket open(Login login, int millis, long budget) {
        return LOOPBACK.connector().open(login, Deadline.after(Duration.ofMillis(millis)), budget);
    }

    private static MailFailure refusal(Login login, int millis) {
        return catchThrowableOfType(MailFailure.class, () -> open(login, millis, BUDGET));
    }

    private static String line(LimitedSocket socket) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int octet; (octet = socket.getInputStream().read()) != '\n'; ) {
            if (octet < 0) {
                throw new java.io.EOFException();
            }
            line.append((char) octet);
        }
        return line.toString().strip();
    }

    private static void say(LimitedSocket socket, String line) throws IOException {
        socket.getOutputStream().write((line + "\r\n").getBytes(US_ASCII));
    }

    @Test
    void clear_text_tls_and_an_upgrade_carry_the_same_words() throws IOException {
        for (Security security : Security.values()) {
            String script =
                    switch (security) {
                        case NONE -> "S: hello\nC: secret\nS: bye";
                        case TLS -> "! tls\nS: hello\nC: secret\nS: bye";
                        case STARTTLS -> "S: hello\n! tls\nC: secret\nS: bye";
                    };
            try (ScriptedServer server = ScriptedServer.playing(script);
                    LimitedSocket socket = open(login(server.port(), security), 60_000, BUDGET)) {
                assertThat(line(socket)).isEqualTo("hello");
                if (security == Security.STARTTLS) {
                    socket.startTls();
                }
                say(socket, "secret");
                assertThat(line(socket)).isEqualTo("bye");
                assertThat(socket.bytesLeft()).isEqualTo(BUDGET - "hello\r\nbye\r\n".length());
            }
        }
    }

    /** JSSE ends a handshake at a warning that other TLS clients pass over. */
    @Test
    void a_server_that_does_not_know_its_own_name_is_asked_without_it() throws IOException {
        String warning = "! raw \\x15\\x03\\x03\\x00\\x02\\x01\\x70\n! anything\n---\n";
        try (ScriptedServer server = ScriptedServer.playing(warning + "! tls\nS: hello");
                LimitedSocket socket =
                        open(
                                login("localhost", server.port(), Security.TLS, TestTls.caPem()),
                                60_000,
                                BUDGET)) {
            assertThat(line(socket)).isEqualTo("hello");
        }
    }

    @Test
    void clear_text_is_refused_where_the_operator_has_not_allowed_it() {
        MailFailure failure = refusal(login("mail.example", 110, Security.NONE, null), 1_000);
        assertThat(failure.code()).isEqualTo(FailureCode.TLS_FAILED);
        assertThat(failure).hasMessageContaining("network.allowCleartext");
    }

    @Test
    void a_daemon_that_stops_leaves_no_connection_behind() throws IOException {
        Loopback stopped = new Loopback();
        stopped.close();
        try (ScriptedServer server = ScriptedServer.playing("! silence")) {
            Login login = login(server.port(), Security.NONE);
            Deadline deadline = Deadline.after(Duration.ofSeconds(60));
            MailFailure failure =
                    catchThrowableOfType(
                            MailFailure.class,
                            () -> stopped.connector().open(login, deadline, BUDGET));
            assertThat(failure.code()).isEqualTo(FailureCode.CONNECT_FAILED);
        }
    }

    @Test
    void a_private_address_is_refused() {
        MailFailure failure = refusal(login("10.0.0.1", 995, Security.TLS, null), 1_000);
        assertThat(failure.code()).isEqualTo(FailureCode.BLOCKED_ADDRESS);
    }

    @Test
    void a_port_where_nobody_listens_is_named() throws IOException {
        try (Ports.Closed closed = new Ports.Closed()) {
            MailFailure failure = refusal(login(closed.port(), Security.NONE), 60_000);
            assertThat(failure.code()).isEqualTo(FailureCode.CONNECT_FAILED);
            assertThat(failure)
                    .hasMessageContaining("127.0.0.1:" + closed.port() + " refused the connection");
        }
    }

    private static Login by(ScriptedProxy proxy, String scheme, int port, TlsTrust trust) {
        return new Login(
                Protocol.POP3,
                "127.0.0.1",
                port,
                Security.TLS,
                "ann",
                new Credential.Password("s3cret"),
                trust,
                new Egress(
                        "tokyo",
                        ProxyAddress.parse(scheme + "://u:hush@127.0.0.1:" + proxy.port()),
                        null,
                        false),
                null,
                false);
    }

    @Test
    void tls_is_spoken_with_the_server_through_either_kind_of_proxy() throws IOException {
        for (String scheme : List.of("socks5", "http")) {
            try (ScriptedServer server =
                            ScriptedServer.playing("! tls\nS: hello\nC: secret\nS: bye");
                    ScriptedProxy proxy =
                            scheme.equals("http")
                                    ? new ScriptedProxy(
                                            hearsHead(),
                                            says("HTTP/1.1 200 OK\r\n\r\n"),
                                            connectsTo(server.port()))
                                    : new ScriptedProxy(
                                            hears(4),
                                            sends("05 00"),
                                            hears(10),
                                            sends("05 00 00 01 00000000 0000"),
                                            connectsTo(server.port()));
                    LimitedSocket socket =
                            open(
                                    by(
                                            proxy,
                                            scheme,
                                            server.port(),
                                            new TlsTrust(true, TestTls.caPem())),
                                    60_000,
                                    BUDGET)) {
                assertThat(line(socket)).isEqualTo("hello");
                say(socket, "secret");
                assertThat(line(socket)).isEqualTo("bye");
            }
        }
    }

    @Test
    void a_proxy_that_fails_is_named_and_not_held_against_the_server() throws IOException {
        try (ScriptedProxy proxy = new ScriptedProxy(sends("05 02 01 01"), isSilent())) {
            MailFailure failure =
                    refusal(by(proxy, "socks5", 995, new TlsTrust(true, null)), 60_000);
            assertThat(failure.code()).isEqualTo(FailureCode.CONNECT_FAILED);
            assertThat(failure)
                    .hasMessage(
                            "no connection to 127.0.0.1:995: the proxy of the way out \"tokyo\""
                                    + " refused the user and password");
            assertThat(failure.isOfHost()).isFalse();
            assertThat(failure.code().needsOwner()).isFalse();
        }
        try (ScriptedProxy silent = new ScriptedProxy(isSilent())) {
            MailFailure failure =
                    ScriptedServer.inTime(time -> {
                        MailFailure given =
                                refusal(
                                        by(silent, "socks5", 995, new TlsTrust(true, null)),
                                        (int) time.toMillis());
                        // On a busy machine the time may be over before the proxy is asked.
                        ScriptedServer.requireReached(
                                String.valueOf(given.getMessage())
                                        .contains("\"tokyo\" did not connect to"),
                                "the question to the proxy");
                        return given;
                    });
            assertThat(failure.code()).isEqualTo(FailureCode.CONNECT_FAILED);
        }
    }

    @Test
    void a_server_that_the_proxy_cannot_reach_is_the_servers_failure() throws IOException {
        try (ScriptedProxy proxy =
                new ScriptedProxy(
                        hears(4), sends("05 00"), hears(10), sends("05 05"), isSilent())) {
            MailFailure failure =
                    refusal(by(proxy, "socks5", 995, new TlsTrust(true, null)), 60_000);
            assertThat(failure.code()).isEqualTo(FailureCode.CONNECT_FAILED);
            assertThat(failure)
                    .hasMessage(
                            "127.0.0.1:995 cannot be reached: the proxy of the way out \"tokyo\""
                                    + " answered 5 (connection refused)");
            assertThat(failure.isOfHost()).isTrue();
        }
    }

    @Test
    void a_wrong_key_is_refused_with_its_pin() throws IOException {
        KeyPin other = new KeyPin("n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=");
        try (ScriptedServer server = ScriptedServer.playing("! tls\n! anything")) {
            Login login =
                    new Login(
                            Protocol.POP3,
                            "127.0.0.1",
                            server.port(),
                            Security.TLS,
                            "ann",
                            new Credential.Password("s3cret"),
                            new TlsTrust(false, null, List.of(other)),
                            null,
                            null,
                            false);
            MailFailure failure = refusal(login, 60_000);
            assertThat(failure.code()).isEqualTo(FailureCode.TLS_FAILED);
            assertThat(failure.reason()).containsPattern("its pin is [A-Za-z0-9+/]{43}=; add");
        }
    }

    @Test
    void a_certificate_that_is_not_trusted_fails_with_the_remedy() throws IOException {
        try (ScriptedServer server = ScriptedServer.playing("! tls refused")) {
            MailFailure failure =
                    refusal(login("127.0.0.1", server.port(), Security.TLS, null), 60_000);
            assertThat(failure.code()).isEqualTo(FailureCode.TLS_FAILED);
            assertThat(failure).hasMessageContaining("caPem");
        }
    }

    @Test
    void a_handshake_that_is_never_answered_ends_at_the_deadline() {
        MailFailure failure =
                ScriptedServer.inTime(time -> {
                    try (ScriptedServer server = ScriptedServer.playing("! silence")) {
                        return refusal(login(server.port(), Security.TLS), (int) time.toMillis());
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
        assertThat(failure.code()).isEqualTo(FailureCode.TIMEOUT);
    }

    @Test
    void what_comes_in_clear_text_before_the_handshake_is_refused() throws IOException {
        try (ScriptedServer server =
                        ScriptedServer.playing("S: go ahead\nS: +OK injected\n! silence");
                LimitedSocket socket =
                        open(login(server.port(), Security.STARTTLS), 60_000, BUDGET)) {
            assertThat(line(socket)).isEqualTo("go ahead");
            while (socket.getInputStream().available() == 0) {
                Thread.onSpinWait();
            }
            MailFailure failure = catchThrowableOfType(MailFailure.class, socket::startTls);
            assertThat(failure.code()).isEqualTo(FailureCode.PROTOCOL_ERROR);
            assertThat(socket.isClosed()).isTrue();
        }
    }

    @Test
    void a_server_that_says_nothing_or_drips_ends_a_read_at_the_deadline() throws IOException {
        for (String script : new String[] {"! silence", "! drip 20 " + "x".repeat(2_000)}) {
            try (ScriptedServer server = ScriptedServer.playing(script);
                    LimitedSocket socket =
                            open(login(server.port(), Security.NONE), 60_000, BUDGET)) {
                socket.renew(Deadline.after(SOON), BUDGET);
                IOException e = catchThrowableOfType(IOException.class, () -> line(socket));
                assertThat(e).isInstanceOf(SocketTimeoutException.class);
                assertThat(socket.failure(e).code()).isEqualTo(FailureCode.TIMEOUT);
            }
        }
    }

    @Test
    void a_server_that_does_not_read_ends_a_write_at_the_deadline() throws IOException {
        try (ScriptedServer server = ScriptedServer.playing("! wait end\n! anything");
                LimitedSocket socket = open(login(server.port(), Security.NONE), 60_000, BUDGET)) {
            socket.renew(Deadline.after(SOON), BUDGET);
            IOException e =
                    catchThrowableOfType(
                            IOException.class,
                            () -> {
                                while (true) {
                                    socket.getOutputStream().write(new byte[1 << 16]);
                                }
                            });
            server.go("end");
            assertThat(e).isInstanceOf(SocketTimeoutException.class);
        }
    }

    @Test
    void an_endless_answer_ends_at_the_budget() throws IOException {
        try (ScriptedServer server = ScriptedServer.playing("! forever x");
                LimitedSocket socket = open(login(server.port(), Security.NONE), 60_000, BUDGET)) {
            IOException e =
                    catchThrowableOfType(
                            IOException.class, () -> socket.getInputStream().readAllBytes());
            assertThat(e).isInstanceOf(ByteBudgetException.class);
            assertThat(socket.failure(e).code()).isEqualTo(FailureCode.PROTOCOL_ERROR);
        }
    }

    @Test
    void a_deadline_and_a_budget_can_be_renewed_until_they_have_passed() throws IOException {
        try (ScriptedServer server =
                        ScriptedServer.playing("S: one\n! wait two\nS: two\n! silence");
                LimitedSocket socket = open(login(server.port(), Security.NONE), 60_000, 5)) {
            assertThat(line(socket)).isEqualTo("one");
            socket.renew(Deadline.after(Duration.ofSeconds(60)), 5);
            server.go("two");
            assertThat(line(socket)).isEqualTo("two");
            socket.renew(Deadline.after(Duration.ZERO), 5);
            assertThat(catchThrowableOfType(IOException.class, () -> line(socket)))
                    .isInstanceOf(SocketTimeoutException.class);
            MailFailure failure =
                    catchThrowableOfType(
                            MailFailure.class,
                            () -> {
                                while (true) {
                                    socket.renew(Deadline.after(Duration.ZERO), 5);
                                }
                            });
            assertThat(failure.code()).isEqualTo(FailureCode.TIMEOUT);
        }
    }

    @Test
    void a_cut_wakes_whoever_reads() throws Exception {
        try (ScriptedServer server = ScriptedServer.playing("S: one\n! silence");
                LimitedSocket socket = open(login(server.port(), Security.NONE), 60_000, BUDGET)) {
            assertThat(line(socket)).isEqualTo("one");
            Thread reader =
                    Thread.startVirtualThread(() -> {
                        try {
                            line(socket);
                        } catch (IOException e) {
                            assertThat(socket.failure(e).code())
                                    .isEqualTo(FailureCode.CONNECT_FAILED);
                        }
                    });
            socket.cut();
            assertThat(reader.join(Duration.ofSeconds(180))).isTrue();
        }
    }
}
