package dev.mailbell.api.oauth;

import static dev.mailbell.api.HttpCaller.faults;
import static dev.mailbell.api.HttpCaller.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.AccountStateTable;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.Failure;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import dev.mailbell.client.ClientStore;
import dev.mailbell.database.Sql;
import dev.mailbell.mail.FailureCode;
import java.net.InetAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import no.nav.security.mock.oauth2.MockOAuth2Server;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Consent links, with browsers and an authorisation server over real HTTP. */
class ConsentTest {
    private static final TestApi API = new TestApi();
    private static final MockOAuth2Server PROVIDER = new MockOAuth2Server();

    /** A token endpoint that answers what a test wants. */
    private static final MockWebServer ODD = new MockWebServer();

    private HttpCaller client = API.client();
    private final Browser browser = new Browser();
    private final AccountStore accounts = new AccountStore(API.database.jdbi());

    @BeforeAll
    static void start() throws Exception {
        PROVIDER.start(InetAddress.getByName("127.0.0.1"), 0);
        ODD.start(InetAddress.getByName("127.0.0.1"), 0);
    }

    @AfterAll
    static void stop() {
        API.close();
        PROVIDER.shutdown();
        ODD.close();
    }

    @AfterEach
    void reset() {
        browser.close();
        API.clock.ahead = Duration.ZERO;
    }

    private String app() {
        return app(PROVIDER.tokenEndpointUrl("test").toString());
    }

    private static String oddEndpoint() {
        return "http://127.0.0.1:" + ODD.getPort() + "/token";
    }

    private String app(String tokenUrl) {
        return TestApi.idOf(
                client.post(
                        "/v1/oauth-apps",
                        """
                        {"provider": "custom", "clientId": "mailbell", "clientSecret": "s3cret-of-app", "scope": "openid mail offline_access",
                         "authorizationUrl": "%s", "tokenUrl": "%s", "mailHosts": ["imap.example.org"]}
                        """
                                .formatted(PROVIDER.authorizationEndpointUrl("test"), tokenUrl)));
    }

    private static String account(String app) {
        return """
        {"address": "ann@example.org",
         "mail": {"host": "imap.example.org", "oauth2": {"app": "%s"}}}
        """
                .formatted(app);
    }

    /** An account that waits for consent, and its link. */
    private record Waiting(UUID id, URI link) {}

    private Waiting waiting() {
        return waiting(app());
    }

    private Waiting waiting(String app) {
        HttpResponse<String> answer = client.post("/v1/consents", account(app));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
        return new Waiting(
                UUID.fromString(json(answer).at("/account/id").stringValue()),
                URI.create(json(answer).required("url").stringValue()));
    }

    private URI link(UUID account) {
        HttpResponse<String> answer = client.post("/v1/accounts/" + account + "/consent");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
        return URI.create(json(answer).required("url").stringValue());
    }

    private Account stored(UUID id) {
        return accounts.find(ClientStore.DEFAULT, id).orElseThrow();
    }

    private LoginSecret.App login(UUID id) {
        return (LoginSecret.App) new LoginSecrets(API.keyring).open(stored(id));
    }

