package dev.mailbell.cli.emailengine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.cli.emailengine.Converted.Carried;
import dev.mailbell.cli.emailengine.Converted.Refused;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.node.ObjectNode;

/** Accounts as EmailEngine exports them, and the registrations that they become. */
class ConversionTest {
    private static final UUID APP = UUID.fromString("01a1fc93-3d3e-707c-a0a3-af0ba8e35a3e");

    private static final Conversion CONVERSION =
            new Conversion(
                    new Conversion.Choices(Map.of("AAAB", APP), List.of("INBOX"), null, false));

    private static ObjectNode json(String text) {
        return (ObjectNode) ExportJson.MAPPER.readTree(text.replace('\'', '"'));
    }

    private static Carried carried(String account) {
        Converted converted = CONVERSION.convert(json(account));
        assertThat(converted).isInstanceOf(Carried.class);
        return (Carried) converted;
    }

    private static String refusal(String account) {
        Converted converted = CONVERSION.convert(json(account));
        assertThat(converted).isInstanceOf(Refused.class);
        return ((Refused) converted).reason();
    }

    @Test
    void a_login_by_password_becomes_a_registration() {
        Carried account =
                carried(
                        """
                        {'account': 'user-42', 'name': 'Ann', 'email': 'ann@example.org', 'state': 'connected',
                         'path': ['INBOX', 'Work/2026', '\\\\Junk', 'inbox'], 'subconnections': ['Lists'],
                         'imap': {'host': 'imap.example.org', 'port': 143, 'secure': false, 'junkMailPath': 'Spam',
                                  'auth': {'user': 'ann', 'pass': ' s3cret-word'}},
                         'smtp': {'host': 'smtp.example.org', 'port': 465, 'secure': true,
                                  'auth': {'user': 'ann', 'pass': 's3cret-word'}},
                         'counters': {'events': {'messageNew': 3}}}\
                        """);
        assertThat(account.registration())
                .isEqualTo(
                        json(
                                """
                                {'ref': 'user-42', 'address': 'ann@example.org',
                                 'mail': {'protocol': 'imap', 'host': 'imap.example.org', 'port': 143, 'security': 'starttls',
                                          'username': 'ann', 'password': ' s3cret-word'},
                                 'mailboxes': ['INBOX', 'Work/2026', 'Spam', 'Lists']}\
                                """));
        assertThat(account.notes()).isEmpty();
        assertThat(account.webhook()).isNull();
        assertThat(account.toString()).doesNotContain("s3cret");
        assertThat(account.id()).isEqualTo(carriedWith("'x': 1").id());
    }

    /** The smallest account, with more members. */
    private static Carried carriedWith(String members) {
        return carried(with(members));
    }

    private static String with(String members) {
        return """
        {'account': 'user-42', 'email': 'ann@example.org', 'path': 'INBOX',
         'imap': {'host': 'imap.example.org', 'port': 993, 'secure': true,
                  'auth': {'user': 'ann', 'pass': 's3cret-word'}}, %s}\
        """
                .formatted(members);
    }

    @Test
    void what_differs_here_is_noted() {
        assertThat(carriedWith("'path': '*', 'subconnections': ['Lists']"))
                .satisfies(it -> {
                    assertThat(it.registration().path("mailboxes").toString())
                            .isEqualTo("[\"INBOX\",\"Lists\"]");
                    assertThat(it.notes())
                            .containsExactly(
                                    "it watches all folders there; here INBOX and its"
                                            + " subconnections");
                });
        assertThat(carriedWith("'path': ['INBOX', '\\\\All']").notes())
                .containsExactly("not watched here: \\All; add the folder's name to mailboxes");
        assertThat(carriedWith("'state': 'authenticationError'").notes())
                .singleElement()
                .asString()
                .contains("login fails");
        Carried own =
                carriedWith(
                        "'webhooks': 'https://hooks.example.org/ann', 'webhooksCustomHeaders':"
                                + " [{'key': 'Authorization', 'value': 'Bearer t0ken'}]");
        assertThat(own.webhook()).isEqualTo("https://hooks.example.org/ann");
        assertThat(own.notes()).containsExactly("the headers of its webhook are not carried");
        Carried lax =
                carried(
                        """
                        {'account': 'a', 'email': 'a@example.org', 'path': 'INBOX',
                         'imap': {'host': 'imap.example.org', 'port': 993, 'secure': true,
                                  'tls': {'rejectUnauthorized': false, 'minVersion': 'TLSv1', 'ciphers': 'ALL'},
                                  'auth': {'user': 'a', 'pass': 'p'}}}\
                        """);
        assertThat(lax.registration().at("/mail/tls/verify").booleanValue()).isFalse();
        assertThat(lax.notes())
                .containsExactly(
                        "any certificate of its server is accepted, as there",
                        "not carried of imap.tls: ciphers");
    }

