package dev.mailbell.ui;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import dev.mailbell.client.KeyText;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Signing in and out, what ends a session, and what forms and scopes refuse. */
class SessionsTest {
    private static final TestUi UI = new TestUi();
    private static final String SESSION = "mailbell-session";
    private static final Duration PATIENCE = Duration.ofSeconds(120);

    @AfterAll
    static void close() {
        UI.close();
    }

    @AfterEach
    void usual() {
        UI.api.clock.ahead = Duration.ZERO;
        UI.api.rules.requestsPerSecond = 10_000;
    }

    private static Visitor visitor() {
        return new Visitor(UI.api.port());
    }

    private static Visitor signedIn(String key) {
        Visitor visitor = visitor();
        assertThat(visitor.signIn(key).statusCode()).isEqualTo(303);
        return visitor;
    }

    private static String location(HttpResponse<String> response) {
        return response.headers().firstValue("Location").orElse("");
    }

    @Test
    void the_cookie_is_for_this_server_alone_and_has_no_key() {
        String key = UI.newKey("read");
        HttpResponse<String> answer = visitor().signIn(key);
        assertThat(location(answer)).isEqualTo("/ui/overview");
        String cookie =
                answer.headers().allValues("Set-Cookie").stream()
                        .filter(it -> it.startsWith(SESSION + "="))
                        .findFirst()
                        .orElseThrow();
        assertThat(cookie)
                .contains("; Path=/; ", "; Max-Age=43200; ", "; HttpOnly; SameSite=Strict")
                .doesNotContain("Secure");
        String value = cookie.substring(SESSION.length() + 1, cookie.indexOf(';'));
        String plain =
                new String(Base64.getUrlDecoder().decode(value), StandardCharsets.ISO_8859_1);
        String hash = new String(KeyText.sha256(key), StandardCharsets.ISO_8859_1);
        assertThat(plain).doesNotContain(key).doesNotContain(hash);
        assertThat(value).doesNotContain(HexFormat.of().formatHex(KeyText.sha256(key)));
    }

    @Test
    void behind_tls_the_cookie_is_bound_to_tls_and_to_the_host() {
        Visitor visitor = visitor().with("X-Forwarded-Proto", "https");
        HttpResponse<String> answer = visitor.signIn(TestApi.KEY);
        assertThat(answer.headers().allValues("Set-Cookie"))
                .anyMatch(
                        it -> it.startsWith("__Host-" + SESSION + "=") && it.endsWith("; Secure"));
        assertThat(visitor.get("/ui/overview").statusCode()).isEqualTo(200);
        assertThat(visitor.without("X-Forwarded-Proto").get("/ui/overview").statusCode())
                .isEqualTo(303);
    }

    @Test
    void a_key_that_is_not_valid_is_refused_without_saying_why() {
        String client = UI.api.newClient();
        String revoked = UI.keyOf(client, "read");
        revoke(client);
        for (String key : List.of("nonsense", "mbk_" + "A".repeat(38), revoked)) {
            Visitor visitor = visitor();
            HttpResponse<String> answer = visitor.signIn(key);
            assertThat(answer.statusCode()).isEqualTo(422);
            assertThat(answer.body())
                    .contains("This key is not valid: it is mistyped, has expired or was revoked.")
                    .doesNotContain(key);
            assertThat(visitor.cookies).doesNotContainKey(SESSION);
        }
    }

    private static void revoke(String client) {
        for (var key :
                HttpCaller.json(UI.api.client().get("/v1/clients/" + client + "/keys"))
                        .required("items")) {
            assertThat(
                            UI.api
                                    .client()
                                    .delete(
                                            "/v1/clients/"
                                                    + client
                                                    + "/keys/"
                                                    + key.required("id").stringValue())
                                    .statusCode())
                    .isEqualTo(204);
        }
    }