    private static void assertPage(HttpResponse<String> answer, int status, String says) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        assertThat(answer.headers().firstValue("Content-Type")).contains("text/html;charset=utf-8");
        assertThat(answer.headers().firstValue("Content-Security-Policy").orElse(""))
                .startsWith("default-src 'none'; style-src 'sha256-");
        assertThat(answer.body()).contains(says).doesNotContain("s3cret");
    }

    /** Up to the callback's URL with the code. */
    private URI consented(URI link) {
        return browser.redirected(browser.redirected(link));
    }

    @Test
    void the_owner_of_a_mailbox_connects_it_by_a_link() throws Exception {
        Waiting waiting = waiting();
        JsonNode before = json(client.get("/v1/accounts/" + waiting.id()));
        assertThat(before.required("state").stringValue()).isEqualTo("parked");
        assertThat(before.at("/failure/code").stringValue()).isEqualTo("token_refused");

        URI authorization = browser.redirected(waiting.link());
        assertThat(authorization.toString())
                .startsWith(PROVIDER.authorizationEndpointUrl("test").toString());
        assertThat(authorization.getQuery())
                .contains("code_challenge_method=S256", "login_hint=ann@example.org")
                .contains("redirect_uri=http://127.0.0.1:" + API.port() + "/oauth/callback");

        assertPage(browser.open(browser.redirected(authorization)), 200, "ann@example.org");

        assertThat(login(waiting.id()).refreshToken()).isNotEmpty();
        assertThat(stored(waiting.id()).state()).isEqualTo(AccountState.CONNECTING);
        assertThat(Objects.requireNonNull(API.watch.watched.get(waiting.id())).state())
                .isEqualTo(AccountState.CONNECTING);
    }

    @Test
    void a_link_works_once() {
        Waiting waiting = waiting();
        URI callback = consented(waiting.link());
        assertPage(browser.open(callback), 200, "connected");
        assertPage(browser.open(waiting.link()), 410, "used already");
        // The cookie is gone, so that a reload sends no code again.
        assertPage(browser.open(callback), 403, "same browser");
    }

    @Test
    void another_browser_cannot_end_what_this_one_began() {
        Waiting waiting = waiting();
        URI callback = consented(waiting.link());
        try (Browser other = new Browser()) {
            assertPage(other.open(callback), 403, "same browser");
            // Not with a cookie of its own either.
            other.open(waiting.link());
            assertPage(other.open(callback), 403, "same browser");
        }
        assertThat(login(waiting.id()).refreshToken()).isNull();
        assertPage(browser.open(callback), 200, "connected");
    }

    @Test
    void a_link_ends_after_15_minutes_at_both_ends() {
        Waiting waiting = waiting();
        URI callback = consented(waiting.link());
        API.clock.ahead = Duration.ofMinutes(15).plusSeconds(1);
        assertPage(browser.open(waiting.link()), 410, "expired");
        assertPage(browser.open(callback), 410, "expired");
        assertThat(login(waiting.id()).refreshToken()).isNull();
    }

    @Test
    void a_newer_link_replaces_the_older() {
        Waiting waiting = waiting();
        URI callback = consented(waiting.link());
        URI newer = link(waiting.id());
        assertPage(browser.open(waiting.link()), 404, "not valid");
        assertPage(browser.open(callback), 404, "not valid");
        assertPage(browser.open(consented(newer)), 200, "connected");
    }

    @Test
    void an_owner_who_refuses_may_think_again() {
        Waiting waiting = waiting();
        String state =
                browser.redirected(waiting.link()).getQuery().replaceAll(".*state=([^&]*).*", "$1");
        URI denied = callback("error=access_denied&error_description=%3Cscript%3E&state=" + state);
        assertPage(browser.open(denied), 403, "not granted");
        assertThat(login(waiting.id()).refreshToken()).isNull();
        assertPage(
                browser.open(callback("error=server_error&state=" + state)), 422, "server_error");
        assertPage(browser.open(callback("error=%3Cscript%3E&state=" + state)), 422, "unknown");
        assertPage(browser.open(callback("state=" + state)), 400, "no code");
        assertPage(browser.open(consented(waiting.link())), 200, "connected");
    }

    private static URI callback(String query) {
        return URI.create("http://127.0.0.1:" + API.port() + "/oauth/callback?" + query);
    }

    @Test
    void a_refused_code_is_reported_and_the_link_works_again() {
        Waiting waiting = waiting(app(oddEndpoint()));
        ODD.enqueue(
                new MockResponse.Builder()
                        .code(400)
                        .addHeader("Content-Type", "application/json")
                        .body(
                                "{\"error\":\"invalid_grant\",\"error_description\":\"<script>bad</script>\"}")
                        .build());
        HttpResponse<String> refused = browser.open(consented(waiting.link()));
        assertPage(refused, 422, "&lt;script&gt;bad");
        assertThat(refused.body()).doesNotContain("<script>");
        assertThat(login(waiting.id()).refreshToken()).isNull();

        tokens("\"refresh_token\":\"r1\"");
        assertPage(browser.open(consented(waiting.link())), 200, "connected");
        assertThat(login(waiting.id()).refreshToken()).isEqualTo("r1");
    }

    private static void tokens(String more) {
        ODD.enqueue(tokensWith(more));
    }

    private static MockResponse tokensWith(String more) {
        return new MockResponse.Builder()
                .addHeader("Content-Type", "application/json")
                .body(
                        "{\"access_token\":\"a1\",\"token_type\":\"Bearer\""
                                + (more.isEmpty() ? "" : "," + more)
                                + "}")
                .build();
    }

    @Test
    void a_provider_that_gives_no_refresh_token_connects_nothing() {
        Waiting waiting = waiting(app(oddEndpoint()));
        tokens("");
        assertPage(browser.open(consented(waiting.link())), 422, "no lasting access");
        assertThat(stored(waiting.id()).state()).isEqualTo(AccountState.PARKED);
    }

    @Test
    void an_answer_that_names_another_provider_is_not_traded() {
        Waiting waiting = waiting();
        URI callback = consented(waiting.link());
        String issuer = URLEncoder.encode("https://evil.example.org", StandardCharsets.UTF_8);
        assertPage(browser.open(URI.create(callback + "&iss=" + issuer)), 400, "another provider");
        assertPage(
                browser.open(URI.create(callback + "&iss=http%3A%2F%2Flocalhost%2Ftest")),
                200,
                "connected");
    }

    @Test
    void an_account_that_was_removed_meanwhile_ends_the_consent() {
        Waiting waiting = waiting();
        URI callback = consented(waiting.link());
        client.delete("/v1/accounts/" + waiting.id());
        assertPage(browser.open(callback), 404, "removed");
        assertPage(browser.open(waiting.link()), 404, "removed");
    }

    @Test
    void an_account_that_is_removed_during_the_exchange_ends_the_consent() throws Exception {
        Waiting waiting = waiting(app(oddEndpoint()));
        URI callback = consented(waiting.link());
        while_the_code_is_exchanged(
                callback,
                () -> client.delete("/v1/accounts/" + waiting.id()),
                410,
                "removed or its settings were changed");
    }

    @Test
    void an_account_with_another_login_by_now_keeps_it() throws Exception {
        Waiting waiting = waiting(app(oddEndpoint()));
        URI callback = consented(waiting.link());
        while_the_code_is_exchanged(
                callback,
                () ->
                        client.patch(
                                "/v1/accounts/" + waiting.id(),
                                "{\"mail\": {\"password\": \"s3cret-word\"}}"),
                410,
                "settings were changed");
        assertThat(new LoginSecrets(API.keyring).open(stored(waiting.id())))
                .isEqualTo(new LoginSecret.Password("s3cret-word"));
        assertPage(browser.open(waiting.link()), 410, "not valid any more");
    }

    @Test
    void two_requests_with_one_code_exchange_it_once() throws Exception {
        Waiting waiting = waiting(app(oddEndpoint()));
        URI callback = consented(waiting.link());
        while_the_code_is_exchanged(
                callback,
                () -> assertPage(browser.open(callback), 409, "under way"),
                200,
                "connected");
    }

    /** Runs an action between the request to the token endpoint and its answer. */
    private void while_the_code_is_exchanged(URI callback, Runnable action, int status, String says)
            throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch answered = new CountDownLatch(1);
        Dispatcher before = ODD.getDispatcher();
        ODD.setDispatcher(
                new Dispatcher() {
                    @Override
                    public MockResponse dispatch(RecordedRequest request)
                            throws InterruptedException {
                        asked.countDown();
                        assertThat(answered.await(180, TimeUnit.SECONDS)).isTrue();
                        return tokensWith("\"refresh_token\":\"r1\"");
                    }
                });
        try {
            CompletableFuture<HttpResponse<String>> page =
                    CompletableFuture.supplyAsync(() -> browser.open(callback));
            assertThat(asked.await(180, TimeUnit.SECONDS)).isTrue();
            action.run();
            answered.countDown();
            assertPage(page.get(180, TimeUnit.SECONDS), status, says);
        } finally {
            answered.countDown();
            ODD.setDispatcher(before);
        }
    }

    @Test
    void a_consent_survives_a_restart_of_the_daemon() {
        Waiting waiting = waiting();
        URI callback = consented(waiting.link());
        API.restart();
        assertPage(browser.open(callback), 200, "connected");
    }

    @Test
    void an_account_whose_grant_died_is_connected_anew() {
        Waiting waiting = waiting();
        assertPage(browser.open(consented(waiting.link())), 200, "connected");
        String dead = login(waiting.id()).refreshToken();
        API.database
                .jdbi()
                .useHandle(handle ->
                        AccountStateTable.setState(
                                handle,
                                waiting.id(),
                                AccountState.PARKED,
                                Instant.now(),
                                new Failure(FailureCode.TOKEN_REFUSED, "revoked", Instant.now(), 1),
                                false,
                                Sql.of("true")));

        assertPage(browser.open(consented(link(waiting.id()))), 200, "connected");

        assertThat(login(waiting.id()).refreshToken()).isNotEqualTo(dead);
        assertThat(stored(waiting.id()).state()).isEqualTo(AccountState.CONNECTING);
        assertThat(stored(waiting.id()).failure()).isNull();
    }

    @Test
    void a_paused_account_takes_the_grant_and_stays_paused() {
        Waiting waiting = waiting();
        client.post("/v1/accounts/" + waiting.id() + "/pause");
        assertPage(browser.open(consented(waiting.link())), 200, "connected");
        assertThat(stored(waiting.id()).state()).isEqualTo(AccountState.PAUSED);
        assertThat(login(waiting.id()).refreshToken()).isNotEmpty();
        assertThat(API.watch.watched).doesNotContainKey(waiting.id());
    }

    @Test
    void made_up_links_and_states_lead_to_a_page() {
        URI base = URI.create("http://127.0.0.1:" + API.port());
        for (String token : new String[] {"x", "a".repeat(43), "%3Cscript%3E", "a".repeat(3_000)}) {
            assertPage(browser.open(base.resolve("/oauth/start/" + token)), 404, "not valid");
        }
        assertPage(browser.open(callback("")), 403, "same browser");
        assertPage(
                browser.open(callback("code=x&state=" + "a".repeat(16) + "." + "b".repeat(43))),
                403,
                "same browser");
        assertPage(browser.open(callback("state=x&state=y&code=z")), 403, "same browser");
    }

    @Test
    void the_database_has_neither_token_nor_state_nor_verifier() {
        Waiting waiting = waiting();
        String query = browser.redirected(waiting.link()).getQuery();
        String state = query.replaceAll(".*state=([^&]*).*", "$1");
        String token = waiting.link().getPath().replaceAll(".*/", "");
        String row =
                API.database
                        .jdbi()
                        .withHandle(handle ->
                                handle.createQuery(
                                                "select c::text from oauth_consent c where account_id = :id")
                                        .bind("id", waiting.id())
                                        .mapTo(String.class)
                                        .one());
        assertThat(row).doesNotContain(token).doesNotContain(state);
    }

    @Test
    void accounts_without_an_app_that_allows_consent_have_no_link() {
        String password = TestApi.idOf(client.post("/v1/accounts", TestApi.imap("no-consent")));
        HttpResponse<String> refused = client.post("/v1/accounts/" + password + "/consent");
        assertThat(refused.statusCode()).isEqualTo(409);
        assertThat(json(refused).required("type").stringValue()).endsWith(":no-consent");

        Waiting waiting = waiting();
        assertThat(API.otherClient().post("/v1/accounts/" + waiting.id() + "/consent").statusCode())
                .isEqualTo(404);
        assertThat(client.post("/v1/consents", TestApi.imap("no-app")).statusCode()).isEqualTo(409);
        assertThat(
                        faults(
                                client.post(
                                        "/v1/consents",
                                        account(app())
                                                .replace(
                                                        "\"app\"",
                                                        "\"refreshToken\": \"r\", \"app\""))))
                .containsKey("mail.oauth2.refreshToken");
    }

    @Test
    void a_repeated_registration_answers_the_same_link() {
        HttpCaller once = client.with("Idempotency-Key", "consent-once");
        String body = account(app());
        String first = once.post("/v1/consents", body).body();
        assertThat(once.post("/v1/consents", body).body()).isEqualTo(first);
    }

    /** The client with whose apps and accounts the test goes on. */
    private String anotherClient() {
        String id = API.newClient();
        client = API.client().with("Mailbell-Client", id);
        return id;
    }

    /** Its rows are not deleted yet: the time is in the future. */
    private static void beginErasure(String id) {
        API.database
                .jdbi()
                .useHandle(handle ->
                        handle.execute(
                                "update client set erasing_since = now() + interval '1 day' where id = ?::uuid",
                                id));
    }

    private void assertNoGrant(Waiting waiting) {
        LoginSecret login =
                new LoginSecrets(API.keyring).open(accounts.find(waiting.id()).orElseThrow());
        assertThat(((LoginSecret.App) login).refreshToken()).isNull();
    }

    @Test
    void the_links_of_an_erased_client_are_not_valid() {
        String id = anotherClient();
        Waiting waiting = waiting();
        URI callback = consented(waiting.link());
        beginErasure(id);
        assertPage(browser.open(waiting.link()), 404, "not valid");
        assertPage(browser.open(callback), 404, "not valid");
        assertNoGrant(waiting);
    }

    @Test
    void a_client_that_is_erased_during_the_exchange_ends_the_consent() throws Exception {
        String id = anotherClient();
        Waiting waiting = waiting(app(oddEndpoint()));
        URI callback = consented(waiting.link());
        while_the_code_is_exchanged(
                callback, () -> beginErasure(id), 410, "removed or its settings were changed");
        assertNoGrant(waiting);
    }
}
