package dev.mailbell.api;

import static dev.mailbell.api.HttpCaller.faults;
import static dev.mailbell.api.HttpCaller.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.api.request.Body;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BadInputTest {
    private static final TestApi API = new TestApi();
    private static final String GOOD_MAIL =
            "\"host\": \"imap.example.org\", \"password\": \"s3cret\"";
    private final HttpCaller client = API.client();

    @AfterAll
    static void close() {
        API.close();
    }

    private HttpResponse<String> register(String json) {
        return client.post("/v1/accounts", json);
    }

    /** An account with these members of {@code mail} besides a host and a password. */
    private Map<String, String> faultsOfMail(String members) {
        return faults(
                register(
                        "{\"address\": \"ann@example.org\", \"mail\": {%s, %s}}"
                                .formatted(GOOD_MAIL, members)));
    }

    private Map<String, String> faultsOf(String members) {
        return faults(
                register(
                        "{\"address\": \"ann@example.org\", \"mail\": {%s}, %s}"
                                .formatted(GOOD_MAIL, members)));
    }

    @Test
    void an_unknown_field_is_reported_with_a_suggestion() {
        assertThat(faultsOf("\"mailboxs\": [], \"colour\": 1"))
                .containsEntry("mailboxs", "is not a known field; did you mean \"mailboxes\"?")
                .hasEntrySatisfying(
                        "colour",
                        message -> assertThat(message).contains("known are ref, address, mail"));
        assertThat(faultsOfMail("\"usernam\": \"x\"")).containsOnlyKeys("mail.usernam");
        assertThat(faultsOfMail("\"tls\": {\"verfy\": true}")).containsOnlyKeys("mail.tls.verfy");
        assertThat(faultsOf("\"watch\": {\"every\": \"PT60S\"}")).containsOnlyKeys("watch.every");
    }

    @Test
    void all_errors_are_reported_at_once() {
        assertThat(
                        faults(
                                register(
                                        """
                                        {"ref": 7, "address": "nobody", "nope": {},
                                         "mail": {"protocol": "smtp", "host": "a b", "port": 70000, "security": true,
                                                  "username": "x\\r\\nRSET", "tls": {"caPem": "nonsense"}},
                                         "mailboxes": "INBOX",
                                         "watch": {"push": "yes", "interval": "1 minute", "envelopes": 1},
                                         "labels": ["x"]}
                                        """)))
                .containsOnlyKeys(
                        "ref",
                        "address",
                        "nope",
                        "mail.protocol",
                        "mail.host",
                        "mail.port",
                        "mail.security",
                        "mail.username",
                        "mail.password",
                        "mail.tls.caPem",
                        "mailboxes",
                        "watch.push",
                        "watch.interval",
                        "watch.envelopes",
                        "labels");
    }

    @Test
    void wrong_types_are_named() {
        assertThat(faultsOf("\"ref\": 42")).containsEntry("ref", "must be a string, not a number");
        assertThat(faultsOf("\"watch\": []"))
                .containsEntry("watch", "must be an object, not an array");
        assertThat(faultsOfMail("\"port\": \"993\""))
                .containsEntry("mail.port", "must be a whole number from 1 to 65535, not a string");
        assertThat(faultsOfMail("\"port\": 993.5"))
                .containsEntry(
                        "mail.port", "must be a whole number from 1 to 65535, not a fraction");
        assertThat(faults(register("{\"address\": \"a@example.org\", \"mail\": \"x\"}")))
                .containsOnlyKeys("mail");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "65536", "99999999999999999999"})
    void a_port_is_from_1_to_65535(String port) {
        assertThat(faultsOfMail("\"port\": " + port)).containsOnlyKeys("mail.port");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\\r\\nA1 LOGOUT", "a\\nb", "a\\u0000b", "a\\u001bb", "a\\u2028b"})
    void user_names_hosts_and_passwords_have_no_line_breaks_and_control_characters(String text) {
        assertThat(faultsOfMail("\"username\": \"" + text + "\""))
                .containsEntry(
                        "mail.username", "must not have line breaks or other control characters");
        assertThat(
                        faults(
                                register(
                                        """
                                        {"address": "%s@example.org", "mail": {"host": "%s", "password": "%s"},
                                         "mailboxes": ["%s"], "labels": {"x": "%s"}, "ref": "%s"}\
                                        """
                                                .formatted(text, text, text, text, text, text))))
                .containsOnlyKeys(
                        "address", "mail.host", "mail.password", "mailboxes[0]", "labels.x", "ref");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ann",
                "@example.org",
                "ann@",
                "ann@exa mple.org",
                "Ann <ann@example.org>",
                "a@b@example.org",
                "ann@-.org",
                "ann@example..org"
            })
    void an_address_is_a_bare_mail_address(String address) {
        assertThat(
                        faults(
                                register(
                                        "{\"address\": \"%s\", \"mail\": {%s}}"
                                                .formatted(address, GOOD_MAIL))))
                .containsOnlyKeys("address");
    }

    @ParameterizedTest
    @ValueSource(strings = {"60", "60s", "PT", "PT0.5S", "-PT60S", "P1Y", "", "PT29S", "PT25H"})
    void an_interval_is_a_duration_within_the_operators_bounds(String interval) {
        assertThat(faultsOf("\"watch\": {\"interval\": \"" + interval + "\"}"))
                .containsOnlyKeys("watch.interval");
    }

    @Test
    void pop3_has_its_own_bounds_and_one_mailbox() {
        assertThat(
                        faults(
                                register(
                                        """
                                        {"address": "a@example.org", "mailboxes": ["INBOX", "Sent"],
                                         "mail": {"protocol": "pop3", "host": "pop.example.org", "password": "s3cret"},
                                         "watch": {"interval": "PT59S"}}\
                                        """)))
                .containsOnlyKeys("mailboxes", "watch.interval");
    }

    @Test
    void mailboxes_are_1_to_32_and_each_once() {
        String many =
                IntStream.range(0, 33)
                        .mapToObj(i -> "\"m" + i + "\"")
                        .collect(Collectors.joining(","));
        assertThat(faultsOf("\"mailboxes\": [" + many + "]"))
                .containsEntry("mailboxes", "must have 1 to 32 items, not 33");
        assertThat(faultsOf("\"mailboxes\": []")).containsOnlyKeys("mailboxes");
        assertThat(faultsOf("\"mailboxes\": [\"a\", \"b\", \"a\"]"))
                .containsEntry("mailboxes[2]", "is there twice");
        assertThat(faultsOf("\"mailboxes\": [\"INBOX\", \"inbox\"]")).containsOnlyKeys("mailboxes");
        assertThat(faultsOf("\"mailboxes\": [null, 3, \"\"]"))
                .containsOnlyKeys("mailboxes[0]", "mailboxes[1]", "mailboxes[2]");
    }

    @Test
    void exactly_one_credential_is_required() {
        String oauth2 =
                "\"oauth2\": {\"provider\": \"google\", \"clientId\": \"x\", \"refreshToken\": \"s3cret\"}";
        assertThat(faultsOfMail(oauth2))
                .containsEntry("mail.password", "give either password or oauth2, not both");
        assertThat(
                        faults(
                                register(
                                        "{\"address\": \"a@example.org\", \"mail\": {\"host\":"
                                                + " \"imap.example.org\"}}")))
                .containsOnlyKeys("mail.password");
        assertThat(
                        faults(
                                register(
                                        """
                                        {"address": "a@example.org", "mail": {"host": "imap.example.org",
                                         "oauth2": {"provider": "custom", "clientSecret": "s3cret"}}}\
                                        """)))
                .containsOnlyKeys(
                        "mail.oauth2.clientId", "mail.oauth2.refreshToken", "mail.oauth2.tokenUrl");
        assertThat(
                        faults(
                                register(
                                        """
                                        {"address": "a@example.org", "mail": {"host": "imap.example.org",
                                         "oauth2": {"provider": "yahoo", "clientId": "x", "refreshToken": "s3cret",
                                                    "tokenUrl": "ftp://x"}}}\
                                        """)))
                .containsOnlyKeys("mail.oauth2.provider", "mail.oauth2.tokenUrl");
    }

    /**
     * RFC 6749, appendix A; such a grant failed at every check, and the attempt to verify it with
     * 500.
     */
    @Test
    void the_members_of_a_grant_are_printable_ascii() {
        String grant =
                """
                {"address": "a@example.org", "mail": {"host": "imap.example.org",
                 "oauth2": {"provider": "google", "clientId": "é", "clientSecret": "é", "refreshToken": "漢", "scope": "é"}}}\
                """;
        for (String path : List.of("/v1/accounts", "/v1/accounts/verify")) {
            assertThat(faults(client.post(path, grant)))
                    .containsOnlyKeys(
                            "mail.oauth2.clientId",
                            "mail.oauth2.clientSecret",
                            "mail.oauth2.refreshToken",
                            "mail.oauth2.scope");
        }
    }

    @Test
    void missing_required_fields_are_reported() {
        assertThat(faults(register("{}")))
                .containsEntry("address", "is required")
                .containsEntry("mail", "is required");
        assertThat(faults(register("{\"address\": null, \"mail\": null}")))
                .containsEntry("address", "must not be null")
                .containsEntry("mail", "must not be null");
    }

    @Test
    void labels_and_refs_have_bounds() {
        String many =
                IntStream.range(0, 33)
                        .mapToObj(i -> "\"l" + i + "\": \"x\"")
                        .collect(Collectors.joining(","));
        assertThat(faultsOf("\"labels\": {" + many + "}")).containsOnlyKeys("labels");
        assertThat(
                        faultsOf(
                                "\"labels\": {\"a b\": \"x\", \"n\": null, \"l\": \"%s\"}, \"ref\": \"%s\""
                                        .formatted("v".repeat(256), "r".repeat(256))))
                .containsOnlyKeys("labels.a b", "labels.n", "labels.l", "ref");
    }

    @Test
    void certificates_must_be_readable_and_a_private_key_is_no_certificate() {
        assertThat(faultsOfMail("\"tls\": {\"caPem\": \"-----BEGIN CERTIFICATE-----\\nAAAA\"}"))
                .containsOnlyKeys("mail.tls.caPem");
        assertThat(faultsOfMail("\"tls\": {\"caPem\": \"-----BEGIN PRIVATE KEY-----\\ns3cret\"}"))
                .containsOnlyKeys("mail.tls.caPem");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"a\": 1,}|line 1, column 9",
                "{\"a\"|line 1",
                "{'a': 1}|line 1, column 2",
                "{\"password\": s3cret}|line 1",
                "{\"a\": 1} x|line 1",
                "{\"a\": 1, \"a\": 2}|line 1",
                "[1]|must be a JSON object",
                "\"text\"|must be a JSON object",
            })
    void invalid_json_is_refused_with_line_and_column(String body, String place) {
        HttpResponse<String> response = register(body);
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(json(response).required("detail").stringValue()).contains(place);
    }

    @Test
    void json_is_bounded_in_depth() {
        HttpResponse<String> response = register("[".repeat(100_000));
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(json(response).required("detail").stringValue()).contains("16 levels");
    }

    @Test
    void blocked_hosts_are_refused() {
        for (String host :
                List.of(
                        "10.0.0.1",
                        "0x7f.1.1.1.1",
                        "[::1]",
                        "mail.internal.example",
                        "169.254.1.1")) {
            HttpResponse<String> response =
                    register(
                            "{\"address\": \"a@example.org\", \"mail\": {\"host\": \"%s\", \"password\": \"s3cret\"}}"
                                    .formatted(host));
            assertThat(response.statusCode()).as(host).isIn(400, 422);
            assertThat(response.body()).as(host).doesNotContain("10.1.2.3");
        }
        HttpResponse<String> cleartext =
                register(
                        """
                        {"address": "a@example.org", "mail": {"host": "imap.example.org", "security": "none", "password": "s3cret"}}\
                        """);
        assertThat(cleartext.statusCode()).isEqualTo(422);
        assertThat(json(cleartext).required("type").stringValue()).endsWith("cleartext-refused");
        assertThat(
                        register(
                                        """
                                        {"address": "a@example.org", "mail": {"host": "127.0.0.1", "security": "none", "password": "s3cret"}}\
                                        """)
                                .statusCode())
                .isEqualTo(201);
        HttpResponse<String> tokenUrl =
                register(
                        """
                        {"address": "a@example.org", "mail": {"host": "imap.example.org",
                         "oauth2": {"provider": "custom", "clientId": "x", "refreshToken": "s3cret",
                                    "tokenUrl": "https://id.internal.example/token"}}}\
                        """);
        assertThat(tokenUrl.statusCode()).isEqualTo(422);
    }

    @Test
    void a_body_is_json_in_utf8() {
        for (String type :
                List.of("text/plain", "application/json; charset=iso-8859-1", "application/xml")) {
            assertThat(
                            client.with("Content-Type", type)
                                    .post("/v1/accounts", TestApi.imap("typed"))
                                    .statusCode())
                    .as(type)
                    .isEqualTo(415);
        }
        HttpResponse<String> patch =
                client.with("Content-Type", "text/plain").patch("/v1/accounts/x", "{}");
        assertThat(patch.statusCode()).isEqualTo(415);
        assertThat(patch.headers().firstValue("Accept-Patch").orElse(""))
                .contains("application/merge-patch+json");
        assertThat(
                        client.with("Content-Type", "application/json; charset=utf8")
                                .post("/v1/accounts", TestApi.imap("without-hyphen"))
                                .statusCode())
                .isEqualTo(201);
        HttpResponse<String> compressed =
                client.with("Content-Encoding", "gzip")
                        .post("/v1/accounts", TestApi.imap("compressed"));
        assertThat(compressed.statusCode()).isEqualTo(415);
        assertThat(compressed.body()).contains("without the header Content-Encoding");
        assertThat(
                        client.with("Content-Type", "Application/JSON; charset=\"UTF-8\"")
                                .post("/v1/accounts", TestApi.imap("typed"))
                                .statusCode())
                .isEqualTo(201);
    }

    @Test
    void a_body_has_a_mebibyte_at_most() {
        String filler = " ".repeat(Body.MAX_BYTES);
        HttpResponse<String> response = register(filler + TestApi.imap("large"));
        assertThat(response.statusCode()).isEqualTo(413);
        String fits = TestApi.imap("fits");
        assertThat(register(fits + " ".repeat(Body.MAX_BYTES - fits.length())).statusCode())
                .isEqualTo(201);
    }
}
