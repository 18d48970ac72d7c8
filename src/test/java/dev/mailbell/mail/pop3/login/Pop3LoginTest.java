package dev.mailbell.mail.pop3.login;

import static dev.mailbell.mail.pop3.Pop3Kit.GOODBYE;
import static dev.mailbell.mail.pop3.Pop3Kit.LONG;
import static dev.mailbell.mail.pop3.Pop3Kit.PASSWORD;
import static dev.mailbell.mail.pop3.Pop3Kit.PIPELINED;
import static dev.mailbell.mail.pop3.Pop3Kit.PLAIN;
import static dev.mailbell.mail.pop3.Pop3Kit.failed;
import static dev.mailbell.mail.pop3.Pop3Kit.login;
import static dev.mailbell.mail.pop3.Pop3Kit.sessions;
import static dev.mailbell.mail.pop3.Pop3Kit.timedOut;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mailbell.mail.Credential;
import dev.mailbell.mail.Credential.AccessToken;
import dev.mailbell.mail.Credential.Password;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.LoginAdvice;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.MailSession;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.pop3.Pop3Kit;
import dev.mailbell.mail.pop3.protocol.Capabilities;
import dev.mailbell.mail.scripted.ScriptedServer;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Pop3LoginTest {
    private static final String USER = "ann@mail.example";
    private static final String TOKEN = "ya29.token-" + "x".repeat(300);

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
    }

    private static String capa(String... lines) {
        return "C: CAPA\nS: +OK\nS: " + String.join("\nS: ", lines) + "\nS: .\n";
    }

    private static void enter(Security security, Credential credential, String script)
            throws IOException {
        try (ScriptedServer server = ScriptedServer.playing(script);
                MailSession session = open(server, security, USER, credential)) {
            assertThat(session.capabilities()).doesNotContain("STLS");
        }
    }

    private static MailFailure refused(Security security, Credential credential, String script)
            throws IOException {
        try (ScriptedServer server = ScriptedServer.playing(script)) {
            return catchThrowableOfType(
                    MailFailure.class, () -> open(server, security, USER, credential));
        }
    }

    private static MailSession open(
            ScriptedServer server, Security security, String user, Credential credential) {
        return sessions()
                .open(login(server.port(), security, user, credential), Deadline.after(LONG));
    }

    @Test
    void capabilities_are_those_after_login() throws IOException {
        String script =
                "S: +OK\n"
                        + capa("user", "stls", "sasl plain", "LOGIN-DELAY 60")
                        + "C: USER ann@mail.example\nS: +OK\nC: PASS s3cret-word\nS: +OK\n"
                        + capa("top", "Uidl", "login-delay 600", "IMPLEMENTATION x")
                        + GOODBYE;
        try (ScriptedServer server = ScriptedServer.playing(script);
                MailSession session = Pop3Kit.open(server.port())) {
            assertThat(session.capabilities())
                    .containsExactly("TOP", "UIDL", "LOGIN-DELAY 600", "IMPLEMENTATION X");
            assertThat(session.loginDelay()).contains(Duration.ofMinutes(10));
        }
    }

    @ParameterizedTest
    @CsvSource({"LOGIN-DELAY 0", "LOGIN-DELAY", "LOGIN-DELAY soon", "LOGIN-DELAY 99999999999"})
    void a_login_delay_that_is_none_is_none(String line) {
        assertThat(new Capabilities(List.of(line)).loginDelay()).isEmpty();
    }

    @Test
    void a_login_delay_is_a_day_at_most() {
        assertThat(new Capabilities(List.of("LOGIN-DELAY 999999")).loginDelay())
                .contains(Duration.ofDays(1));
    }

    @Test
    void user_and_pass_travel_together_only_where_the_server_takes_them_so() throws IOException {
        enter(Security.NONE, new Password(PASSWORD), PIPELINED + GOODBYE);
        enter(Security.NONE, new Password(PASSWORD), PLAIN + GOODBYE);
    }

    @Test
    void sasl_plain_is_used_where_user_is_not_offered() throws IOException {
        String response = base64("\0ann@mail.example\0s3cret-word");
        String script =
                "S: +OK\n"
                        + capa("SASL LOGIN PLAIN", "UIDL")
                        + ("C: AUTH PLAIN " + response + "\nS: +OK\n")
                        + capa("UIDL")
                        + GOODBYE;
        enter(Security.NONE, new Password(PASSWORD), script);
    }

    @Test
    void sasl_plain_carries_what_is_not_ascii_and_a_long_one_on_its_own_line() throws IOException {
        String umlauts = "pässwörd";
        String script =
                "S: +OK\n"
                        + capa("USER", "SASL PLAIN")
                        + ("C: AUTH PLAIN " + base64("\0" + USER + "\0" + umlauts) + "\nS: +OK\n")
                        + capa("UIDL")
                        + GOODBYE;
        enter(Security.NONE, new Password(umlauts), script);
        String endless = "p".repeat(300);
        String onTwoLines =
                "S: +OK\n"
                        + capa("SASL PLAIN")
                        + ("C: AUTH PLAIN\nS: + \nC: " + base64("\0" + USER + "\0" + endless))
                        + "\nS: +OK\n"
                        + capa("UIDL")
                        + GOODBYE;
        enter(Security.NONE, new Password(endless), onTwoLines);
    }

    @Test
    void a_password_with_a_line_break_is_never_sent() throws IOException {
        MailFailure failure =
                refused(
                        Security.NONE,
                        new Password("a\r\nDELE 1"),
                        "S: +OK\nC: CAPA\nS: -ERR\n" + GOODBYE);
        assertThat(failure).hasMessageContaining("line break");
    }

    @Test
    void stls_comes_before_anything_secret_and_capabilities_are_asked_anew() throws IOException {
        String script =
                "S: +OK\n"
                        + capa("STLS", "PIPELINING")
                        + "C: STLS\nS: +OK begin\n! tls\n"
                        + capa("USER")
                        + "C: USER ann@mail.example\nS: +OK\nC: PASS s3cret-word\nS: +OK\n"
                        + capa("UIDL")
                        + GOODBYE;
        enter(Security.STARTTLS, new Password(PASSWORD), script);
    }

    @Test
    void a_server_without_stls_learns_nothing() throws IOException {
        MailFailure failure =
                refused(
                        Security.STARTTLS,
                        new Password(PASSWORD),
                        "S: +OK\n" + capa("USER") + "C: STLS\nS: -ERR unknown\n" + GOODBYE);
        assertThat(failure).hasMessageContaining("995");
        assertThat(failure.code()).isEqualTo(FailureCode.TLS_FAILED);
    }

    @Test
    void what_is_injected_behind_the_answer_to_stls_ends_the_session() throws IOException {
        MailFailure failure =
                refused(
                        Security.STARTTLS,
                        new Password(PASSWORD),
                        "S: +OK\n"
                                + capa("STLS")
                                + "C: STLS\n! raw +OK\\r\\n+OK injected\\r\\n\n! anything");
        assertThat(failure.code()).isEqualTo(FailureCode.PROTOCOL_ERROR);
    }

    @Test
    void tls_from_the_first_byte_needs_no_stls() throws IOException {
        enter(Security.TLS, new Password(PASSWORD), "! tls\n" + PIPELINED + GOODBYE);
    }

    @Test
    void an_access_token_goes_on_a_line_of_its_own() throws IOException {
        String script =
                "S: +OK\n"
                        + capa("SASL PLAIN XOAUTH2")
                        + "C: AUTH XOAUTH2\nS: + \nC: "
                        + base64("user=" + USER + "\1auth=Bearer " + TOKEN + "\1\1")
                        + "\nS: +OK\n"
                        + capa("UIDL")
                        + GOODBYE;
        enter(Security.NONE, new AccessToken(TOKEN), script);
    }

    @Test
    void oauthbearer_is_used_where_xoauth2_is_not_offered() throws IOException {
        try (ScriptedServer server =
                ScriptedServer.playing(
                        "S: +OK\n"
                                + capa("SASL OAUTHBEARER")
                                + "C: AUTH OAUTHBEARER\nS: + \nC: {response}\nS: + "
                                + base64("{\"status\":\"invalid_token\"}")
                                + "\nC: AQ==\nS: -ERR no\n"
                                + GOODBYE)) {
            MailFailure failure =
                    catchThrowableOfType(
                            MailFailure.class,
                            () -> open(server, Security.NONE, "a=b,c", new AccessToken(TOKEN)));
            assertThat(failure).hasMessageContaining("invalid_token");
            assertThat(server.transcript())
                    .contains(
                            base64(
                                    "n,a=a=3Db=2Cc,\1host=127.0.0.1\1port="
                                            + server.port()
                                            + "\1auth=Bearer "
                                            + TOKEN
                                            + "\1\1"));
        }
    }

    @Test
    void a_refused_token_is_reported_with_the_reason_in_the_challenge() throws IOException {
        String script =
                "S: +OK\n"
                        + capa("SASL XOAUTH2")
                        + "C: AUTH XOAUTH2\nS: + \nC: {response}\nS: + "
                        + base64("{\"status\":\"401\",\"schemes\":\"Bearer\"}")
                        + "\nC:\nS: -ERR [AUTH] bad token {response}\n"
                        + GOODBYE;
        MailFailure failure = refused(Security.NONE, new AccessToken(TOKEN), script);
        assertThat(failure).hasMessageContaining("401");
        assertThat(failure.code()).isEqualTo(FailureCode.TOKEN_REFUSED);
        assertThat(failure.getMessage()).doesNotContain(base64(TOKEN).substring(4, 40));
    }

    @Test
    void a_busy_server_does_not_make_a_token_bad() throws IOException {
        String script =
                "S: +OK\n"
                        + capa("SASL XOAUTH2")
                        + "C: AUTH XOAUTH2\nS: + \nC: {response}\nS: -ERR [SYS/TEMP] later\n"
                        + GOODBYE;
        MailFailure failure = refused(Security.NONE, new AccessToken(TOKEN), script);
        assertThat(failure.code()).isEqualTo(FailureCode.SERVER_ERROR);
    }

    @Test
    void a_token_is_not_sent_to_a_server_that_takes_none() throws IOException {
        MailFailure failure =
                refused(
                        Security.NONE,
                        new AccessToken(TOKEN),
                        "S: +OK\n" + capa("USER", "SASL PLAIN") + GOODBYE);
        assertThat(failure).hasMessageContaining("use a password");
        assertThat(failure.code()).isEqualTo(FailureCode.TOKEN_REFUSED);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    [IN-USE] Do you have another POP session running?          | mailbox_locked
                    [LOGIN-DELAY] minimum time between mail checks             | rate_limited
                    [SYS/TEMP] auth server down                                | server_error
                    [sys/perm] your mailbox is corrupt                         | server_error
                    [AUTH] Invalid login                                       | auth_failed
                    [AUTH] Account is temporarily busy                         | auth_failed
                    authentication failed                                      | auth_failed
                    Unable to log on                                           | auth_failed
                    ''                                                         | auth_failed
                    Invalid login. [SYS/TEMP] is no code here                  | auth_failed
                    Account is abnormal, service is not open, password is incorrect, login frequency limited, or system is busy. | auth_failed
                    login frequency limited                                    | rate_limited
                    Too many login attempts, try again later                   | rate_limited
                    Too many failed logins                                     | rate_limited
                    too many connections from your address                     | too_many_connections
                    Maximum number of connections reached                      | too_many_connections
                    system is busy, please try later                           | server_error
                    Temporary authentication failure                           | server_error
                    Internal error                                             | server_error
                    unable to lock maildrop: mailbox is locked by POP server   | mailbox_locked
                    maildrop already locked                                    | mailbox_locked
                    mailbox in use by another client                           | mailbox_locked
                    系统繁忙，请稍后再试                                         | server_error
                    登录过于频繁                                                | rate_limited
                    """)
    void a_refused_password_is_distinguished_from_a_server_in_trouble(String text, String code)
            throws IOException {
        String script =
                "S: +OK\nC: CAPA\nS: -ERR\nC: USER ann@mail.example\nS: +OK\n"
                        + ("C: PASS s3cret-word\nS: -ERR " + text + "\n")
                        + GOODBYE;
        MailFailure failure = refused(Security.NONE, new Password(PASSWORD), script);
        assertThat(failure.code().wireName()).isEqualTo(code);
        assertThat(failure).hasMessageContaining(text);
    }

    @Test
    void gbk_is_read_and_a_password_that_the_server_repeats_is_not_shown() {
        MailFailure failure =
                failed(
                        null,
                        "S: +OK\nC: CAPA\nS: -ERR\nC: USER ann@mail.example\nS: +OK\n"
                                + "C: PASS s3cret-word\n"
                                // "logins too", in GBK
                                + "! raw -ERR s3cret-word \\xb5\\xc7\\xc2\\xbc\\xcc\\xab\\x07\\r\\n\n");
        assertThat(failure.code()).isEqualTo(FailureCode.RATE_LIMITED);
        assertThat(failure).hasMessageContaining("[redacted] 登录太\"");
    }

    @Test
    void the_wait_that_a_server_asks_for_is_passed_on() throws IOException {
        String script =
                "S: +OK\n"
                        + capa("USER", "LOGIN-DELAY 900")
                        + "C: USER ann@mail.example\nS: +OK\nC: PASS s3cret-word\n"
                        + "S: -ERR [LOGIN-DELAY] too soon\n"
                        + GOODBYE;
        MailFailure failure = refused(Security.NONE, new Password(PASSWORD), script);
        assertThat(failure.retryAfter()).contains(Duration.ofMinutes(15));
    }

    @ParameterizedTest
    @CsvSource({
        "'Request is throttled. Suggested Backoff Time: 92415 milliseconds', 92415",
        "'[SYS/TEMP] Suggested Backoff Time: 92415 milliseconds', 92415",
        "'Request is throttled. Suggested Backoff Time: 99999999 milliseconds', 3600000"
    })
    void the_wait_that_exchange_asks_for_is_passed_on(String text, long millis) throws IOException {
        String script =
                "S: +OK\n"
                        + capa("USER")
                        + "C: USER ann@mail.example\nS: +OK\nC: PASS s3cret-word\n"
                        + ("S: -ERR " + text + "\n")
                        + GOODBYE;
        MailFailure failure = refused(Security.NONE, new Password(PASSWORD), script);
        assertThat(failure.code().needsOwner()).isFalse();
        assertThat(failure.retryAfter()).contains(Duration.ofMillis(millis));
        assertThat(failed(null, "S: -ERR " + text + "\n").retryAfter())
                .contains(Duration.ofMillis(millis));
    }

    /** Many servers send a timestamp without having secrets for APOP, and refuse that for good. */
    @ParameterizedTest
    @CsvSource({
        "[SYS/TEMP] The mailbox is being moved, SERVER_ERROR",
        "[LOGIN-DELAY] One login in ten minutes, RATE_LIMITED",
        "Too many connections from your address, TOO_MANY_CONNECTIONS",
    })
    void a_user_name_that_is_refused_for_a_while_is_not_tried_by_apop(String text, FailureCode code)
            throws IOException {
        MailFailure failure =
                refused(
                        Security.NONE,
                        new Password(PASSWORD),
                        "S: +OK ready <1896.697170952@dbc.mtview.ca.us>\nC: CAPA\nS: -ERR\n"
                                + ("C: USER " + USER + "\nS: -ERR " + text + "\n")
                                + GOODBYE);
        assertThat(failure.code()).isEqualTo(code);
    }

    @Test
    void a_maildrop_that_the_server_cannot_open_is_no_wrong_password_by_apop() throws IOException {
        MailFailure failure =
                refused(
                        Security.NONE,
                        new Password(PASSWORD),
                        "S: +OK ready <1896.697170952@dbc.mtview.ca.us>\nC: CAPA\nS: -ERR\n"
                                + ("C: USER " + USER + "\nS: -ERR [SYS/PERM] mailbox is corrupt\n")
                                + ("C: APOP " + USER + " {*}\n")
                                + ("S: -ERR [AUTH] bad login\n" + GOODBYE));
        assertThat(failure.code()).isEqualTo(FailureCode.SERVER_ERROR);
        assertThat(failure).hasMessageContaining("mailbox is corrupt");
    }

    @Test
    void a_refusing_greeting_is_no_wrong_password() {
        assertThat(failed(null, "S: -ERR\n").code()).isEqualTo(FailureCode.SERVER_ERROR);
        assertThat(failed(null, "S: -ERR too many connections\n").code())
                .isEqualTo(FailureCode.TOO_MANY_CONNECTIONS);
        assertThat(failed(null, "S: -ERR [AUTH] you are banned\n").code())
                .isEqualTo(FailureCode.AUTH_FAILED);
    }

    @Test
    void another_protocol_is_named() {
        assertThat(failed(null, "S: * OK IMAP4rev1 ready\n"))
                .hasMessageContaining("this port speaks IMAP")
                .extracting(MailFailure::code)
                .isEqualTo(FailureCode.PROTOCOL_ERROR);
        assertThat(failed(null, "S: 220 mail.example ESMTP\n"))
                .hasMessageContaining("this port speaks SMTP");
        assertThat(failed(null, "S: HTTP/1.1 400 Bad Request\n"))
                .hasMessageContaining("it greets with \"HTTP/1.1 400");
    }

    /** A server that stops answering or closes the connection has not evaluated the password. */
    @Test
    void silence_and_hanging_up_are_never_a_wrong_password() {
        String[] steps = PIPELINED.split("(?<=\n)");
        for (int i = 0; i < steps.length; i++) {
            if (steps[i].startsWith("C:")) {
                continue;
            }
            String script = String.join("", List.of(steps).subList(0, i));
            assertThat(timedOut(null, script + "! silence\n").code())
                    .isEqualTo(FailureCode.TIMEOUT);
            // Hung up at CAPA, the server is asked once more without it.
            boolean atCapa =
                    script.contains("C: ") && steps[lastCommand(steps, i)].contains("CAPA");
            String drop = atCapa ? "! drop\n---\n! drop\n" : "! drop\n";
            assertThat(failed(null, script + drop).code()).isEqualTo(FailureCode.CONNECT_FAILED);
        }
    }

    private static int lastCommand(String[] steps, int before) {
        int at = before - 1;
        while (!steps[at].startsWith("C:")) {
            at--;
        }
        return at;
    }

    @Test
    void the_advice_fits_the_provider() {
        assertThat(LoginAdvice.forRefusedPassword("pop.163.com")).contains("authorisation code");
        assertThat(LoginAdvice.forRefusedPassword("POP.QQ.com")).contains("authorisation code");
        assertThat(LoginAdvice.forRefusedPassword("pop.gmail.com")).contains("app password");
        assertThat(LoginAdvice.forRefusedPassword("outlook.office365.com")).contains("OAuth");
        assertThat(LoginAdvice.forRefusedPassword("notqq.com")).contains("Check user name");
    }

    @Test
    void a_refused_mechanism_is_followed_by_user_and_pass_once_over_tls() throws IOException {
        enter(
                Security.TLS,
                new Password("pw"),
                "! tls\nS: +OK hi\n"
                        + capa("USER", "SASL CRAM-MD5")
                        + "C: AUTH CRAM-MD5\nS: + "
                        + base64("<1@x>")
                        + "\nC: {*}\nS: -ERR no such secret\n"
                        + "C: USER "
                        + USER
                        + "\nS: +OK\nC: PASS pw\nS: +OK in\n"
                        + capa("USER", "UIDL")
                        + GOODBYE);
    }

    @Test
    void in_clear_text_nothing_weaker_than_the_best_that_is_offered_is_tried() throws IOException {
        MailFailure mechanism =
                refused(
                        Security.NONE,
                        new Password("pw"),
                        "S: +OK hi <1@x>\n"
                                + capa("USER", "SASL PLAIN CRAM-MD5")
                                + ("C: AUTH CRAM-MD5\nS: + " + base64("<1@x>"))
                                + "\nC: {*}\nS: -ERR no such secret\n"
                                + GOODBYE);
        assertThat(mechanism.code()).isEqualTo(FailureCode.AUTH_FAILED);
        assertThat(mechanism).hasMessageContaining("Nothing weaker than CRAM-MD5");
        // The example of RFC 1939.
        MailFailure apop =
                refused(
                        Security.NONE,
                        new Password("tanstaaf"),
                        "S: +OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>\n"
                                + capa("USER", "SASL")
                                + ("C: APOP " + USER + " c4c9334bac560ecc979e58001b3e22fb\n")
                                + "S: -ERR permission denied\n"
                                + GOODBYE);
        assertThat(apop.code()).isEqualTo(FailureCode.AUTH_FAILED);
        assertThat(apop).hasMessageContaining("Nothing weaker than APOP");
    }

    /** What a server says before it hangs up is the reason, not that it hung up. */
    @ParameterizedTest
    @CsvSource({
        "USER PIPELINING, S: +OK hi",
        "USER, S: +OK hi",
        "USER PIPELINING, S: +OK hi <1@x>",
        "USER, S: +OK hi <1@x>"
    })
    void a_server_that_hangs_up_after_it_refused_the_user_is_quoted(String offers, String greeting)
            throws IOException {
        MailFailure failure =
                refused(
                        Security.NONE,
                        new Password("pw"),
                        greeting
                                + "\n"
                                + capa(offers.split(" "))
                                + ("C: USER " + USER + "\n")
                                + "S: -ERR POP3 is disabled for this user\n! drop\n");
        assertThat(failure.code()).isEqualTo(FailureCode.AUTH_FAILED);
        assertThat(failure)
                .hasMessageContaining("POP3 is disabled for this user")
                .hasMessageContaining("switch on");
    }

    @Test
    void a_refusal_with_the_wrong_sign_is_one() throws IOException {
        MailFailure failure =
                refused(
                        Security.NONE,
                        new Password(PASSWORD),
                        PLAIN.replaceAll("\\+OK\n$", "")
                                + "+ERR Server error: Failed to fetch messages in Inbox.\n"
                                + GOODBYE);
        assertThat(failure.code()).isEqualTo(FailureCode.SERVER_ERROR);
        assertThat(failure).hasMessageContaining("Failed to fetch messages in Inbox");
    }

    /** Exchange lists no login where it wants TLS first. */
    @Test
    void a_login_that_is_invalid_in_clear_text_is_no_wrong_password() throws IOException {
        MailFailure failure =
                refused(
                        Security.NONE,
                        new Password("pw"),
                        "S: +OK The Microsoft Exchange POP3 service is ready.\n"
                                + capa("TOP", "UIDL", "STLS")
                                + ("C: USER " + USER + "\n")
                                + "S: -ERR Command is not valid in this state.\n"
                                + GOODBYE);
        assertThat(failure).hasMessageContaining("starttls").hasMessageNotContaining("password is");
    }

    @ParameterizedTest
    @CsvSource({
        "-ERR Unknown command",
        "-ERR Unrecognized authentication type",
        "-ERR Unsupported authentication mechanism",
        "-ERR [AUTH] Unsupported authentication mechanism.",
        "-ERR"
    })
    void a_server_that_does_not_know_tokens_is_no_reason_to_grant_access_again(String said)
            throws IOException {
        MailFailure failure =
                refused(
                        Security.NONE,
                        new AccessToken(TOKEN),
                        ("S: +OK\n" + capa("USER", "UIDL"))
                                + ("C: AUTH XOAUTH2\nS: " + said + "\n")
                                + GOODBYE);
        assertThat(failure.code()).isEqualTo(FailureCode.TOKEN_REFUSED);
        assertThat(failure)
                .hasMessageContaining("use a password")
                .hasMessageNotContaining("grant access");
    }
}
