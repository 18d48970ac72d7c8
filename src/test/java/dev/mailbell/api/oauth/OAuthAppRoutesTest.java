package dev.mailbell.api.oauth;

import static dev.mailbell.api.HttpCaller.faults;
import static dev.mailbell.api.HttpCaller.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mailbell.account.AccountStore;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.api.Contract;
import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import dev.mailbell.mail.auth.grant.TestKeys;
import dev.mailbell.oauth.OAuthApp;
import dev.mailbell.oauth.OAuthAppStore;
import dev.mailbell.oauth.OAuthApps;
import dev.mailbell.secret.KeyringException;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class OAuthAppRoutesTest {
    private static final TestApi API = new TestApi();
    private final HttpCaller client = API.client();
    private final OAuthAppStore store = new OAuthAppStore(API.database.jdbi());
    private final OAuthApps apps = new OAuthApps(store, API.keyring);

    private static final String CUSTOM =
            """
            {"provider": "custom", "clientId": "c1", "clientSecret": "s3cret-of-app", "tokenUrl": "https://login.example.org/token",
             "authorizationUrl": "https://login.example.org/authorize", "mailHosts": ["imap.example.org"]}
            """;

    @AfterAll
    static void close() {
        API.close();
    }

    private String register(String body) {
        HttpResponse<String> answer = client.post("/v1/oauth-apps", body);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
        return TestApi.idOf(answer);
    }

    private OAuthApp stored(String id) {
        return store.find(UUID.fromString(id)).orElseThrow();
    }

    private static String account(String oauth2) {
        return """
        {"address": "ann@example.org", "mail": {"host": "imap.example.org", "oauth2": %s}}
        """
                .formatted(oauth2);
    }

    private HttpResponse<String> registerAccount(String app, String more) {
        return client.post("/v1/accounts", account("{\"app\": \"%s\"%s}".formatted(app, more)));
    }

    @Test
    void an_app_is_registered_read_listed_and_removed_without_its_secret() {
        HttpResponse<String> answer =
                client.post(
                        "/v1/oauth-apps",
                        "{\"provider\": \"google\", \"name\": \"ours\", \"clientId\": \"c1\", \"clientSecret\": \"s3cret-of-app\"}");
        assertThat(answer.statusCode()).isEqualTo(201);
        JsonNode app = json(answer);
        String path = answer.headers().firstValue("Location").orElseThrow();
        assertThat(app.required("proof").stringValue()).isEqualTo("client_secret");
        assertThat(app.required("consent").booleanValue()).isTrue();
        assertThat(app.required("tokenUrl").stringValue())
                .isEqualTo("https://oauth2.googleapis.com/token");
        assertThat(app.required("redirectUrl").stringValue())
                .isEqualTo("http://127.0.0.1:" + API.port() + "/oauth/callback");
        assertThat(json(client.get(path))).isEqualTo(app);
        assertThat(json(client.get("/v1/oauth-apps?limit=500")).required("items")).contains(app);

        HttpCaller other = API.otherClient();
        assertThat(other.get(path).statusCode()).isEqualTo(404);
        assertThat(other.patch(path, "{\"name\": \"x\"}").statusCode()).isEqualTo(404);
        assertThat(other.delete(path).statusCode()).isEqualTo(404);
        assertThat(json(other.get("/v1/oauth-apps")).required("items")).isEmpty();

        assertThat(client.delete(path).statusCode()).isEqualTo(204);
        assertThat(client.get(path).statusCode()).isEqualTo(404);
    }

    @Test
    void the_secret_is_encrypted_and_bound_to_its_row() {
        String one = register(CUSTOM);
        String two = register(CUSTOM);
        assertThat(apps.open(stored(one)).client().secret()).isEqualTo("s3cret-of-app");
        List<String> rows =
                API.database
                        .jdbi()
                        .withHandle(handle ->
                                handle.createQuery("select a::text from oauth_app a")
                                        .mapTo(String.class)
                                        .list());
        assertThat(rows).isNotEmpty().noneMatch(row -> row.contains("s3cret"));
        API.database
                .jdbi()
                .useHandle(handle ->
                        handle.execute(
                                "update oauth_app set secret = (select secret from oauth_app where id = ?::uuid) where id = ?::uuid",
                                one,
                                two));
        OAuthApp moved = stored(two);
        assertThatThrownBy(() -> apps.open(moved)).isInstanceOf(KeyringException.class);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    {"clientId": "c"}                                                            | provider
                    {"provider": "yahoo", "clientId": "c"}                                       | provider
                    {"provider": "google"}                                                       | clientId
                    {"provider": "google", "clientId": "é"}                                      | clientId
                    {"provider": "google", "clientId": "c", "clientSecret": "schlüssel"}         | clientSecret
                    {"provider": "google", "clientId": "c", "scope": "https://mail.google.com/ é"} | scope
                    {"provider": "google", "clientId": "c", "secret": "x"}                       | secret
                    {"provider": "google", "clientId": "c", "tokenUrl": "https://a.example"}     | tokenUrl
                    {"provider": "google", "clientId": "c", "tenant": "t"}                       | tenant
                    {"provider": "microsoft", "clientId": "c", "tenant": "../evil"}              | tenant
                    {"provider": "google", "clientId": "c", "keyId": "k"}                        | keyId
                    {"provider": "google", "clientId": "c", "privateKey": "none"}                | privateKey
                    {"provider": "google", "clientId": "c", "grant": "client_credentials", "clientSecret": "x"} | grant
                    {"provider": "google", "clientId": "c", "grant": "jwt_bearer"}               | privateKey
                    {"provider": "google", "clientId": "c", "grant": "password"}                 | grant
                    {"provider": "microsoft", "clientId": "c", "grant": "client_credentials", "tenant": "t"} | clientSecret
                    {"provider": "microsoft", "clientId": "c", "grant": "client_credentials", "clientSecret": "x"} | tenant
                    {"provider": "microsoft", "clientId": "c", "grant": "client_credentials", "clientSecret": "x", "tenant": "common"} | tenant
                    {"provider": "custom", "clientId": "c", "mailHosts": ["a.example"]}          | tokenUrl
                    {"provider": "custom", "clientId": "c", "tokenUrl": "https://a.example/t"}   | mailHosts
                    {"provider": "custom", "clientId": "c", "tokenUrl": "file:///x", "mailHosts": ["a.example"]} | tokenUrl
                    """)
    void an_app_with_a_fault_is_refused_by_the_name_of_the_field(String body, String field) {
        assertThat(faults(client.post("/v1/oauth-apps", body))).containsKey(field);
    }

    @Test
    void urls_that_the_operator_forbids_are_refused() {
        String internal = CUSTOM.replace("login.example.org/token", "x.internal.example/token");
        assertThat(client.post("/v1/oauth-apps", internal).statusCode()).isEqualTo(422);
        String clear = CUSTOM.replace("https://login.example.org/token", "http://a.example/token");
        assertThat(client.post("/v1/oauth-apps", clear).statusCode()).isEqualTo(422);
        String shown = CUSTOM.replace("https://login.example.org/auth", "http://a.example/auth");
        assertThat(client.post("/v1/oauth-apps", shown).statusCode()).isEqualTo(422);
    }

    @Test
    void a_secret_goes_to_no_other_place_unless_it_is_given_again() {
        String path = "/v1/oauth-apps/" + register(CUSTOM);
        for (String change :
                new String[] {
                    "\"tokenUrl\": \"https://evil.example.org/token\"",
                    "\"authorizationUrl\": \"https://evil.example.org/authorize\"",
                    "\"authorizationUrl\": null",
                    "\"mailHosts\": [\"evil.example.org\"]"
                }) {
            assertThat(faults(client.patch(path, "{" + change + "}")))
                    .as(change)
                    .containsKey("clientSecret");
            HttpResponse<String> given =
                    client.patch(path, "{" + change + ", \"clientSecret\": \"s3cret-again\"}");
            assertThat(given.statusCode()).as(given.body()).isEqualTo(200);
        }
        String microsoft =
                "/v1/oauth-apps/"
                        + register(
                                "{\"provider\": \"microsoft\", \"clientId\": \"c\", \"clientSecret\": \"s3cret-x\", \"tenant\": \"a.example\"}");
        assertThat(faults(client.patch(microsoft, "{\"tenant\": \"evil.example\"}")))
                .containsKey("clientSecret");
        assertThat(client.patch(microsoft, "{\"name\": \"new\"}").statusCode()).isEqualTo(200);
        assertThat(
                        client.patch(
                                        microsoft,
                                        "{\"tenant\": \"evil.example\", \"clientSecret\": null}")
                                .statusCode())
                .isEqualTo(200);
    }

    @Test
    void refresh_tokens_of_accounts_go_to_no_other_place_at_all() {
        String app = register(CUSTOM);
        registerAccount(app, ", \"refreshToken\": \"s3cret-refresh\"");
        HttpResponse<String> refused =
                client.patch(
                        "/v1/oauth-apps/" + app,
                        "{\"tokenUrl\": \"https://evil.example.org/token\", \"clientSecret\": \"x\"}");
        assertThat(refused.statusCode()).isEqualTo(409);
        assertThat(json(refused).required("type").stringValue()).endsWith(":app-in-use");
        assertThat(stored(app).tokenUrl()).isEqualTo("https://login.example.org/token");
    }

    @Test
    void a_new_secret_replaces_the_old_one_and_null_removes_it() {
        String app = register(CUSTOM);
        String path = "/v1/oauth-apps/" + app;
        assertThat(client.patch(path, "{\"clientSecret\": \"s3cret-two\"}").statusCode())
                .isEqualTo(200);
        assertThat(apps.open(stored(app)).client().secret()).isEqualTo("s3cret-two");
        JsonNode keyed =
                json(
                        client.patch(
                                path,
                                "{\"privateKey\": \"%s\", \"keyId\": \"k1\"}"
                                        .formatted(TestKeys.RSA_PEM.replace("\n", "\\n"))));
        assertThat(keyed.required("proof").stringValue()).isEqualTo("private_key");
        assertThat(apps.open(stored(app)).client().key()).isNotNull();
        JsonNode bare = json(client.patch(path, "{\"privateKey\": null, \"keyId\": null}"));
        assertThat(bare.required("proof").stringValue()).isEqualTo("none");
        assertThat(stored(app).secret()).isNull();
    }

    @Test
    void an_app_that_accounts_name_is_not_removed() {
        String app = register(CUSTOM);
        HttpResponse<String> account = registerAccount(app, ", \"refreshToken\": \"s3cret-r\"");
        assertThat(account.statusCode()).as(account.body()).isEqualTo(201);
        assertThat(json(account).at("/mail/oauthApp").stringValue()).isEqualTo(app);
        assertThat(json(account).required("state").stringValue()).isEqualTo("connecting");

        HttpResponse<String> refused = client.delete("/v1/oauth-apps/" + app);
        assertThat(refused.statusCode()).isEqualTo(409);
        assertThat(json(refused).required("type").stringValue()).endsWith(":app-in-use");

        client.delete("/v1/accounts/" + TestApi.idOf(account));
        assertThat(client.delete("/v1/oauth-apps/" + app).statusCode()).isEqualTo(204);
    }

    @Test
    void a_removal_has_no_body_that_is_compressed_or_of_another_type() {
        String path = "/v1/oauth-apps/" + register(CUSTOM);
        for (String header : List.of("Content-Encoding", "Content-Type")) {
            HttpResponse<String> refused =
                    client.with(header, "gzip").exchange("DELETE", path, "{}");
            assertThat(refused.statusCode()).as(header).isEqualTo(415);
            Contract.requireAnswer(refused);
        }
        assertThat(client.delete(path).statusCode()).isEqualTo(204);
    }

    @Test
    void an_account_that_does_not_fit_its_app_is_refused() {
        String users = register(CUSTOM);
        String appOnly =
                register(
                        CUSTOM.replace(
                                        "\"authorizationUrl\": \"https://login.example.org/authorize\",",
                                        "")
                                .replace(
                                        "\"clientId\"",
                                        "\"grant\": \"client_credentials\", \"clientId\""));
        String withoutConsent =
                register(
                        CUSTOM.replace(
                                "\"authorizationUrl\": \"https://login.example.org/authorize\",",
                                ""));
        assertThat(faults(registerAccount(UUID.randomUUID().toString(), "")))
                .containsKey("mail.oauth2.app");
        assertThat(faults(registerAccount("x", ""))).containsKey("mail.oauth2.app");
        assertThat(faults(registerAccount(users, ", \"subject\": \"bob\"")))
                .containsKey("mail.oauth2.subject");
        assertThat(faults(registerAccount(appOnly, ", \"refreshToken\": \"r\"")))
                .containsKey("mail.oauth2.refreshToken");
        assertThat(faults(registerAccount(withoutConsent, "")))
                .containsKey("mail.oauth2.refreshToken");
        assertThat(faults(registerAccount(users, ", \"clientId\": \"c\"")))
                .containsKey("mail.oauth2.clientId");
        assertThat(faults(registerAccount(users, ", \"scope\": \"café\"")))
                .containsKey("mail.oauth2.scope");
        assertThat(registerAccount(appOnly, "").statusCode()).isEqualTo(201);
        // Of another client.
        assertThat(
                        faults(
                                API.otherClient()
                                        .post(
                                                "/v1/accounts",
                                                account("{\"app\": \"%s\"}".formatted(users)))))
                .containsKey("mail.oauth2.app");
    }

    @Test
    void tokens_of_an_app_go_to_no_other_mail_server() {
        String app = register(CUSTOM);
        HttpResponse<String> refused =
                client.post(
                        "/v1/accounts",
                        account("{\"app\": \"%s\", \"refreshToken\": \"r\"}".formatted(app))
                                .replace("imap.example.org", "imap.evil.example"));
        assertThat(refused.statusCode()).isEqualTo(422);
        assertThat(json(refused).required("type").stringValue()).endsWith(":mail-host-refused");

        String id = TestApi.idOf(registerAccount(app, ", \"refreshToken\": \"s3cret-r\""));
        assertThat(
                        client.patch(
                                        "/v1/accounts/" + id,
                                        "{\"mail\": {\"host\": \"imap.evil.example\","
                                                + " \"oauth2\": {\"refreshToken\": \"again\"}}}")
                                .statusCode())
                .isEqualTo(422);
    }

    @Test
    void a_patch_with_another_source_of_tokens_replaces_the_whole_grant() {
        String app = register(CUSTOM);
        String other = register(CUSTOM);
        String id = TestApi.idOf(registerAccount(app, ", \"refreshToken\": \"s3cret-r\""));
        String path = "/v1/accounts/" + id;

        client.patch(path, "{\"mail\": {\"oauth2\": {\"app\": \"%s\"}}}".formatted(other));
        assertThat(secret(id))
                .isEqualTo(new LoginSecret.App(UUID.fromString(other), null, null, null));

        String signing = "whsec_" + "QUJD".repeat(8);
        client.patch(
                path,
                "{\"mail\": {\"oauth2\": {\"tokenEndpoint\": \"https://tokens.example.org/t\", \"signingSecret\": \"%s\"}}}"
                        .formatted(signing));
        assertThat(secret(id))
                .isEqualTo(new LoginSecret.TokenEndpoint("https://tokens.example.org/t", signing));

        client.patch(
                path,
                "{\"mail\": {\"oauth2\": {\"provider\": \"google\", \"clientId\": \"c\", \"refreshToken\": \"r\"}}}");
        assertThat(secret(id)).isInstanceOf(LoginSecret.OAuth2.class);
    }

    private LoginSecret secret(String id) {
        return new LoginSecrets(API.keyring)
                .open(
                        new AccountStore(API.database.jdbi())
                                .find(UUID.fromString(id))
                                .orElseThrow());
    }

    @Test
    void a_token_endpoint_of_the_client_is_guarded_and_needs_a_good_secret() {
        String good =
                account(
                        "{\"tokenEndpoint\": \"https://tokens.example.org/t\", \"signingSecret\": \"whsec_%s\"}"
                                .formatted("QUJD".repeat(8)));
        assertThat(client.post("/v1/accounts", good).statusCode()).isEqualTo(201);
        assertThat(faults(client.post("/v1/accounts", good.replace("whsec_", ""))))
                .containsKey("mail.oauth2.signingSecret");
        assertThat(faults(client.post("/v1/accounts", good.replace("https:", "ftp:"))))
                .containsKey("mail.oauth2.tokenEndpoint");
        assertThat(
                        client.post(
                                        "/v1/accounts",
                                        good.replace("tokens.example.org", "x.internal.example"))
                                .statusCode())
                .isEqualTo(422);
    }

    @Test
    void a_client_has_a_thousand_apps_at_most() {
        HttpCaller other = API.otherClient();
        assertThat(other.post("/v1/oauth-apps", CUSTOM).statusCode()).isEqualTo(201);
        API.database
                .jdbi()
                .useHandle(handle ->
                        handle.execute(
                                """
                                insert into oauth_app (id, client_id, provider, grant_type, oauth_client_id, proof, mail_hosts, created_at, updated_at)
                                select gen_random_uuid(), client_id, provider, grant_type, 'c', 'none', mail_hosts, created_at, updated_at
                                from oauth_app, generate_series(2, ?) where id = (select id from oauth_app order by id desc limit 1)\
                                """,
                                OAuthApp.MAX_OF_CLIENT));
        HttpResponse<String> refused = other.post("/v1/oauth-apps", CUSTOM);
        assertThat(refused.statusCode()).isEqualTo(422);
        assertThat(json(refused).required("type").stringValue()).endsWith(":too-many-apps");
    }

    @Test
    void an_app_that_is_removed_while_an_account_is_registered_is_a_conflict() {
        String app = register(CUSTOM);
        // The API knows the app from this registration, and not that another node removes it.
        HttpResponse<String> first = registerAccount(app, ", \"refreshToken\": \"s3cret-r\"");
        client.delete("/v1/accounts/" + TestApi.idOf(first));
        API.database
                .jdbi()
                .useHandle(
                        handle -> handle.execute("delete from oauth_app where id = ?::uuid", app));
        HttpResponse<String> second = registerAccount(app, ", \"refreshToken\": \"s3cret-r\"");
        assertThat(second.statusCode()).isEqualTo(409);
        assertThat(json(second).required("type").stringValue()).endsWith(":changed-meanwhile");
    }

    @Test
    void the_secrets_of_an_erased_clients_apps_are_not_kept() {
        OAuthApp app = stored(register(CUSTOM));
        assertThat(apps.find(app.id(), query -> query)).isPresent();
        assertThat(apps.find(app.id(), query -> Optional::empty)).isPresent();
        apps.forgetClient(UUID.randomUUID());
        assertThat(apps.find(app.id(), query -> Optional::empty)).isPresent();
        apps.forgetClient(app.clientId());
        assertThat(apps.find(app.id(), query -> Optional::empty)).isEmpty();
    }
}