    @Test
    void a_session_ends_when_its_key_is_revoked() {
        String client = UI.api.newClient();
        Visitor visitor = signedIn(UI.keyOf(client, "read"));
        assertThat(visitor.get("/ui/overview").statusCode()).isEqualTo(200);
        revoke(client);
        await().atMost(PATIENCE).until(() -> visitor.get("/ui/overview").statusCode() == 303);
        assertThat(visitor.cookies).doesNotContainKey(SESSION);
    }

    @Test
    void a_session_ends_with_the_time_of_its_key_and_after_twelve_hours() {
        String client = UI.api.newClient();
        String expiring =
                HttpCaller.json(
                                UI.api
                                        .client()
                                        .post(
                                                "/v1/clients/" + client + "/keys",
                                                """
                                                {"name": "short", "scopes": ["read"], "expiresAt": "%s"}\
                                                """
                                                        .formatted(
                                                                UI.api
                                                                        .clock
                                                                        .instant()
                                                                        .plusSeconds(3_600))))
                        .required("key")
                        .stringValue();
        Visitor withShort = signedIn(expiring);
        Visitor operator = signedIn(TestApi.KEY);
        UI.api.clock.ahead = Duration.ofMinutes(61);
        HttpResponse<String> ended = withShort.get("/ui/overview");
        assertThat(ended.statusCode()).isEqualTo(303);
        assertThat(location(ended)).isEqualTo("/ui/sign-in?to=%2Fui%2Foverview&ended=yes");
        assertThat(withShort.get(location(ended)).body()).contains("Your session has ended");
        assertThat(operator.get("/ui/overview").statusCode()).isEqualTo(200);
        UI.api.clock.ahead = Duration.ofHours(12).plusSeconds(5);
        assertThat(operator.get("/ui/overview").statusCode()).isEqualTo(303);
    }

    @Test
    void a_session_works_at_every_node_and_its_sign_out_too() {
        try (TestApi other = new TestApi(UI.api)) {
            Visitor visitor = signedIn(UI.newKey("read"));
            Visitor stolen = visitor();
            stolen.cookies.putAll(visitor.cookies);
            assertThat(visitor.at(other.port()).get("/ui/overview").statusCode()).isEqualTo(200);
            String token = visitor.token("/ui/overview");
            assertThat(visitor.post("/ui/sign-out", "csrf", token).statusCode()).isEqualTo(303);
            assertThat(visitor.cookies).doesNotContainKey(SESSION);
            assertThat(stolen.at(other.port()).get("/ui/overview").statusCode()).isEqualTo(303);
            Visitor later = visitor();
            await().atMost(PATIENCE)
                    .until(() -> {
                        later.cookies.putAll(stolen.cookies);
                        return later.get("/ui/overview").statusCode() == 303;
                    });
        }
    }

    @Test
    void a_form_without_the_token_of_its_session_changes_nothing() {
        Visitor visitor = signedIn(TestApi.KEY);
        String ofAnother = signedIn(TestApi.KEY).token("/ui/overview");
        assertThat(visitor.post("/ui/sign-out").statusCode()).isEqualTo(403);
        assertThat(visitor.post("/ui/sign-out", "csrf", ofAnother).statusCode()).isEqualTo(403);
        String own = visitor.token("/ui/overview");
        HttpResponse<String> fromElsewhere =
                visitor.with("Sec-Fetch-Site", "cross-site").post("/ui/sign-out", "csrf", own);
        assertThat(fromElsewhere.statusCode()).isEqualTo(403);
        assertThat(fromElsewhere.body()).contains("This form is of another site");
        assertThat(visitor.with("Sec-Fetch-Site", "same-origin").get("/ui/overview").statusCode())
                .isEqualTo(200);
    }

    @Test
    void nobody_signs_in_by_a_form_that_is_not_of_his_browser() {
        Visitor visitor = visitor();
        String ofAnother = visitor().token("/ui/sign-in");
        visitor.token("/ui/sign-in");
        assertThat(visitor.post("/ui/sign-in", "csrf", ofAnother, "key", TestApi.KEY).statusCode())
                .isEqualTo(422);
        assertThat(visitor.cookies).doesNotContainKey(SESSION);
    }

