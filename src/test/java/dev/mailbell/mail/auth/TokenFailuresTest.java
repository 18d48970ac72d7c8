package dev.mailbell.mail.auth;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.oauth2.sdk.ParseException;
import com.nimbusds.oauth2.sdk.util.JSONObjectUtils;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.auth.grant.OAuthGrant;
import dev.mailbell.mail.auth.grant.Provider;
import dev.mailbell.network.http.GuardedHttp.Answer;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenFailuresTest {
    private static final String REFRESH_TOKEN = "1//0gRefresh-t0ken_Of+Ann/Example";
    private static final String CLIENT_SECRET = "GOCSPX-s3cret word";
    private static final OAuthGrant GRANT =
            new OAuthGrant(
                    Protocol.IMAP,
                    Provider.CUSTOM,
                    "client-42.apps.example.com",
                    CLIENT_SECRET,
                    REFRESH_TOKEN,
                    "https://login.example.org/token",
                    null);

    private final TokenFailures failures =
            new TokenFailures(() -> Instant.parse("2026-11-20T12:00:00Z"));

    private MailFailure failure(int status, @Nullable String body) {
        return failure(status, body, Map.of());
    }

    private MailFailure failure(int status, @Nullable String body, Map<String, String> headers) {
        TokenError error = null;
        if (body != null) {
            try {
                error = TokenError.of(JSONObjectUtils.parse(body)).orElse(null);
            } catch (ParseException e) {
                throw new AssertionError(body, e);
            }
        }
        return failures.refused(GRANT, new Answer(status, headers, new byte[0], false), error);
    }

    private static String json(String error, String description) {
        return "{\"error\":\"%s\",\"error_description\":\"%s\"}".formatted(error, description);
    }

    @ParameterizedTest
    @CsvSource({
        "401, deleted_client, no longer knows or allows the application",
        "401, disabled_client, no longer knows or allows the application",
        "403, restricted_client, no longer knows or allows the application",
        "400, admin_policy_enforced, an administrator",
        "400, policy_enforced, an administrator",
        "403, org_internal, an administrator",
        "403, access_denied, access was denied",
        "401, invalid_client, mail.oauth2.clientId",
        "401, unauthorized_client, mail.oauth2.clientId",
        "400, invalid_grant, mail.oauth2.refreshToken",
        "400, invalidGrant, mail.oauth2.refreshToken",
        "401, Invalid_Token, mail.oauth2.refreshToken",
        "400, consent_required, sign in again",
        "400, invalid_scope, mail.oauth2.scope",
        "400, unsupported_grant_type, mail.oauth2.tokenUrl",
        "400, never_heard_of_it, refuses the login",
        "403, account_disabled_by_owner, refuses the login",
        "418, x, refuses the login",
        "200, deleted_client, no longer knows or allows the application",
    })
    void what_only_an_owner_can_mend_is_refused_in_the_endpoints_words(
            int status, String error, String says) {
        MailFailure failure = failure(status, json(error, "The OAuth client was deleted."));
        assertThat(failure.code()).isEqualTo(FailureCode.TOKEN_REFUSED);
        assertThat(failure.code().needsOwner()).isTrue();
        assertThat(failure)
                .hasMessageContaining("login.example.org")
                .hasMessageContaining("(" + error + ")")
                .hasMessageContaining("\"The OAuth client was deleted.\"")
                .hasMessageContaining(says)
                .hasMessageNotContaining("redirects");
    }

    @ParameterizedTest
    @CsvSource({
        "400, temporarily_unavailable, SERVER_ERROR",
        "400, server_error, SERVER_ERROR",
        "403, internal_failure, SERVER_ERROR",
        "400, system_busy, SERVER_ERROR",
        "403, BackendTimeout, SERVER_ERROR",
        "400, slow_down, RATE_LIMITED",
        "403, RateLimitExceeded, RATE_LIMITED",
        "403, rate_limit_exceeded, RATE_LIMITED",
        "429, deleted_client, RATE_LIMITED",
        "500, deleted_client, SERVER_ERROR",
        "503, invalid_grant, SERVER_ERROR",
    })
    void what_may_pass_is_tried_again_when_the_endpoint_says(
            int status, String error, FailureCode code) {
        MailFailure failure = failure(status, json(error, "later"), Map.of("retry-after", "120"));
        assertThat(failure.code()).isEqualTo(code);
        assertThat(failure.retryAfter()).contains(Duration.ofMinutes(2));
        assertThat(failure).hasMessageNotContaining("redirects");
    }

    /** Zoho, Exact Online and Microsoft say so in the description alone. */
    @ParameterizedTest
    @CsvSource({
        "400, Access Denied, You have made too many requests continuously. Please try again after"
                + " some time., RATE_LIMITED",
        "400, access_denied, Rate limit exceeded: access_token not expired, RATE_LIMITED",
        "400, invalid_request, The service is temporarily unavailable. Try again later.,"
                + " SERVER_ERROR",
        "400, unknown_error, Internal server error, SERVER_ERROR",
        "400, invalid_grant, AADSTS90090: GraphRetryableError., SERVER_ERROR",
        "400, invalid_request, AADSTS90025: Request processing has exceeded gateway allowance.,"
                + " SERVER_ERROR",
        "400, invalid_grant, Sign in again later., TOKEN_REFUSED",
        "400, access_denied, The owner denied access., TOKEN_REFUSED",
    })
    void what_may_pass_is_known_by_its_description_too(
            int status, String error, String description, FailureCode code) {
        assertThat(failure(status, json(error, description)).code()).isEqualTo(code);
    }

    /** Okta, Facebook, Yahoo and interfaces of Google that name no status. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    401 | {"errorCode":"invalid_client","errorSummary":"It is gone."} | clientSecret
                    400 | {"error":{"type":"OAuthException","code":190,"message":"It is gone."}} | OAuthException
                    400 | {"error":{"localizedMessage":"It is gone.","errorId":"x"}} | refuses the login
                    403 | {"error":{"code":403,"message":"It is gone.","errors":[]}} | refuses the login
                    400 | {"error":"invalid_code","message":"It is gone."} | mail.oauth2.refreshToken
                    """)
    void errors_in_other_formats_are_refused_in_the_endpoints_words(
            int status, String body, String says) {
        MailFailure failure = failure(status, body);

        assertThat(failure.code()).isEqualTo(FailureCode.TOKEN_REFUSED);
        assertThat(failure).hasMessageContaining("It is gone.").hasMessageContaining(says);
    }

    @ParameterizedTest
    @CsvSource({
        "301, true, true",
        "302, true, true",
        "308, true, true",
        "300, false, false",
        "404, false, true",
        "405, false, true",
        "400, false, false",
        "401, false, false",
        "403, false, false",
        "408, false, false",
        "500, false, false",
        "502, false, false",
    })
    void an_answer_without_a_readable_error_gets_advice_that_fits_its_status(
            int status, boolean redirects, boolean url) {
        for (String body : new String[] {null, "{}", "{\"error\":7}", "{\"error\":\" \"}"}) {
            MailFailure failure = failure(status, body);
            assertThat(failure.code()).isEqualTo(FailureCode.SERVER_ERROR);
            assertThat(failure).hasMessageContaining("answered " + status);
            assertThat(failure.reason().contains("redirects")).isEqualTo(redirects);
            assertThat(failure.reason().contains("mail.oauth2.tokenUrl")).isEqualTo(url);
        }
    }

    @Test
    void codes_beside_the_error_are_shown_and_judged() {
        assertThat(failure(400, "{\"error\":\"invalid_grant\",\"error_subtype\":\"invalid_rapt\"}"))
                .hasMessageContaining("(invalid_grant, invalid_rapt)");
        assertThat(
                        failure(
                                400,
                                "{\"error\":\"invalid_grant\",\"suberror\":\"token_expired\","
                                        + "\"error_description\":\"AADSTS70008: expired.\"}"))
                .hasMessageContaining("(invalid_grant, token_expired, AADSTS70008)");
        assertThat(failure(400, json("invalid_grant", "AADSTS90033: A transient error.")).code())
                .isEqualTo(FailureCode.SERVER_ERROR);
        MailFailure nested =
                failure(
                        403,
                        "{\"error\":{\"code\":403,\"status\":\"PERMISSION_DENIED\",\"message\":\"No"
                                + " way.\"}}");
        assertThat(nested.code()).isEqualTo(FailureCode.TOKEN_REFUSED);
        assertThat(nested)
                .hasMessageContaining("PERMISSION_DENIED")
                .hasMessageContaining("No way.");
    }

    @Test
    void the_endpoints_words_are_one_short_line() {
        MailFailure failure =
                failure(
                        400,
                        json(
                                "deleted_client",
                                "two\\r\\nlines\\u0000 \\u202Eand " + "x y ".repeat(200)));
        assertThat(failure).hasMessageContaining("two lines and x y").hasMessageContaining("…\"");
        assertThat(failure.getMessage()).hasSizeLessThan(600).matches("\\P{C}*");
        assertThat(failure(400, json("deleted_client", "x".repeat(5_000))).getMessage())
                .hasSizeLessThan(400);
        assertThat(failure(400, json("a b\\u0007\\nc", "why")).getMessage())
                .contains("\"why\"")
                .matches("\\P{C}*");
    }

    @ParameterizedTest
    @ValueSource(strings = {REFRESH_TOKEN, CLIENT_SECRET})
    void a_secret_that_the_endpoint_repeats_is_not_shown(String secret) {
        byte[] bytes = secret.getBytes(StandardCharsets.UTF_8);
        for (String said :
                new String[] {
                    secret,
                    secret.toUpperCase(Locale.ROOT),
                    URLEncoder.encode(secret, StandardCharsets.UTF_8),
                    Base64.getEncoder().encodeToString(bytes),
                    Base64.getUrlEncoder().withoutPadding().encodeToString(bytes),
                    HexFormat.of().formatHex(bytes),
                    new StringBuilder(secret).reverse().toString(),
                    secret.substring(0, 12),
                    secret.substring(secret.length() - 10),
                    String.join(" ", secret.split("")),
                }) {
            MailFailure failure = failure(400, json("invalid_grant", "token " + said + " is bad"));
            assertThat(failure.code()).isEqualTo(FailureCode.TOKEN_REFUSED);
            assertThat(failure.getMessage()).as(said).contains("(invalid_grant)");
            assertThat(failure.getMessage()).as(said).doesNotContain("is bad");
            assertThat(failure(400, json(said.replaceAll("[^A-Za-z0-9]", ""), "x")).getMessage())
                    .as(said)
                    .doesNotContain("(");
        }
        String basic = GRANT.clientId() + ":" + CLIENT_SECRET;
        assertThat(
                        failure(
                                401,
                                json(
                                        "invalid_client",
                                        "Basic "
                                                + Base64.getEncoder()
                                                        .encodeToString(
                                                                basic.getBytes(
                                                                        StandardCharsets.UTF_8)))))
                .hasMessageNotContaining("Basic");
    }

    @Test
    void words_that_a_secret_is_made_of_do_not_hide_what_the_endpoint_says() {
        OAuthGrant plain =
                new OAuthGrant(
                        Protocol.IMAP,
                        Provider.CUSTOM,
                        "client",
                        "client-secret",
                        "refresh-token",
                        "https://login.example.org/token",
                        null);
        TokenError error = new TokenError("deleted_client", null, "The OAuth client was deleted.");
        assertThat(failures.refused(plain, new Answer(401, Map.of(), new byte[0], false), error))
                .hasMessageContaining("(deleted_client)")
                .hasMessageContaining("\"The OAuth client was deleted.\"");
    }
}
