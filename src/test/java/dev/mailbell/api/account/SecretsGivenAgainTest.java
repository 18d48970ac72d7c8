package dev.mailbell.api.account;

import static dev.mailbell.api.HttpCaller.json;
import static dev.mailbell.api.TestApi.idOf;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.account.MailSettings;
import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import dev.mailbell.api.request.Json;
import dev.mailbell.client.ClientStore;
import dev.mailbell.mail.scripted.TestTls;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A key that may change accounts must not be a way to read their secrets. */
class SecretsGivenAgainTest {
    private static final TestApi API = new TestApi();
    private static final String REFRESH = "mail.oauth2.refreshToken";
    private static final String CLIENT = "mail.oauth2.clientSecret";
    private static final String SIGNING_SECRET = "whsec_" + "A".repeat(32);

    /** For each field of {@code mail}: another value of it, as the JSON of {@code mail}. */
    private static final Map<String, String> OTHER_SETTINGS =
            Map.of(
                    "protocol", "{\"protocol\": \"pop3\"}",
                    "host", "{\"host\": \"imap.attacker.example\"}",
                    "port", "{\"port\": 1993}",
                    "security", "{\"security\": \"starttls\"}",
                    "egress", "{\"egress\": \"tokyo\"}",
                    "tls.verify", "{\"tls\": {\"verify\": false}}",
                    "tls.caPem",
                            "{\"tls\": {\"caPem\": %s}}"
                                    .formatted(Json.MAPPER.writeValueAsString(TestTls.caPem())),
                    "tls.pins", "{\"tls\": {\"pinSha256\": [\"%s\"]}}".formatted("0f".repeat(32)));

    private static final Map<String, String> OTHER_GRANT =
            Map.of(
                    "provider", "{\"oauth2\": {\"provider\": \"google\"}}",
                    "clientId", "{\"oauth2\": {\"clientId\": \"another\"}}",
                    "tokenUrl", "{\"oauth2\": {\"tokenUrl\": \"https://attacker.example/t\"}}");

    private final HttpCaller client = API.client();

    @AfterAll
    static void close() {
        API.close();
    }

    private String register(String mail) {
        HttpResponse<String> response =
                client.post(
                        "/v1/accounts",
                        "{\"address\": \"ann@example.org\", \"mail\": " + mail + "}");
        assertThat(response.statusCode()).as(response.body()).isEqualTo(201);
        return "/v1/accounts/" + idOf(response);
    }

    private String withPassword() {
        return register(
                "{\"host\": \"imap.example.org\", \"port\": 993, \"password\": \"s3cret-word\"}");
    }

    private String withApp() {
        HttpResponse<String> app =
                client.post(
                        "/v1/oauth-apps",
                        "{\"provider\": \"google\", \"clientId\": \"c1\", \"clientSecret\": \"s3cret-of-app\"}");
        return register(
                "{\"host\": \"imap.gmail.com\", \"oauth2\": {\"app\": \"%s\", \"refreshToken\": \"s3cret-refresh\"}}"
                        .formatted(idOf(app)));
    }

    private String withTokenEndpoint() {
        return register(
                "{\"host\": \"imap.example.org\", \"oauth2\": {\"tokenEndpoint\": \"https://id.example.org/token\", \"signingSecret\": \"%s\"}}"
                        .formatted(SIGNING_SECRET));
    }

    @Test
    void the_refresh_token_of_an_app_is_given_again() {
        assertThat(demanded(withApp(), "{\"tls\": {\"verify\": false}}")).containsExactly(REFRESH);
        assertThat(
                        demanded(
                                withApp(),
                                "{\"tls\": {\"verify\": false}, \"oauth2\": {\"refreshToken\": \"anew\"}}"))
                .isEmpty();
        assertThat(demanded(withApp(), "{\"username\": \"ben\"}")).isEmpty();
    }

    @Test
    void the_secret_that_signs_requests_for_tokens_is_given_again() {
        assertThat(demanded(withTokenEndpoint(), "{\"host\": \"imap.attacker.example\"}"))
                .containsExactly("mail.oauth2.signingSecret");
        assertThat(
                        demanded(
                                withTokenEndpoint(),
                                "{\"oauth2\": {\"tokenEndpoint\": \"https://attacker.example/t\"}}"))
                .containsExactly("mail.oauth2.signingSecret");
        assertThat(
                        demanded(
                                withTokenEndpoint(),
                                "{\"host\": \"imap.example.com\", \"oauth2\": {\"signingSecret\": \"%s\"}}"
                                        .formatted(SIGNING_SECRET)))
                .isEmpty();
    }

    private String withGrant() {
        return register(
                """
                {"host": "imap.example.org", "port": 993,
                 "oauth2": {"provider": "custom", "clientId": "me", "clientSecret": "s3cret-client",
                            "refreshToken": "s3cret-refresh", "tokenUrl": "https://id.example.org/token",
                            "scope": "mail"}}\
                """);
    }

    private Account stored(String path) {
        UUID id = UUID.fromString(path.substring(path.lastIndexOf('/') + 1));
        return new AccountStore(API.database.jdbi()).find(ClientStore.DEFAULT, id).orElseThrow();
    }

    private HttpResponse<String> patch(String path, String mail) {
        return client.patch(path, "{\"mail\": " + mail + "}");
    }

