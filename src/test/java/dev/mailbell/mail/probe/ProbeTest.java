package dev.mailbell.mail.probe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.Ports;
import dev.mailbell.mail.Credential.Password;
import dev.mailbell.mail.Endpoint;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.dovecot.Dovecot;
import dev.mailbell.mail.dovecot.Maildir;
import dev.mailbell.mail.log.ProtocolLog;
import dev.mailbell.mail.log.ProtocolLogLine;
import dev.mailbell.mail.scripted.ScriptedServer;
import dev.mailbell.network.Watchdog;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.tls.TlsContexts;
import dev.mailbell.network.tls.TlsTrust;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProbeTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final String SECRET = "s3cret-word";

    private final AddressGuard guard = new AddressGuard(List.of("127.0.0.0/8"), List.of("*"));
    private final Watchdog watchdog = new Watchdog();
    private final Probe probe = new Probe(guard, new TlsContexts(watchdog), watchdog);
    private final List<ProtocolLogLine> live = Collections.synchronizedList(new ArrayList<>());
    private @Nullable Watching watching;

    @AfterEach
    void close() {
        watchdog.close();
        guard.close();
    }

    private ProbeReport run(ProbeRequest request) {
        return probe.run(
                request, new ProtocolLog(request.secrets(), System::nanoTime, live::add), watching);
    }

    private static ProbeRequest request(
            Protocol protocol,
            Security security,
            int port,
            @Nullable String caPem,
            @Nullable String user,
            String password) {
        return new ProbeRequest(
                protocol,
                new Endpoint("127.0.0.1", port, security, new TlsTrust(true, caPem), null),
                user,
                user == null ? null : new Password(password),
                "INBOX",
                LONG);
    }

    private static ProbeRequest atDovecot(Protocol protocol, Security security, String user) {
        Dovecot server = Dovecot.shared();
        boolean tls = security == Security.TLS;
        int port =
                protocol == Protocol.IMAP
                        ? tls ? server.imapsPort() : server.imapPort()
                        : tls ? server.pop3sPort() : server.pop3Port();
        return request(protocol, security, port, server.caPem(), user, Dovecot.PASSWORD);
    }

    private static ProbeReport.Failure failure(ProbeReport report) {
        return Objects.requireNonNull(report.failure(), "the probe has succeeded");
    }

    private static ProbeReport.Tls tls(ProbeReport report) {
        return Objects.requireNonNull(report.tls(), "there was no TLS");
    }

    private String said() {
        return String.join("\n", live.stream().map(ProtocolLogLine::unstamped).toList());
    }

    @ParameterizedTest
    @CsvSource({"TLS, LOGIN (command)", "STARTTLS, LOGIN (command)", "NONE, LOGIN (command)"})
    void an_imap_server_is_probed_and_its_mailbox_stays_as_it_is(Security security, String by) {
        Maildir mail = Dovecot.shared().freshUser();
        mail.deliver(3);
        List<String> before = mail.files();
        ProbeReport report = run(atDovecot(Protocol.IMAP, security, mail.user()));

        assertThat(report.failure()).isNull();
        assertThat(report.addresses()).containsExactly("127.0.0.1");
        assertThat(report.addressesAllowed()).isFalse();
        assertThat(report.steps())
                .extracting(ProbeReport.Step::name)
                .containsExactlyElementsOf(
                        switch (security) {
                            case TLS ->
                                    List.of(
                                            "dns",
                                            "connect",
                                            "tls",
                                            "greeting",
                                            "login",
                                            "folders",
                                            "select",
                                            "check");
                            case STARTTLS ->
                                    List.of(
                                            "dns",
                                            "connect",
                                            "greeting",
                                            "starttls",
                                            "login",
                                            "folders",
                                            "select",
                                            "check");
                            case NONE ->
                                    List.of(
                                            "dns",
                                            "connect",
                                            "greeting",
                                            "login",
                                            "folders",
                                            "select",
                                            "check");
                        });
        assertThat(report.greeting()).contains("Dovecot");
        assertThat(report.mechanisms()).contains("PLAIN", "LOGIN");
        assertThat(report.loginBy()).containsExactly(by);
        assertThat(report.capabilities()).contains("IDLE", "ESEARCH");
        assertThat(report.push().idle()).isTrue();
        assertThat(report.folders()).contains("INBOX");
        assertThat(report.mailbox()).extracting(ProbeReport.Mailbox::messages).isEqualTo(3);
        assertThat(report.proofs()).isEqualTo(new ProbeReport.Proofs("status", "esearch", false));
        assertThat(report.configuration())
                .contains("allowPrivate: [127.0.0.1/32]")
                .satisfies(text ->
                        assertThat(text.contains("allowCleartext"))
                                .isEqualTo(security == Security.NONE));
        assertThat(report.registration().toString())
                .contains("protocol=imap", "username=" + mail.user(), "password=…");
        if (security == Security.NONE) {
            assertThat(report.tls()).isNull();
        } else {
            assertThat(tls(report).trusted()).isTrue();
            assertThat(tls(report).version()).startsWith("TLSv1.");
            assertThat(tls(report).chain().getFirst().names())
                    .containsExactly("localhost", "127.0.0.1");
        }
        assertThat(said()).contains("EXAMINE").doesNotContain(" SELECT ").doesNotContain("s3");
        assertThat(mail.files()).isEqualTo(before);
    }

    @Test
    void a_pop3_server_is_probed_and_its_maildrop_stays_as_it_is() {
        Maildir mail = Dovecot.shared().freshUser();
        mail.deliver(2);
        ProbeReport report = run(atDovecot(Protocol.POP3, Security.TLS, mail.user()));

        assertThat(report.failure()).isNull();
        assertThat(report.loginBy()).containsExactly("USER and PASS");
        assertThat(report.mailbox()).extracting(ProbeReport.Mailbox::messages).isEqualTo(2);
        assertThat(report.proofs()).isEqualTo(new ProbeReport.Proofs("ends", "listing", false));
        assertThat(report.pop3()).isEqualTo(new ProbeReport.Pop3(true, true, true, true, "", 0));
        assertThat(said()).doesNotContain("DELE").doesNotContain("RETR").doesNotContain("s3");
        assertThat(mail.uids("INBOX")).hasSize(2);
    }

    @Test
    void the_certificate_of_an_untrusted_server_is_shown_and_no_password_sent() {
        Maildir mail = Dovecot.shared().freshUser();
        ProbeRequest trusted = atDovecot(Protocol.IMAP, Security.STARTTLS, mail.user());
        ProbeReport report =
                run(
                        request(
                                Protocol.IMAP,
                                Security.STARTTLS,
                                trusted.endpoint().port(),
                                null,
                                mail.user(),
                                Dovecot.PASSWORD));

        assertThat(failure(report).code()).isEqualTo("tls_failed");
        assertThat(failure(report).step()).isEqualTo("login");
        assertThat(tls(report).trusted()).isFalse();
        assertThat(tls(report).reason()).contains("self-signed");
        assertThat(report.registration().toString())
                .contains("pinSha256=[" + tls(report).chain().getFirst().pin() + "]");
        assertThat(said()).doesNotContain("LOGIN [redacted]").doesNotContain("AUTHENTICATE");
    }

    @Test
    void without_a_user_it_stops_before_the_login() {
        for (Protocol protocol : Protocol.values()) {
            ProbeRequest known = atDovecot(protocol, Security.TLS, "ann");
            ProbeReport report =
                    run(
                            request(
                                    protocol,
                                    Security.TLS,
                                    known.endpoint().port(),
                                    Dovecot.shared().caPem(),
                                    null,
                                    ""));
            assertThat(report.failure()).isNull();
            assertThat(report.mechanisms()).contains("PLAIN");
            assertThat(report.loginBy())
                    .containsExactly(
                            protocol == Protocol.IMAP ? "LOGIN (command)" : "USER and PASS");
            assertThat(report.mailbox()).isNull();
        }
    }

    @Test
    void a_refused_login_is_explained_and_what_is_known_is_reported() {
        Dovecot server = Dovecot.shared();
        ProbeReport report =
                run(
                        request(
                                Protocol.IMAP,
                                Security.TLS,
                                server.imapsPort(),
                                server.caPem(),
                                "ann",
                                "wr0ng-secret"));
        assertThat(failure(report).code()).isEqualTo("auth_failed");
        assertThat(failure(report).step()).isEqualTo("login");
        assertThat(report.mechanisms()).contains("PLAIN");
        assertThat(said()).doesNotContain("wr0ng");
    }

    @Test
    void watching_shows_what_the_server_says_until_it_is_stopped() throws InterruptedException {
        Maildir mail = Dovecot.shared().freshUser();
        CountDownLatch waits = new CountDownLatch(1);
        CountDownLatch heard = new CountDownLatch(1);
        AtomicReference<ProbeReport> reported = new AtomicReference<>();
        Watching here = new Watching(Duration.ofHours(1), waits::countDown);
        ProbeRequest request = atDovecot(Protocol.IMAP, Security.TLS, mail.user());
        ProtocolLog log =
                new ProtocolLog(
                        request.secrets(),
                        System::nanoTime,
                        line -> {
                            if (line.text().equals("* 1 EXISTS")) {
                                heard.countDown();
                            }
                        });
        Thread thread = Thread.ofVirtual().start(() -> reported.set(probe.run(request, log, here)));
        assertThat(waits.await(180, TimeUnit.SECONDS)).isTrue();
        mail.deliver("INBOX", Maildir.message("news"));
        assertThat(heard.await(180, TimeUnit.SECONDS)).isTrue();
        here.stop();
        assertThat(thread.join(LONG)).isTrue();
        assertThat(reported.get().failure()).isNull();
    }

    @Test
    void a_server_without_idle_cannot_be_watched() throws IOException {
        watching = new Watching(Duration.ofHours(1), () -> {});
        try (ScriptedServer server =
                ScriptedServer.playing(
                        """
                        S: * OK [CAPABILITY IMAP4rev1] ready
                        C: {a} LOGIN {*}
                        S: {a} OK [CAPABILITY IMAP4rev1] in
                        C: {b} LIST {*}
                        S: * LIST () "/" INBOX
                        S: {b} OK
                        C: {c} EXAMINE INBOX
                        S: * 0 EXISTS
                        S: * OK [UIDVALIDITY 7] x
                        S: * OK [UIDNEXT 1] x
                        S: {c} OK
                        C: {d} EXAMINE INBOX
                        S: * 0 EXISTS
                        S: * OK [UIDVALIDITY 7] x
                        S: * OK [UIDNEXT 1] x
                        S: {d} OK
                        C: {e} EXAMINE INBOX
                        S: * 0 EXISTS
                        S: * OK [UIDVALIDITY 7] x
                        S: * OK [UIDNEXT 1] x
                        S: {e} OK
                        C: {f} UID SEARCH {*}
                        S: * SEARCH
                        S: {f} OK
                        C: {g} LOGOUT
                        ! drop
                        """)) {
            ProbeReport report =
                    run(request(Protocol.IMAP, Security.NONE, server.port(), null, "ann", SECRET));
            assertThat(failure(report).step()).isEqualTo("watch");
            assertThat(failure(report).message()).contains("it cannot be watched");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "! raw \\x00\\xff\\x1b[2J\\r\\n\n! anything",
                "! forever * OK ready \\x1b[31m\\r\\n",
                "! forever x",
                "S: 220 mail.example ESMTP\n! anything",
                "S: SSH-2.0-OpenSSH\n! anything",
                "! drop",
                "! reset",
                "! anything"
            })
    void hostile_servers_are_named_within_the_time(String script) throws IOException {
        for (Protocol protocol : Protocol.values()) {
            try (ScriptedServer server = ScriptedServer.playing(script + "\n---\n" + script)) {
                ProbeReport report =
                        run(
                                new ProbeRequest(
                                        protocol,
                                        new Endpoint(
                                                "127.0.0.1",
                                                server.port(),
                                                Security.NONE,
                                                new TlsTrust(true, null),
                                                null),
                                        "ann",
                                        new Password(SECRET),
                                        "INBOX",
                                        script.equals("! anything")
                                                ? Duration.ofMillis(300)
                                                : script.startsWith("! forever")
                                                        ? Duration.ofSeconds(2)
                                                        : LONG));
                assertThat(failure(report).message()).isNotBlank();
                assertThat(said() + report)
                        .doesNotContain("\u001b")
                        .doesNotContain(SECRET)
                        .doesNotContain("\u0000");
                // Ends the connections that the script still waits for: one, or both where on a
                // busy machine the time was over before the probe connected.
                for (int connection = 0; connection < 2; connection++) {
                    new Socket(InetAddress.getLoopbackAddress(), server.port()).close();
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "S: * OK ready\n! anything",
                "! raw \\x15\\x03\\x01\\x00\\x02\\x02\\x28\n! anything",
                "! drop"
            })
    void a_port_that_does_not_speak_tls_is_named(String script) throws IOException {
        try (ScriptedServer server = ScriptedServer.playing(script)) {
            ProbeReport report =
                    run(request(Protocol.IMAP, Security.TLS, server.port(), null, "ann", SECRET));
            assertThat(failure(report).step()).isEqualTo("tls");
            assertThat(failure(report).code()).isEqualTo("tls_failed");
        }
    }

    @Test
    void a_refused_connection_is_named_with_its_step() {
        try (Ports.Closed closed = new Ports.Closed()) {
            ProbeReport report =
                    run(request(Protocol.POP3, Security.TLS, closed.port(), null, "ann", SECRET));
            assertThat(failure(report).step()).isEqualTo("connect");
            assertThat(failure(report).message()).contains("refused the connection");
        }
    }

    @Test
    void what_pop3_lacks_is_reported() throws IOException {
        try (ScriptedServer server =
                ScriptedServer.playing(
                        """
                        S: +OK ready
                        C: CAPA
                        S: +OK
                        S: USER
                        S: EXPIRE 30 USER
                        S: LOGIN-DELAY 120
                        S: .
                        C: USER ann
                        S: +OK
                        C: PASS s3cret-word
                        S: +OK
                        C: CAPA
                        S: +OK
                        S: USER
                        S: EXPIRE 30
                        S: LOGIN-DELAY 120
                        S: .
                        C: {*}
                        S: -ERR no
                        ! anything
                        """)) {
            ProbeReport report =
                    run(request(Protocol.POP3, Security.NONE, server.port(), null, "ann", SECRET));
            assertThat(report.pop3())
                    .isEqualTo(new ProbeReport.Pop3(true, false, false, false, "30", 120));
            assertThat(report.advice())
                    .anyMatch(sentence -> sentence.contains("one login in 120 s"))
                    .anyMatch(sentence -> sentence.contains("EXPIRE 30"));
        }
    }
}