    @Test
    void failed_tries_of_an_address_are_limited() {
        UI.api.rules.requestsPerSecond = 0.001;
        Visitor visitor = visitor();
        String token = visitor.token("/ui/sign-in");
        HttpResponse<String> last = null;
        for (int i = 0; i < 3; i++) {
            last = visitor.post("/ui/sign-in", "csrf", token, "key", "nonsense");
        }
        assertThat(Objects.requireNonNull(last).statusCode()).isEqualTo(429);
        assertThat(last.headers().firstValue("Retry-After")).isPresent();
        assertThat(last.body()).contains("There were too many tries from your address");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "//evil.example",
                "https://evil.example",
                "/ui//evil.example",
                "/\\evil.example",
                "/v1/accounts",
                "/ui/\r\nX: y",
                "javascript:alert(1)"
            })
    void after_the_sign_in_nobody_is_sent_elsewhere(String to) {
        Visitor visitor = visitor();
        HttpResponse<String> answer =
                visitor.post(
                        "/ui/sign-in",
                        "csrf",
                        visitor.token("/ui/sign-in"),
                        "key",
                        TestApi.KEY,
                        "to",
                        to);
        assertThat(location(answer)).isEqualTo("/ui/overview");
    }

    @Test
    void the_page_that_was_wanted_comes_after_the_sign_in() {
        Visitor visitor = visitor();
        String signIn = location(visitor.get("/ui/hosts?name=x%26y"));
        HttpResponse<String> form = visitor.get(signIn);
        assertThat(form.body()).contains("value=\"/ui/hosts?name=x%26y\"");
        HttpResponse<String> answer =
                visitor.post(
                        "/ui/sign-in",
                        "csrf",
                        visitor.token(signIn),
                        "key",
                        TestApi.KEY,
                        "to",
                        "/ui/hosts?name=x%26y");
        assertThat(location(answer)).isEqualTo("/ui/hosts?name=x%26y");
    }

    @Test
    void a_part_that_refreshes_itself_leads_to_the_sign_in_when_the_session_is_over() {
        HttpResponse<String> answer = visitor().with("HX-Request", "true").get("/ui/overview");
        assertThat(answer.statusCode()).isEqualTo(401);
        assertThat(answer.headers().firstValue("HX-Redirect"))
                .hasValue("/ui/sign-in?to=%2Fui%2Foverview");
    }

    @Test
    void what_a_key_may_not_see_is_not_there_and_refused() {
        Visitor visitor = signedIn(UI.newKey("accounts:read"));
        String page = visitor.get("/ui/overview").body();
        assertThat(page).doesNotContain("/ui/hosts\"", "/ui/nodes\"", "/ui/configuration\"");
        for (String path : List.of("/ui/hosts", "/ui/nodes", "/ui/configuration")) {
            HttpResponse<String> refused = visitor.get(path);
            assertThat(refused.statusCode()).as(path).isEqualTo(403);
            assertThat(refused.body()).contains("The key lacks the scope admin.");
        }
        String token = visitor.token("/ui/overview");
        assertThat(visitor.post("/ui/configuration/reload", "csrf", token).statusCode())
                .isEqualTo(403);
    }

    @Test
    void every_page_has_the_headers_and_says_what_is_wrong_in_html() {
        Visitor visitor = signedIn(TestApi.KEY);
        for (HttpResponse<String> answer :
                List.of(
                        visitor().get("/ui/sign-in"),
                        visitor.get("/ui/overview"),
                        visitor.get("/ui/no-such-page"))) {
            assertThat(answer.headers().firstValue("Content-Type"))
                    .hasValue("text/html;charset=utf-8");
            assertThat(answer.headers().firstValue("Content-Security-Policy").orElse(""))
                    .contains(
                            "default-src 'none'; script-src 'self'; style-src 'self'",
                            "form-action 'self'",
                            "frame-ancestors 'none'")
                    .doesNotContain("unsafe");
            assertThat(answer.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
            assertThat(answer.headers().firstValue("X-Frame-Options")).hasValue("DENY");
            assertThat(answer.headers().firstValue("Referrer-Policy")).hasValue("no-referrer");
            assertThat(answer.headers().firstValue("Cache-Control")).hasValue("no-store");
            assertThat(answer.headers().firstValue("Cross-Origin-Opener-Policy"))
                    .hasValue("same-origin");
            assertThat(answer.body()).doesNotContain(" style=\"", "<style", " onclick");
        }
        HttpResponse<String> unknown = visitor.get("/ui/no-such-page");
        assertThat(unknown.statusCode()).isEqualTo(404);
        assertThat(unknown.body()).contains("There is no such page");
        assertThat(visitor().get("/ui/no-such-page").statusCode()).isEqualTo(303);
    }

    @Test
    void files_are_kept_by_browsers_under_the_hash_of_their_content() {
        String page = visitor().get("/ui/sign-in").body();
        for (String name : List.of("style", "page", "htmx", "icon")) {
            Matcher path =
                    Pattern.compile("\"(/ui/assets/" + name + "\\.[0-9a-f]{12}\\.\\w+)\"")
                            .matcher(page);
            assertThat(path.find()).as(name).isTrue();
            HttpResponse<String> file = visitor().get(path.group(1));
            assertThat(file.statusCode()).isEqualTo(200);
            assertThat(file.headers().firstValue("Cache-Control"))
                    .hasValue("public, max-age=31536000, immutable");
        }
        assertThat(visitor().get("/ui/assets/style.css").statusCode()).isEqualTo(404);
    }

    @Test
    void the_audit_log_has_who_signed_in_and_what_was_done() {
        Visitor visitor = signedIn(TestApi.KEY);
        String token = visitor.token("/ui/configuration");
        assertThat(visitor.post("/ui/configuration/reload", "csrf", token).statusCode())
                .isEqualTo(303);
        HttpResponse<String> page = visitor.get("/ui/configuration");
        assertThat(page.body()).contains("The configuration was read again");
        assertThat(visitor.get("/ui/configuration").body())
                .doesNotContain("The configuration was read again");
        String audit = UI.api.client().get("/v1/audit?limit=10").body();
        assertThat(audit)
                .contains("\"POST /ui/sign-in\"", "\"POST /ui/configuration/reload\"")
                .doesNotContain(TestApi.KEY);
    }

    @Test
    void a_key_does_not_open_a_page_and_a_session_does_not_open_the_api() {
        assertThat(
                        visitor()
                                .with("Authorization", "Bearer " + TestApi.KEY)
                                .get("/ui/overview")
                                .statusCode())
                .isEqualTo(303);
        assertThat(signedIn(TestApi.KEY).get("/v1/accounts").statusCode()).isEqualTo(401);
    }

    @Test
    void requests_with_an_ended_session_are_limited_by_their_address() {
        String client = UI.api.newClient();
        Visitor visitor = signedIn(UI.keyOf(client, "read"));
        Visitor again = visitor();
        revoke(client);
        Map<String, String> kept = Map.copyOf(visitor.cookies);
        await().atMost(PATIENCE).until(() -> visitor.get("/ui/overview").statusCode() == 303);
        UI.api.rules.requestsPerSecond = 0.001;
        int last = 0;
        for (int i = 0; i < 3; i++) {
            again.cookies.putAll(kept);
            last = again.get("/ui/overview").statusCode();
        }
        assertThat(last).isEqualTo(429);
    }

    @Test
    void a_cookie_that_no_node_has_made_is_none() {
        Visitor visitor = signedIn(TestApi.KEY);
        String sealed = Objects.requireNonNull(visitor.cookies.get(SESSION));
        // It is random, and may end with AA itself.
        String changed =
                sealed.substring(0, sealed.length() - 2) + (sealed.endsWith("AA") ? "BA" : "AA");
        for (String value : List.of("x", changed, "A".repeat(2_000))) {
            visitor.cookies.put(SESSION, value);
            assertThat(visitor.get("/ui/overview").statusCode()).isEqualTo(303);
            assertThat(visitor.cookies).doesNotContainKey(SESSION);
        }
    }
}