    /** The fields that a refused patch must give again; empty for a patch that was applied. */
    private Set<String> demanded(String path, String mail) {
        Account before = stored(path);
        HttpResponse<String> response = patch(path, mail);
        if (response.statusCode() == 200) {
            return Set.of();
        }
        assertThat(response.statusCode()).as(response.body()).isEqualTo(422);
        JsonNode problem = json(response);
        assertThat(problem.required("type").stringValue())
                .isEqualTo("urn:mailbell:problem:secret-required");
        assertThat(stored(path)).usingRecursiveComparison().isEqualTo(before);
        Set<String> fields = new TreeSet<>();
        problem.required("errors")
                .forEach(error -> fields.add(error.required("field").stringValue()));
        fields.forEach(
                field -> assertThat(problem.required("detail").stringValue()).contains(field));
        return fields;
    }

    private static String with(String mail, Map<String, String> secrets) {
        ObjectNode json = (ObjectNode) Json.MAPPER.readTree(mail);
        secrets.forEach((name, value) -> {
            if (name.equals("password")) {
                json.put(name, value);
            } else {
                ObjectNode grant =
                        json.get("oauth2") instanceof ObjectNode present
                                ? present
                                : json.putObject("oauth2");
                grant.put(name, value);
            }
        });
        return json.toString();
    }

    @Test
    void the_tables_name_every_setting_of_a_login() {
        assertThat(components("", MailSettings.class))
                .containsExactlyInAnyOrderElementsOf(
                        union(OTHER_SETTINGS.keySet(), SecretsGivenAgain.FREE_MAIL_SETTINGS));
        assertThat(components("", LoginSecret.OAuth2.class))
                .containsExactlyInAnyOrderElementsOf(
                        union(OTHER_GRANT.keySet(), SecretsGivenAgain.FREE_GRANT_SETTINGS));
    }

    private static List<String> components(String prefix, Class<?> type) {
        return Stream.of(type.getRecordComponents())
                .flatMap(component ->
                        component.getType().isRecord()
                                ? components(component.getName() + ".", component.getType())
                                        .stream()
                                : Stream.of(prefix + component.getName()))
                .toList();
    }

    private static List<String> union(Set<String> some, Set<String> others) {
        List<String> all = new ArrayList<>(some);
        all.addAll(others);
        return all;
    }

    static Stream<String> otherSettings() {
        return OTHER_SETTINGS.values().stream().sorted();
    }

    static Stream<String> otherGrants() {
        return OTHER_GRANT.values().stream().sorted();
    }

    @ParameterizedTest
    @MethodSource("otherSettings")
    void another_server_or_protection_needs_the_password_again(String mail) {
        String path = withPassword();
        assertThat(demanded(path, mail)).containsExactly("mail.password");
        assertThat(demanded(path, with(mail, Map.of("password", "s3cret-other")))).isEmpty();
        assertThat(new LoginSecrets(API.keyring).open(stored(path)))
                .isEqualTo(new LoginSecret.Password("s3cret-other"));
    }

    @ParameterizedTest
    @MethodSource("otherSettings")
    void another_server_or_protection_needs_the_refresh_token_again(String mail) {
        String path = withGrant();
        assertThat(demanded(path, mail)).containsExactly(REFRESH);
        assertThat(demanded(path, with(mail, Map.of("clientSecret", "s3cret-other"))))
                .containsExactly(REFRESH);
        assertThat(demanded(path, with(mail, Map.of("refreshToken", "s3cret-other")))).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("otherGrants")
    void another_token_endpoint_needs_both_secrets_of_the_grant_again(String mail) {
        String path = withGrant();
        assertThat(demanded(path, mail)).containsExactlyInAnyOrder(REFRESH, CLIENT);
        assertThat(demanded(path, with(mail, Map.of("refreshToken", "s3cret-other"))))
                .containsExactly(CLIENT);
        assertThat(
                        demanded(
                                path,
                                with(
                                        mail,
                                        Map.of(
                                                "refreshToken",
                                                "s3cret-other",
                                                "clientSecret",
                                                "s3cret-third"))))
                .isEmpty();
    }

    @Test
    void values_that_stay_and_other_settings_need_no_secret() {
        String path = withPassword();
        assertThat(
                        demanded(
                                path,
                                """
                                {"protocol": "imap", "host": "IMAP.example.org.", "port": 993, "security": "tls",
                                 "tls": {"verify": true, "caPem": null}}\
                                """))
                .isEmpty();
        assertThat(demanded(path, "{\"port\": null, \"tls\": null}")).isEmpty();
        assertThat(demanded(path, "{\"username\": \"ann\"}")).isEmpty();
        assertThat(client.patch(path, "{\"mailboxes\": [\"INBOX\", \"Work\"]}").statusCode())
                .isEqualTo(200);
        assertThat(demanded(withGrant(), "{\"oauth2\": {\"scope\": \"mail.read\"}}")).isEmpty();
        assertThat(new LoginSecrets(API.keyring).open(stored(path)))
                .isEqualTo(new LoginSecret.Password("s3cret-word"));
    }

    @Test
    void a_server_that_discovery_finds_needs_the_secret_too() {
        String path = withPassword();
        HttpResponse<String> response =
                client.patch(
                        path, "{\"address\": \"ann@known.example\", \"mail\": {\"host\": null}}");
        assertThat(response.statusCode()).isEqualTo(422);
        assertThat(json(response).required("detail").stringValue())
                .contains("mail.password")
                .contains("mail.host");
    }

    @Test
    void a_removed_client_secret_is_not_demanded_and_a_new_kind_of_login_brings_its_own() {
        String path = withGrant();
        assertThat(
                        demanded(
                                path,
                                """
                                {"oauth2": {"tokenUrl": "https://id.example.net/t", "clientSecret": null,
                                            "refreshToken": "s3cret-other"}}\
                                """))
                .isEmpty();
        assertThat(
                        demanded(
                                path,
                                "{\"host\": \"imap.example.net\", \"password\": \"s3cret-word\"}"))
                .isEmpty();
    }
}
