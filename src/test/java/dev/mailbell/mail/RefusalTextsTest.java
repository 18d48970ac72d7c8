package dev.mailbell.mail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mailbell.mail.imap.ImapSessions;
import dev.mailbell.mail.pop3.Pop3Sessions;
import dev.mailbell.mail.scripted.Loopback;
import dev.mailbell.mail.scripted.ScriptedServer;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Texts that mail servers send to a login, and who has to act. */
class RefusalTextsTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final Loopback LOOPBACK = new Loopback();

    /** The mailbox's owner: what helps. */
    private static final String OWNERS =
            """
            [SYS/PERM] Your account is not enabled for POP access. Please visit your Gmail settings page and enable your account for POP access. | switch on
            Your account is not enabled for IMAP use                                             | switch on
            [ALERT] Your account is not enabled for IMAP use. Please visit your Gmail settings page and enable your account for IMAP access. (Failure) | switch on
            [ALERT] IMAP access is disabled for your domain. Please contact your domain administrator for questions about this feature. | switch on
            POP access is disabled for your domain                                               | switch on
            [AUTH] POP3 is disabled for this user                                                | switch on
            IMAP service is not allowed for your account                                         | switch on
            [AUTHENTICATIONFAILED] LOGIN invalid credentials or IMAP is disabled                 | switch on
            This user does not have access rights to this service                                | switch on
            [CONTACTADMIN] Disabled: IMAP                                                        | switch on
            POP3服务未开启                                                                       | switch on
            您没有开启POP3服务                                                                   | switch on
            [AUTH] Application-specific password required: https://support.google.com/accounts/answer/185833 | app password
            [ALERT] Application-specific password required: https://support.google.com/accounts/answer/185833 (Failure) | app password
            [AUTH] Please use an app password                                                    | app password
            [AUTHENTICATIONFAILED] Authentication failed. Application password is REQUIRED       | app password
            Please using authorized code to login                                                | app password
            Login fail. Please use the authorization code to log in                              | app password
            请使用授权码登录。详情请看: http://service.mail.qq.com                               | app password
            ERR.LOGIN.PASSERR 请用客户端授权码代替密码                                           | app password
            [AUTH] Web login required: https://support.google.com/mail/answer/78754              | browser
            [WEBALERT https://accounts.google.com/signin/continue] Web login required.           | browser
            [ALERT] Please log in via your web browser: https://support.google.com/mail/accounts/answer/78754 (Failure) | browser
            Please log in via your web browser and then try again.                               | browser
            [AUTH] Authentication failed. Please verify your account by going to https://m.example/login | browser
            Sign-in attempt was blocked as suspicious                                            | browser
            [AUTH] Account suspended                                                             | provider
            [SYS/PERM] This account has been disabled                                            | provider
            Your account has been locked                                                         | provider
            Account disabled due to inactivity                                                   | provider
            Your mailbox account was suspended for inactivity                                    | provider
            Account is locked out                                                                | provider
            [AUTH] User account expired                                                          | provider
            [AUTHENTICATIONFAILED] Account deactivated                                           | provider
            该账号已被冻结                                                                       | provider
            [SYS/PERM] app deleted                                                               | grant access
            [AUTH] Password expired                                                              | new password
            You must change your password                                                        | new password
            LogonDenied-BasicAuthBlocked-                                                        | OAuth
            Basic authentication is disabled.                                                    | OAuth
            [SYS/PERM] User does not have POP access                                             | switch on
            You do not have permission to use POP3                                               | switch on
            Your account is not yet enabled for IMAP access                                      | switch on
            POP3 service is not available for this account                                       | switch on
            IMAP is not available in your plan. Please upgrade.                                  | switch on
            custom imap off                                                                      | switch on
            please enable mail protocol first                                                    | switch on
            Access to POP/IMAP is available for premium accounts only                            | provider
            Logon failure. [Error="UserDisabled" AuthResult=27]                                  | provider
            Authentication failed: secure mail key required                                      | app password
            Authentication failed. Connection closed                                             | the login
            Server error: invalid user or password                                               | the login
            """;

    /** The provider, some time later, or the operator of Mailbell: the class of the failure. */
    private static final String OTHERS =
            """
            [SYS/TEMP] Password backend is not reachable                                         | server_error | unavailable
            [IN-USE] Account is locked by another POP3 session                                   | mailbox_locked | inuse
            Temporary authentication failure, wrong password backend                             | server_error |
            Too many failed password attempts, account locked for 15 minutes                     | rate_limited |
            Too many login attempts, your account is locked, try again later                     | rate_limited |
            Your account is temporarily disabled                                                 | server_error |
            POP3 access is temporarily disabled                                                  | server_error |
            System is busy: password cannot be checked, try later                                | server_error |
            POP3 service is currently not available, check your password later                   | server_error |
            Server is under maintenance, password was not checked                                | server_error |
            Authentication server timed out                                                      | server_error |
            Password check is overloaded, please wait 5 minutes                                  | server_error |
            Your IP address is blocked                                                           | server_error |
            Access from your country is not allowed                                              | server_error |
            Plaintext authentication disallowed on non-secure (SSL/TLS) connections.             | tls_failed |
            SSL is required                                                                      | tls_failed |
            Must issue a STLS command first                                                      | tls_failed |
            登录过于频繁，请稍后使用授权码再试                                                    | rate_limited |
            Login fail. A secure connection is requiered(such as ssl). More information at http://service.mail.qq.com | tls_failed |
            cleartext logins disabled                                                            | tls_failed   |
            only valid after entering TLS mode                                                   | tls_failed   |
            USER command only available under a layer                                            | tls_failed   |
            LOGIN not permitted without TLS                                                      | tls_failed   |
            [AUTH] Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10) | too_many_connections | authenticationfailed
            [AUTH] Too many failed logins, your password is not checked                          | rate_limited | authenticationfailed
            Maximum login sessions reached                                                       | too_many_connections |
            Account exceeded bandwidth limits.                                                   | rate_limited |
            Exceeded the login limit for a 15 minute period.                                     | rate_limited |
            minimum time between mail checks violation                                           | rate_limited |
            Maildrop opened for exclusive access by another user                                 | mailbox_locked |
            User already logged in                                                               | mailbox_locked |
            this user has no $HOME/Maildir                                                       | server_error |
            unable to scan $HOME/Maildir                                                         | server_error |
            aack, child crashed                                                                  | server_error |
            Server error                                                                         | server_error |
            Connection is closed. 11                                                             | server_error |
            Protocol error. Connection is closed. 10                                             | server_error |
            BYE Connection refused                                                               | server_error |
            Disconnected: Auth process broken                                                    | server_error |
            Could not connect to server                                                          | server_error |
            Unable to connect to OWA at https://mail.example/, status code 503, check configuration | server_error |
            All network interfaces down or host unreachable !                                    | server_error |
            Cannot connect to POP server pop.example.com (192.0.2.1:110), connect error 10060    | server_error |
            Authentication server is not responding                                              | server_error |
            Request rejected. Try after some time                                                | server_error |
            Account is being migrated                                                            | server_error |
            Disconnected for inactivity                                                          | server_error |
            """;

    static Stream<List<String>> owners() {
        return lines(OWNERS);
    }

    static Stream<List<String>> others() {
        return lines(OTHERS);
    }

    private static Stream<List<String>> lines(String table) {
        return table.lines()
                .map(line -> Arrays.stream(line.split("\\|", -1)).map(String::strip).toList());
    }

    @ParameterizedTest
    @MethodSource("owners")
    void what_the_owner_must_mend_parks_the_account_with_advice(List<String> line)
            throws IOException {
        for (Protocol protocol : Protocol.values()) {
            MailFailure failure = refused(protocol, line.getFirst());
            assertThat(failure.code())
                    .as(protocol + ": " + line)
                    .isEqualTo(FailureCode.AUTH_FAILED);
            assertThat(failure.code().needsOwner()).isTrue();
            assertThat(failure.reason()).contains(line.get(1));
        }
        if (!line.getFirst().startsWith("[WEBALERT")) {
            assertThat(refusedStat(line.getFirst()).code())
                    .as("STAT: " + line)
                    .isIn(FailureCode.AUTH_FAILED, FailureCode.SERVER_ERROR);
        }
    }

    @ParameterizedTest
    @MethodSource("others")
    void what_passes_by_itself_or_is_the_operators_never_parks(List<String> line)
            throws IOException {
        String text = line.getFirst();
        MailFailure pop3 = refused(Protocol.POP3, text);
        assertThat(pop3.code().wireName()).as("POP3: " + text).isEqualTo(line.get(1));
        assertThat(pop3.code().needsOwner()).isFalse();
        String code = line.get(2).isEmpty() ? "" : "[" + line.get(2) + "] ";
        MailFailure imap = refused(Protocol.IMAP, code + text.replaceFirst("^\\[[A-Z/-]+] ", ""));
        assertThat(imap.code().needsOwner()).as("IMAP: " + text).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    NO Logon failure: unknown user name or bad password. | user name and password
                    NO unknown user or wrong password                    | user name and password
                    NO [AUTH] unknown user                               | provider
                    NO no such account                                   | provider
                    BAD LOGIN failed.                                    | user name and password
                    BAD invalid user name or password                    | user name and password
                    BAD Authentication failure                           | user name and password
                    BAD wrong password                                   | user name and password
                    NO Server error: password incorrect                  | user name and password
                    NO authentication failed, unable to process          | user name and password
                    NO [AUTHORIZATIONFAILED] User is authenticated but not connected. | switched off
                    NO [REFERRAL imap://ann%40example.com;AUTH=*@mail2.example.com/] Try there. | at another server
                    NO [REFERRAL imap://mail2.example.com/]              | at another server
                    """)
    void a_login_that_failed_is_the_owners_however_the_server_puts_it(String said, String advice)
            throws IOException {
        MailFailure failure = refusedLogin(said);
        assertThat(failure.code()).isEqualTo(FailureCode.AUTH_FAILED);
        assertThat(failure.reason()).contains(advice);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "BAD Error in IMAP command LOGIN: invalid arguments",
                "BAD LOGIN failed: command syntax",
                "BAD Unknown command",
                "BAD login not supported"
            })
    void a_login_that_was_not_understood_parks_no_account(String said) throws IOException {
        assertThat(refusedLogin(said).code()).isEqualTo(FailureCode.PROTOCOL_ERROR);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // Dovecot in front of a server that is down.
                "NO [REFERRAL imap://ann%40example.com;AUTH=*@/]",
                "NO [AUTHENTICATIONFAILED] Temporary authentication failure",
                "NO [AUTHORIZATIONFAILED] Account is temporarily unavailable"
            })
    void a_login_that_cannot_be_checked_now_parks_no_account(String said) throws IOException {
        assertThat(refusedLogin(said).code()).isEqualTo(FailureCode.SERVER_ERROR);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "NO [AUTHENTICATIONFAILED] Invalid credentials, try again later",
                "NO [AUTHENTICATIONFAILED] Authentication failed, please try again later"
            })
    void a_login_that_failed_for_sure_is_the_owners_whatever_it_asks_for(String said)
            throws IOException {
        assertThat(refusedLogin(said).code()).isEqualTo(FailureCode.AUTH_FAILED);
    }

    @Test
    void pop3_that_is_switched_off_may_be_said_as_late_as_at_stat() throws IOException {
        MailFailure failure = refusedStat("[SYS/PERM] Your account is not enabled for POP access.");
        assertThat(failure.code()).isEqualTo(FailureCode.AUTH_FAILED);
        assertThat(failure.reason())
                .contains("not enabled for POP access")
                .contains("web settings")
                .doesNotContain("operator of the mail server");
    }

    private static MailFailure refused(Protocol protocol, String text) throws IOException {
        String script =
                switch (protocol) {
                    case POP3 ->
                            "S: +OK\n"
                                    + "C: CAPA\n"
                                    + "S: -ERR\n"
                                    + "C: USER ann\n"
                                    + "S: +OK\n"
                                    + "C: PASS s3cret-word\n"
                                    + "S: -ERR "
                                    + text
                                    + "\nC: QUIT\nS: +OK\n";
                    case IMAP -> refusingLogin("NO " + text);
                };
        return failure(protocol, script);
    }

    private static MailFailure refusedLogin(String said) throws IOException {
        return failure(Protocol.IMAP, refusingLogin(said));
    }

    private static String refusingLogin(String said) {
        return "S: * OK [CAPABILITY IMAP4rev1] ready\nC: {tag} LOGIN {*}\nS: {tag} "
                + said
                + "\nC: {tag} LOGOUT\nS: * BYE\nS: {tag} OK\n";
    }

    private static MailFailure refusedStat(String text) throws IOException {
        return failure(
                Protocol.POP3,
                "S: +OK\n"
                        + "C: CAPA\n"
                        + "S: -ERR\n"
                        + "C: USER ann\n"
                        + "S: +OK\n"
                        + "C: PASS s3cret-word\n"
                        + "S: +OK\n"
                        + "C: STAT\n"
                        + "S: -ERR "
                        + text
                        + "\n! anything\n");
    }

    private static MailFailure failure(Protocol protocol, String script) throws IOException {
        try (ScriptedServer server = ScriptedServer.playing(script)) {
            Login login =
                    new Login(
                            protocol,
                            "127.0.0.1",
                            server.port(),
                            Security.NONE,
                            "ann",
                            new Credential.Password("s3cret-word"),
                            true,
                            null);
            MailServers servers =
                    switch (protocol) {
                        case POP3 -> new Pop3Sessions(LOOPBACK.connector());
                        case IMAP -> new ImapSessions(LOOPBACK.connector());
                    };
            return catchThrowableOfType(
                    MailFailure.class,
                    () -> {
                        try (MailSession session = servers.open(login, Deadline.after(LONG))) {
                            session.observe(new CheckRequest("INBOX", null, 1, false, null));
                        }
                    });
        }
    }
}
