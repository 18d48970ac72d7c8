package dev.mailbell.mail.imap.login;

import static dev.mailbell.mail.imap.ImapKit.GOODBYE;
import static dev.mailbell.mail.imap.ImapKit.LONG;
import static dev.mailbell.mail.imap.ImapKit.MODERN;
import static dev.mailbell.mail.imap.ImapKit.OLD;
import static dev.mailbell.mail.imap.ImapKit.USER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mailbell.mail.Credential;
import dev.mailbell.mail.Credential.AccessToken;
import dev.mailbell.mail.Credential.Password;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.imap.ImapKit;
import dev.mailbell.mail.imap.ImapSession;
import dev.mailbell.mail.scripted.ScriptedServer;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImapLoginTest {
    private static List<String> capabilities(String script) throws IOException {
        return ImapKit.playing(script + GOODBYE, ImapSession::capabilities);
    }

    /** Plays a script to one login; returns the failure, or null when it went well. */
    private static @Nullable MailFailure login(
            String script, Security security, Credential credential) throws IOException {
        try (ScriptedServer server = ScriptedServer.playing(script)) {
            return catchThrowableOfType(
                    MailFailure.class,
                    () ->
                            ImapKit.sessions()
                                    .open(
                                            ImapKit.login(
                                                    server.port(), security, USER, credential),
                                            Deadline.after(LONG))
                                    .close());
        }
    }

    private static MailFailure refusal(String script, Credential credential) throws IOException {
        return Objects.requireNonNull(login(script, Security.NONE, credential));
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void capabilities_that_are_given_are_not_asked_for() throws IOException {
        assertThat(capabilities(MODERN))
                .containsExactly("IMAP4REV1", "ID", "UNSELECT", "ESEARCH", "UIDPLUS", "LITERAL+");
    }

    @Test
    void capabilities_are_asked_for_again_after_login() throws IOException {
        assertThat(capabilities(OLD)).containsExactly("IMAP4REV1");
    }

    @Test
    void capabilities_may_come_untagged_with_the_login() throws IOException {
        assertThat(
                        capabilities(
                                """
                                S: * ok [capability imap4rev1 auth=plain] ready
                                C: {tag} LOGIN ann@mail.example s3cret-word
                                S: * capability imap4rev1 id idle
                                S: {tag} ok in
                                C: {tag} ID ({*})
                                S: {tag} BAD what?
                                """))
                .containsExactly("IMAP4REV1", "ID", "IDLE");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void plain_is_used_where_login_is_disabled(boolean initialResponse) throws IOException {
        String response = base64("\0" + USER + "\0pa ss");
        String script =
                "S: * OK [CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=PLAIN"
                        + (initialResponse ? " SASL-IR] hi\n" : "] hi\n")
                        + "C: {tag} AUTHENTICATE PLAIN"
                        + (initialResponse ? " " : "\nS: +\nC: ")
                        + response
                        + "\nS: {tag} OK [CAPABILITY IMAP4rev1] in\n"
                        + GOODBYE;
        assertThat(login(script, Security.NONE, new Password("pa ss"))).isNull();
    }

    @Test
    void a_password_that_is_not_ascii_goes_by_plain_or_else_as_a_literal() throws IOException {
        String plain =
                "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hi\n"
                        + "C: {tag} AUTHENTICATE PLAIN "
                        + base64("\0" + USER + "\0pässe")
                        + "\nS: {tag} OK [CAPABILITY IMAP4rev1] in\n"
                        + GOODBYE;
        assertThat(login(plain, Security.NONE, new Password("pässe"))).isNull();
        String literal =
                """
                S: * OK [CAPABILITY IMAP4rev1] hi
                C: {tag} LOGIN ann@mail.example {6}
                S: * 5 EXISTS
                S: + go on
                C: pässe
                S: {tag} OK [CAPABILITY IMAP4rev1] in
                """;
        assertThat(login(literal + GOODBYE, Security.NONE, new Password("pässe"))).isNull();
        String refused =
                """
                S: * OK [CAPABILITY IMAP4rev1] hi
                C: {tag} LOGIN ann@mail.example {6}
                S: {tag} NO [AUTHENTICATIONFAILED] no
                """;
        assertThat(refusal(refused + GOODBYE, new Password("pässe")).code())
                .isEqualTo(FailureCode.AUTH_FAILED);
    }

    /** Perdition lists the mechanisms of the server behind it. */
    @Test
    void a_password_that_is_not_ascii_is_a_literal_where_plain_is_offered_and_refused()
            throws IOException {
        String plain =
                "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] perdition ready\n"
                        + "C: {tag} AUTHENTICATE PLAIN "
                        + base64("\0" + USER + "\0pässe")
                        + "\nS: {tag} NO AUTHENTICATE mechanism not supported, mate\n"
                        + "C: {tag} LOGIN ann@mail.example {6}\nS: + go on\nC: pässe\n";
        assertThat(
                        login(
                                plain + "S: {tag} OK [CAPABILITY IMAP4rev1] in\n" + GOODBYE,
                                Security.NONE,
                                new Password("pässe")))
                .isNull();
        MailFailure refused = refusal(plain + "S: {tag} NO no\n" + GOODBYE, new Password("pässe"));
        assertThat(refused.code()).isEqualTo(FailureCode.AUTH_FAILED);
        assertThat(refused.reason()).contains("mechanism not supported");
    }

    @Test
    void quotes_and_backslashes_in_a_password_are_escaped() throws IOException {
        String script =
                """
                S: * OK [CAPABILITY IMAP4rev1] hi
                C: {tag} LOGIN ann@mail.example "a \\\\"b\\\\" \\\\\\\\ (c)"
                S: {tag} OK [CAPABILITY IMAP4rev1] in
                """
                        .replace("\\\\", "\\");
        assertThat(login(script + GOODBYE, Security.NONE, new Password("a \"b\" \\ (c)"))).isNull();
    }

    /** Courier answers "NO Error in IMAP command" to a tilde without quotes. */
    @Test
    void what_some_servers_do_not_read_without_quotes_is_quoted() throws IOException {
        for (String password : List.of("Zipped~Network~753Mp", "a]b", "1&2=3", "a$b!", "{3+}")) {
            String script =
                    "S: * OK [CAPABILITY IMAP4rev1] hi\n"
                            + "C: {tag} LOGIN ann@mail.example \""
                            + password
                            + "\"\nS: {tag} OK [CAPABILITY IMAP4rev1] in\n";
            assertThat(login(script + GOODBYE, Security.NONE, new Password(password))).isNull();
        }
    }

    @Test
    void a_password_with_a_line_break_is_refused_before_it_is_sent() throws IOException {
        String script = "S: * OK [CAPABILITY IMAP4rev1] hi\n" + GOODBYE;
        assertThat(refusal(script, new Password("a\r\nb")).code())
                .isEqualTo(FailureCode.AUTH_FAILED);
    }

    @Test
    void a_refused_token_is_explained_by_the_challenge() throws IOException {
        String script =
                "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] hi\n"
                        + "C: {tag} AUTHENTICATE XOAUTH2 "
                        + base64("user=" + USER + "\1auth=Bearer t0ken\1\1")
                        + "\nS: + "
                        + base64("{\"status\":\"400\",\"schemes\":\"Bearer\"}")
                        + "\nC: \nS: {tag} NO SASL authentication failed\n"
                        + GOODBYE;
        MailFailure failure = refusal(script, new AccessToken("t0ken"));
        assertThat(failure.code()).isEqualTo(FailureCode.TOKEN_REFUSED);
        assertThat(failure.reason()).contains("\"status\":\"400\"").doesNotContain("t0ken");
    }

    @Test
    void a_token_goes_by_oauthbearer_where_only_that_is_offered() throws IOException {
        try (ScriptedServer server =
                ScriptedServer.playing(
                        """
                        S: * OK [CAPABILITY IMAP4rev1 AUTH=OAUTHBEARER] hi
                        C: {tag} AUTHENTICATE OAUTHBEARER
                        S: +
                        C: {response}
                        S: {tag} OK [CAPABILITY IMAP4rev1] in
                        """
                                + GOODBYE)) {
            ImapKit.sessions()
                    .open(
                            ImapKit.login(
                                    server.port(),
                                    Security.NONE,
                                    "a=b,c",
                                    new AccessToken("t0ken")),
                            Deadline.after(LONG))
                    .close();
            String response =
                    base64(
                            "n,a=a=3Db=2Cc,\1host=127.0.0.1\1port="
                                    + server.port()
                                    + "\1auth=Bearer t0ken\1\1");
            assertThat(server.transcript()).contains("C: " + response + "\n");
        }
    }

    @Test
    void a_server_without_tokens_is_distinguished_from_a_refused_token() throws IOException {
        String script = "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi\n" + GOODBYE;
        MailFailure failure = refusal(script, new AccessToken("t0ken"));
        assertThat(failure.code()).isEqualTo(FailureCode.TOKEN_REFUSED);
        assertThat(failure.reason()).contains("use a password");
    }

    @Test
    void starttls_is_required_when_chosen() throws IOException {
        String script = "S: * OK hi\nC: {tag} STARTTLS\nS: {tag} NO not here\n" + GOODBYE;
        MailFailure failure =
                Objects.requireNonNull(login(script, Security.STARTTLS, new Password("x")));
        assertThat(failure.code()).isEqualTo(FailureCode.TLS_FAILED);
        assertThat(failure.reason()).contains("port 993");
    }

    @Test
    void an_ok_in_the_middle_of_scram_is_not_believed() throws IOException {
        MailFailure failure =
                refusal(
                        """
                        S: * OK [CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-256] hi
                        C: {tag} AUTHENTICATE SCRAM-SHA-256
                        S: {tag} OK [CAPABILITY IMAP4rev1] in
                        """,
                        new Password("x"));

        assertThat(failure.code()).isEqualTo(FailureCode.PROTOCOL_ERROR);
        assertThat(failure.reason()).contains("without proof that it knows the password");
    }

    @Test
    void in_clear_text_nothing_weaker_than_the_best_that_is_offered_is_tried() throws IOException {
        for (String offered : List.of("SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5")) {
            String first = offered.equals("CRAM-MD5") ? "S: + " + base64("<1@x>") : "S: +";
            MailFailure failure =
                    refusal(
                            "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=LOGIN AUTH=%s] hi\n"
                                            .formatted(offered)
                                    + ("C: {tag} AUTHENTICATE " + offered + "\n")
                                    + (first + "\nC: {*}\n")
                                    + "S: {tag} NO [AUTHENTICATIONFAILED] no\n"
                                    + GOODBYE,
                            new Password("x"));
            assertThat(failure.code()).isEqualTo(FailureCode.AUTH_FAILED);
            assertThat(failure.reason()).contains("Nothing weaker than " + offered);
        }
    }

    @Test
    void mechanisms_with_channel_binding_are_passed_over() throws IOException {
        MailFailure failure =
                refusal(
                        "S: * OK [CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=SCRAM-SHA-256-PLUS] hi\n"
                                + GOODBYE,
                        new Password("x"));
        assertThat(failure.reason()).contains("it offers SCRAM-SHA-256-PLUS");
        String both =
                """
                S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=SCRAM-SHA-256-PLUS AUTH=SCRAM-SHA-256] hi
                C: {tag} AUTHENTICATE SCRAM-SHA-256 {*}
                S: {tag} NO [AUTHENTICATIONFAILED] no
                """;
        assertThat(refusal(both + GOODBYE, new Password("x")).code())
                .isEqualTo(FailureCode.AUTH_FAILED);
    }

    @Test
    void a_nonce_that_does_not_continue_the_clients_is_refused() throws IOException {
        MailFailure failure =
                refusal(
                        "S: * OK [CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-256] hi\n"
                                + "C: {tag} AUTHENTICATE SCRAM-SHA-256\n"
                                + "S: +\nC: {*}\nS: + "
                                + base64("r=someone-elses,s=QSXCR+Q6sek8bf92,i=4096")
                                + "\n",
                        new Password("x"));
        assertThat(failure.code()).isEqualTo(FailureCode.PROTOCOL_ERROR);
    }

    @Test
    void the_rounds_that_scram_may_cost_are_bounded() throws IOException {
        MailFailure failure =
                refusal(
                        "S: * OK [CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=SCRAM-SHA-1] hi\n"
                                + "C: {tag} AUTHENTICATE SCRAM-SHA-1\n"
                                + "S: +\n"
                                + "C: {*}\nS: + "
                                + base64("r=x,s=QSXCR+Q6sek8bf92,i=2147483647")
                                + "\n",
                        new Password("x"));

        assertThat(failure.code()).isEqualTo(FailureCode.PROTOCOL_ERROR);
        assertThat(failure.reason()).contains("at most 1,000,000");
    }

    @Test
    void a_password_too_long_for_a_command_goes_by_plain_on_a_line_of_its_own() throws IOException {
        String password = "x".repeat(1_001);
        String script =
                "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hi\n"
                        + "C: {tag} AUTHENTICATE PLAIN\n"
                        + "S: +\n"
                        + "C: "
                        + base64("\0" + USER + "\0" + password)
                        + "\nS: {tag} OK [CAPABILITY IMAP4rev1] in\n"
                        + GOODBYE;
        assertThat(login(script, Security.NONE, new Password(password))).isNull();
    }

    @Test
    void capabilities_from_before_the_handshake_are_forgotten() throws IOException {
        String script =
                """
                S: * OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] hi
                C: {tag} STARTTLS
                S: {tag} OK go
                ! tls
                C: {tag} CAPABILITY
                S: * CAPABILITY IMAP4rev1
                S: {tag} OK done
                C: {tag} LOGIN ann@mail.example x
                S: {tag} OK [CAPABILITY IMAP4rev1] in
                """;
        assertThat(login(script + GOODBYE, Security.STARTTLS, new Password("x"))).isNull();
    }

    @Test
    void what_comes_in_one_packet_with_the_ok_to_starttls_is_refused() throws IOException {
        String script =
                """
                S: * OK [CAPABILITY IMAP4rev1 STARTTLS] hi
                C: {tag} STARTTLS
                ! raw {tag} OK go\\r\\n* CAPABILITY IMAP4rev1 INJECTED\\r\\n
                ! anything
                """;
        MailFailure failure =
                Objects.requireNonNull(login(script, Security.STARTTLS, new Password("x")));
        assertThat(failure.code()).isEqualTo(FailureCode.PROTOCOL_ERROR);
        assertThat(failure.reason()).contains("may be intercepted");
    }

    @Test
    void a_server_that_no_longer_lists_starttls_is_asked_for_it_all_the_same() throws IOException {
        String script =
                """
                S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi
                C: {tag} STARTTLS
                S: {tag} BAD unknown command
                """;
        MailFailure failure =
                Objects.requireNonNull(
                        login(script + GOODBYE, Security.STARTTLS, new Password("x")));
        assertThat(failure.code()).isEqualTo(FailureCode.TLS_FAILED);
    }

    @Test
    void what_is_slipped_in_before_the_handshake_is_refused() throws IOException {
        String script =
                """
                S: * OK hi
                C: {tag} STARTTLS
                S: {tag} OK go
                S: * CAPABILITY IMAP4rev1 INJECTED
                ! anything
                """;
        try (ScriptedServer server = ScriptedServer.playing(script)) {
            MailFailure failure =
                    catchThrowableOfType(
                            MailFailure.class,
                            () ->
                                    ImapKit.sessions()
                                            .open(
                                                    ImapKit.login(
                                                            server.port(),
                                                            Security.STARTTLS,
                                                            USER,
                                                            new Password("x")),
                                                    Deadline.after(LONG)));
            // Which of them depends on whether it came together with the OK or into the handshake.
            assertThat(failure.code()).isIn(FailureCode.PROTOCOL_ERROR, FailureCode.TLS_FAILED);
            assertThat(server.transcript()).doesNotContain("LOGIN");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    +OK POP3 ready                        | PROTOCOL_ERROR       | speaks POP3
                    220 smtp.example ESMTP                | PROTOCOL_ERROR       | speaks SMTP
                    HTTP/1.1 400 Bad Request              | PROTOCOL_ERROR       | does not speak IMAP
                    * PREAUTH welcome, root               | PROTOCOL_ERROR       | PREAUTH
                    * BYE Too many connections from you   | TOO_MANY_CONNECTIONS | Too many
                    * BYE down for maintenance            | SERVER_ERROR         | maintenance
                    * NO go away                          | PROTOCOL_ERROR       | go away
                    """)
    void a_greeting_that_is_none_is_named(String greeting, FailureCode code, String reason)
            throws IOException {
        MailFailure failure = refusal("S: " + greeting + "\n! anything\n", new Password("x"));
        assertThat(failure.code()).isEqualTo(code);
        assertThat(failure.reason()).contains(reason);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    NO [AUTHENTICATIONFAILED] Authentication failed.                | AUTH_FAILED
                    NO [EXPIRED] password too old                                   | AUTH_FAILED
                    NO Login failed.                                                | AUTH_FAILED
                    NO LOGIN Login error password error                             | AUTH_FAILED
                    NO [ALERT] Invalid credentials (Failure)                        | AUTH_FAILED
                    NO [ALERT] Application-specific password required               | AUTH_FAILED
                    NO Unsafe Login. Please contact kefu@188.com for help           | AUTH_FAILED
                    NO [UNAVAILABLE] Temporary authentication failure.              | SERVER_ERROR
                    NO [SERVERBUG] internal                                         | SERVER_ERROR
                    NO [INUSE] another session                                      | MAILBOX_LOCKED
                    NO [LIMIT] no more                                              | TOO_MANY_CONNECTIONS
                    NO [LIMIT] LOGIN Rate limit hit.                                | RATE_LIMITED
                    NO [ALERT] Too many simultaneous connections. (Failure)         | TOO_MANY_CONNECTIONS
                    NO [OVERQUOTA] Account exceeded command or bandwidth limits.    | RATE_LIMITED
                    NO [PRIVACYREQUIRED] encrypt                                    | TLS_FAILED
                    NO System is busy, try again later                              | SERVER_ERROR
                    BAD User is authenticated but not connected.                    | SERVER_ERROR
                    BAD Command Argument Error. 11                                  | PROTOCOL_ERROR
                    NO Error in IMAP command received by server.                    | PROTOCOL_ERROR
                    """)
    void a_refusal_is_classified_by_its_code_and_text(String answer, FailureCode code)
            throws IOException {
        MailFailure failure =
                refusal(
                        "S: * OK [CAPABILITY IMAP4rev1] hi\nC: {tag} LOGIN {*}\nS: {tag} "
                                + answer
                                + "\n"
                                + GOODBYE,
                        new Password("hunter2"));
        assertThat(failure.code()).isEqualTo(code);
        assertThat(failure.reason()).hasSizeLessThan(500).doesNotContain("hunter2");
    }

    @Test
    void a_suggested_wait_is_passed_on() throws IOException {
        MailFailure failure =
                refusal(
                        "S: * OK [CAPABILITY IMAP4rev1] hi\nC: {tag} LOGIN {*}\nS: {tag} BAD"
                                + " Request is throttled. Suggested Backoff Time: 92415"
                                + " milliseconds\n"
                                + GOODBYE,
                        new Password("x"));
        assertThat(failure.code()).isEqualTo(FailureCode.RATE_LIMITED);
        assertThat(failure.retryAfter()).contains(Duration.ofMillis(92_415));
    }

    @Test
    void a_refusal_that_repeats_the_password_or_never_ends_is_shown_without_and_bounded()
            throws IOException {
        MailFailure failure =
                refusal(
                        "S: * OK [CAPABILITY IMAP4rev1] hi\nC: {tag} LOGIN {*}\nS: {tag} NO you"
                                + " said hunter2 \u202eevil\u202c "
                                + "x".repeat(5_000)
                                + "\n"
                                + GOODBYE,
                        new Password("hunter2"));
        assertThat(failure.reason())
                .contains("you said [redacted] evil")
                .hasSizeLessThan(400)
                .doesNotContain("hunter2", "\u202e");
    }

    @Test
    void a_goodbye_in_the_middle_is_the_reason() throws IOException {
        MailFailure failure =
                refusal(
                        "S: * OK [CAPABILITY IMAP4rev1] hi\nC: {tag} LOGIN {*}\nS: * BYE [ALERT]"
                                + " Too many simultaneous connections\n! drop\n",
                        new Password("x"));
        assertThat(failure.code()).isEqualTo(FailureCode.TOO_MANY_CONNECTIONS);
    }

    @Test
    void a_server_that_hangs_up_is_no_authentication_failure() throws IOException {
        for (String end : new String[] {"! drop\n", "! reset\n"}) {
            MailFailure failure =
                    refusal(
                            "S: * OK [CAPABILITY IMAP4rev1] hi\nC: {tag} LOGIN {*}\n" + end,
                            new Password("x"));
            assertThat(failure.code()).isEqualTo(FailureCode.CONNECT_FAILED);
        }
    }
}