    private static String oauth(String members) {
        return """
        {'account': 'g', 'path': 'INBOX', 'oauth2': {'provider': 'AAAB', 'auth': {'user': 'ann@gmail.com'},
         'accessToken': 'ya29.s3cret', 'refreshToken': '1//s3cret'}, '_app': {'id': 'AAAB', 'provider': 'gmail'}, %s}\
        """
                .formatted(members);
    }

    @Test
    void a_grant_goes_to_the_app_that_the_operator_names() {
        Carried gmail = carried(oauth("'x': 1"));
        assertThat(gmail.registration())
                .isEqualTo(
                        json(
                                """
                                {'ref': 'g', 'address': 'ann@gmail.com',
                                 'mail': {'host': 'imap.gmail.com', 'username': 'ann@gmail.com',
                                          'oauth2': {'app': '01a1fc93-3d3e-707c-a0a3-af0ba8e35a3e', 'refreshToken': '1//s3cret'},
                                          'protocol': 'imap'},
                                 'mailboxes': ['INBOX']}\
                                """));
        assertThat(gmail.notes()).isEmpty();

        Carried shared =
                carried(
                        oauth(
                                """
                                'email': 'desk@contoso.example', '_app': {'provider': 'outlook', 'cloud': 'china'},
                                'oauth2': {'provider': 'AAAB', 'refreshToken': 'r',
                                           'auth': {'user': 'ann@contoso.example', 'delegatedUser': 'desk@contoso.example'}}\
                                """));
        assertThat(shared.registration().at("/mail/username").stringValue())
                .isEqualTo("desk@contoso.example");
        assertThat(shared.registration().at("/mail/host").stringValue())
                .isEqualTo("partner.outlook.cn");

        Carried service = carried(oauth("'_app': {'provider': 'gmailService'}"));
        assertThat(service.registration().at("/mail/oauth2").toString())
                .isEqualTo("{\"app\":\"" + APP + "\"}");
        assertThat(service.notes()).isEmpty();
    }

    @Test
    void a_grant_that_no_mail_server_takes_waits_for_a_consent() {
        for (String members :
                List.of(
                        "'isApi': true",
                        "'_app': {'provider': 'outlook', 'baseScopes': 'api'}",
                        "'oauth2': {'provider': 'AAAB', 'auth': {'user': 'ann@gmail.com'}}")) {
            Carried account = carried(oauth(members));
            assertThat(account.registration().at("/mail/oauth2").toString())
                    .isEqualTo("{\"app\":\"" + APP + "\"}");
            assertThat(account.notes()).singleElement().asString().contains("consent link");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    'imap': {'host': 'h.example', 'disabled': true}                                   | only sends mail
                    'imap': {'host': 'h.example', 'useAuthServer': true}                              | token endpoint
                    'imap': {'host': 'h.example', 'auth': {'user': 'a', 'pass': '******'}}            | is masked
                    'imap': {'host': 'h.example', 'auth': {'user': 'a', 'pass': '$wd01$aes$00$11'}}   | EENGINE_SECRET
                    'imap': {'host': 'h.example', 'auth': {'user': 'a', 'accessToken': 'ya29.x'}}     | access token alone
                    'imap': {'host': 'h.example', 'auth': {'user': 'a'}}                              | no user name and password
                    'imap': {'auth': {'user': 'a', 'pass': 'p'}}                                      | names no mail server
                    'imap': false                                                                     | not a list of accounts
                    'sendOnly': true                                                                  | only sends mail
                    'proxy': 'socks5://u:s3cret-proxy@proxy.example:1080'                             | --egress
                    'path': ['\\\\Trash']                                                             | watches \\Trash alone
                    'oauth2': {'provider': 'CCCD', 'auth': {'user': 'a@example.org'}}                 | --app CCCD=ID
                    'oauth2': {'auth': {'user': 'a@example.org'}}                                     | never signed in
                    'oauth2': {'provider': 'AAAB', 'auth': {}}                                        | never signed in
                    'oauth2': {'provider': 'AAAB', 'auth': {'user': 'a', 'delegatedAccount': 'boss'}} | grant of the account boss
                    'oauth2': {'useAuthServer': true, 'provider': 'AAAB'}                             | token endpoint
                    """)
    void an_account_that_cannot_be_carried_says_why(String members, String reason) {
        assertThat(refusal(with(members))).contains(reason).doesNotContain("s3cret");
    }

    @Test
    void what_is_no_account_is_refused_too() {
        assertThat(refusal("{'hello': 'world'}")).contains("no account ID");
        assertThat(refusal("{'account': 'a', 'email': '', 'imap': {'host': 'h'}}"))
                .contains("no mail address");
    }
}
