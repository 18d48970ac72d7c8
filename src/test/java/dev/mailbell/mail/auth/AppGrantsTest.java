package dev.mailbell.mail.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.oauth2.sdk.pkce.CodeChallenge;
import com.nimbusds.oauth2.sdk.pkce.CodeChallengeMethod;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.auth.grant.ClientCredentials;
import dev.mailbell.mail.auth.grant.CodeGrant;
import dev.mailbell.mail.auth.grant.JwtBearer;
import dev.mailbell.mail.auth.grant.OAuthClient;
import dev.mailbell.mail.auth.grant.OAuthGrant;
import dev.mailbell.mail.auth.grant.Provider;
import dev.mailbell.mail.auth.grant.SigningKey;
import dev.mailbell.mail.auth.grant.TestKeys;
import dev.mailbell.mail.auth.grant.TokenGrant;
import dev.mailbell.mail.auth.grant.TokenSupplier;
import dev.mailbell.network.Deadline;
import dev.mailbell.network.Watchdog;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.http.GuardedHttp;
import dev.mailbell.network.tls.TlsContexts;
import dev.mailbell.secret.Secret;
import dev.mailbell.secret.Signer;
import java.net.InetAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.MessageDigest;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import no.nav.security.mock.oauth2.MockOAuth2Server;
import no.nav.security.mock.oauth2.OAuth2Config;
import okhttp3.tls.HeldCertificate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Access tokens by the grants of registered apps, and from a client's own endpoint. */
class AppGrantsTest {
    private static final UUID ANN = new UUID(0, 1);
    private static final Secret SIGNING = Signer.newSecret();

    private final MockWebServer server = new MockWebServer();
    private final AddressGuard guard =
            new AddressGuard(List.of("127.0.0.0/8", "::1/128"), List.of("127.0.0.1", "localhost"));
    private final Watchdog watchdog = new Watchdog();
    private final GuardedHttp http = new GuardedHttp(guard, new TlsContexts(watchdog), null);
    private final List<String> stored = new ArrayList<>();
    private final AccessTokens tokens =
            new AccessTokens(
                    http,
                    (id, used, replacement) -> stored.add(used + " " + replacement),
                    Instant::now,
                    new Random(1));

    @BeforeEach
    void start() throws Exception {
        server.start(InetAddress.getByName("127.0.0.1"), 0);
    }

    @AfterEach
    void stop() {
        http.close();
        guard.close();
        watchdog.close();
        server.close();
    }

    private URI endpoint() {
        return URI.create("http://127.0.0.1:" + server.getPort() + "/token");
    }

    private void enqueue(int status, String body) {
        server.enqueue(
                new MockResponse.Builder()
                        .code(status)
                        .addHeader("Content-Type", "application/json")
                        .body(body)
                        .build());
    }

    private void enqueueToken() {
        enqueue(200, "{\"access_token\":\"a1\",\"token_type\":\"Bearer\",\"expires_in\":3600}");
    }

    private String ask(TokenGrant grant) {
        return tokens.accessToken(ANN, grant, Deadline.after(Duration.ofSeconds(60)));
    }

    private MailFailure failure(TokenGrant grant) {
        return catchThrowableOfType(MailFailure.class, () -> ask(grant));
    }

    private Map<String, String> takeForm() throws InterruptedException {
        RecordedRequest request = server.takeRequest();
        return Stream.of(
                        String.valueOf(request.getBody() == null ? "" : request.getBody().utf8())
                                .split("&"))
                .map(pair -> pair.split("=", 2))
                .collect(
                        Collectors.toMap(
                                pair -> pair[0], pair -> URLDecoder.decode(pair[1], UTF_8)));
    }

    private ClientCredentials appOnly(@Nullable String secret, @Nullable SigningKey key) {
        return new ClientCredentials(
                new OAuthClient("app-1", secret, key),
                endpoint(),
                Provider.MICROSOFT.appScope().orElseThrow());
    }

    @Test
    void an_app_gets_tokens_as_itself_by_its_secret() throws Exception {
        enqueueToken();
        assertThat(ask(appOnly("s3cret", null))).isEqualTo("a1");
        assertThat(takeForm())
                .containsExactlyInAnyOrderEntriesOf(
                        Map.of(
                                "grant_type", "client_credentials",
                                "client_id", "app-1",
                                "client_secret", "s3cret",
                                "scope", "https://outlook.office365.com/.default"));
        // The second login asks nothing.
        assertThat(ask(appOnly("s3cret", null))).isEqualTo("a1");
        assertThat(server.getRequestCount()).isEqualTo(1);
    }

    @Test
    void an_app_proves_itself_by_its_key_and_names_its_certificate() throws Exception {
        HeldCertificate certificate = new HeldCertificate.Builder().rsa2048().build();
        String pem = certificate.privateKeyPkcs8Pem() + certificate.certificatePem();
        enqueueToken();
        ask(appOnly(null, SigningKey.of(pem, null)));

        Map<String, String> form = takeForm();
        assertThat(form)
                .containsEntry(
                        "client_assertion_type",
                        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
                .doesNotContainKey("client_secret");
        SignedJWT assertion = SignedJWT.parse(form.get("client_assertion"));
        assertThat(
                        assertion.verify(
                                new RSASSAVerifier(
                                        (RSAPublicKey) certificate.keyPair().getPublic())))
                .isTrue();
        assertThat(assertion.getHeader().getX509CertSHA256Thumbprint().decode())
                .isEqualTo(
                        MessageDigest.getInstance("SHA-256")
                                .digest(certificate.certificate().getEncoded()));
        assertThat(assertion.getJWTClaimsSet().getIssuer()).isEqualTo("app-1");
        assertThat(assertion.getJWTClaimsSet().getSubject()).isEqualTo("app-1");
        assertThat(assertion.getJWTClaimsSet().getAudience())
                .containsExactly(endpoint().toString());
        assertThat(assertion.getJWTClaimsSet().getJWTID()).isNotEmpty();
        assertThat(assertion.getJWTClaimsSet().getExpirationTime())
                .isBefore(Date.from(Instant.now().plusSeconds(600)));
        // An endpoint whose clock is some seconds slow accepts it too.
        Date before = Date.from(Instant.now().minusSeconds(29));
        assertThat(assertion.getJWTClaimsSet().getIssueTime()).isBefore(before);
        assertThat(assertion.getJWTClaimsSet().getNotBeforeTime()).isBefore(before);
    }

    /** Google, Microsoft, Keycloak and Okta. */
    @ParameterizedTest
    @CsvSource({
        "'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable"
                + " timeframe. Check your iat and exp values in the JWT claim.'",
        "AADSTS700024: Client assertion is not within its valid time range.",
        "Token is not active",
        "The client_assertion token is expired.",
    })
    void an_assertion_whose_time_is_not_accepted_is_not_the_owners_to_mend(String description) {
        SigningKey key = SigningKey.of(TestKeys.EC_PEM, "k1");
        enqueue(400, error("invalid_client", description));
        assertClock(failure(appOnly(null, key)));
        enqueue(400, error("invalid_client", description));
        assertClock(failure(refreshing(null, key)));
        enqueue(400, error("invalid_grant", description));
        assertClock(
                failure(new JwtBearer("robot", key, "ann@example.org", endpoint(), null, true)));

        // Without an assertion, and of the refresh token, the same words are about the grant.
        enqueue(400, error("invalid_grant", description));
        assertThat(failure(refreshing(null, key)).code()).isEqualTo(FailureCode.TOKEN_REFUSED);
        enqueue(400, error("invalid_grant", description));
        assertThat(failure(refreshing("s3cret", null)).code()).isEqualTo(FailureCode.TOKEN_REFUSED);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "AADSTS700027: The certificate with identifier used to sign the client assertion is"
                        + " expired on application. [Reason - The key used is expired.]",
                "AADSTS50012: Client assertion contains an invalid signature. [Reason - The key"
                        + " used is expired.]",
            })
    void a_certificate_that_has_expired_is_no_matter_of_the_clock(String description) {
        enqueue(400, error("invalid_client", description));
        assertThat(failure(appOnly(null, SigningKey.of(TestKeys.EC_PEM, "k1"))).code())
                .isEqualTo(FailureCode.TOKEN_REFUSED);
    }

    private static String error(String code, String description) {
        return "{\"error\":\"%s\",\"error_description\":\"%s\"}".formatted(code, description);
    }

    private static void assertClock(MailFailure failure) {
        assertThat(failure.code()).isEqualTo(FailureCode.SERVER_ERROR);
        assertThat(failure).hasMessageContaining("check the clock");
    }

    private OAuthGrant refreshing(@Nullable String secret, @Nullable SigningKey key) {
        return new OAuthGrant(
                Protocol.IMAP,
                Provider.CUSTOM,
                "app-1",
                secret,
                "r1",
                endpoint().toString(),
                null,
                key,
                true);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void a_service_account_acts_for_a_user(boolean scopeAsClaim) throws Exception {
        SigningKey key = SigningKey.of(TestKeys.EC_PEM, "k1");
        enqueueToken();
        ask(
                new JwtBearer(
                        "robot@project.example",
                        key,
                        "ann@example.org",
                        endpoint(),
                        "https://mail.google.com/",
                        scopeAsClaim));
        Map<String, String> form = takeForm();
        assertThat(form).containsEntry("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
        SignedJWT assertion = SignedJWT.parse(form.get("assertion"));
        assertThat(assertion.verify(new ECDSAVerifier((ECPublicKey) TestKeys.EC.getPublic())))
                .isTrue();
        assertThat(assertion.getHeader().getKeyID()).isEqualTo("k1");
        assertThat(assertion.getJWTClaimsSet().getIssuer()).isEqualTo("robot@project.example");
        assertThat(assertion.getJWTClaimsSet().getSubject()).isEqualTo("ann@example.org");
        assertThat(assertion.getJWTClaimsSet().getStringClaim("scope"))
                .isEqualTo(scopeAsClaim ? "https://mail.google.com/" : null);
        assertThat(form.get("scope")).isEqualTo(scopeAsClaim ? null : "https://mail.google.com/");
    }

    @Test
    void another_users_assertion_is_another_grant() throws Exception {
        SigningKey key = SigningKey.of(TestKeys.RSA_PEM, null);
        enqueueToken();
        enqueue(200, "{\"access_token\":\"a2\",\"token_type\":\"Bearer\",\"expires_in\":3600}");
        assertThat(ask(new JwtBearer("r", key, "ann", endpoint(), null, true))).isEqualTo("a1");
        assertThat(ask(new JwtBearer("r", key, "bob", endpoint(), null, true))).isEqualTo("a2");
    }

    @ParameterizedTest
    @CsvSource({
        "invalid_client, clientId and clientSecret or privateKey of the app",
        "invalid_grant, an administrator has granted the app access",
        "unauthorized_client, PATCH /v1/oauth-apps",
        "access_denied, an administrator",
        "invalid_scope, scope",
        "deleted_client, register another app"
    })
    void a_refused_app_says_who_must_do_what(String error, String says) {
        enqueue(401, "{\"error\":\"%s\"}".formatted(error));
        enqueue(401, "{\"error\":\"%s\"}".formatted(error));
        MailFailure failure = failure(appOnly("s3cret", null));
        assertThat(failure.code()).isEqualTo(FailureCode.TOKEN_REFUSED);
        assertThat(failure).hasMessageContaining(says);
        assertThat(failure.getMessage()).doesNotContain("mail.oauth2.", "refresh token");
    }

    @Test
    void a_dead_grant_of_an_app_asks_for_a_consent_link() {
        enqueue(400, "{\"error\":\"invalid_grant\"}");
        assertThat(failure(refreshing("s3cret", null)))
                .hasMessageContaining("POST /v1/accounts/{id}/consent")
                .extracting(MailFailure::code)
                .isEqualTo(FailureCode.TOKEN_REFUSED);
    }

    private TokenSupplier supplier() {
        return new TokenSupplier(endpoint(), SIGNING, ANN, "ann@example.org");
    }

    @Test
    void a_clients_endpoint_is_asked_by_a_signed_request() throws Exception {
        enqueue(200, "{\"access_token\":\"a1\",\"expires_in\":600}");
        assertThat(ask(supplier())).isEqualTo("a1");

        RecordedRequest request = server.takeRequest();
        byte[] body = Objects.requireNonNull(request.getBody()).toByteArray();
        assertThat(new String(body, UTF_8))
                .isEqualTo(
                        "{\"type\":\"token.request\",\"accountId\":\"%s\",\"username\":\"ann@example.org\"}"
                                .formatted(ANN));
        String id = request.getHeaders().get("webhook-id");
        long at = Long.parseLong(request.getHeaders().get("webhook-timestamp"));
        assertThat(Instant.ofEpochSecond(at))
                .isBetween(Instant.now().minusSeconds(60), Instant.now().plusSeconds(60));
        assertThat(request.getHeaders().get("webhook-signature"))
                .isEqualTo(
                        Signer.signature(
                                List.of(SIGNING),
                                Objects.requireNonNull(id),
                                Instant.ofEpochSecond(at),
                                body));
        assertThat(request.getHeaders().get("Content-Type")).isEqualTo("application/json");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    400 | {"error":"invalid_grant","error_description":"signed out"} | TOKEN_REFUSED | signed out
                    403 | {"error":"access_denied"}                                  | TOKEN_REFUSED | resume the account
                    400 | {"error":"temporarily_unavailable"}                        | SERVER_ERROR  | out of order
                    429 | {}                                                         | RATE_LIMITED  | slow down
                    404 | {}                                                         | SERVER_ERROR  | mail.oauth2.tokenEndpoint
                    302 | {}                                                         | SERVER_ERROR  | redirects are not followed
                    500 | {"error":"invalid_grant"}                                  | SERVER_ERROR  | 500
                    200 | {}                                                         | PROTOCOL_ERROR | access_token
                    200 | {"access_token": 5}                                        | PROTOCOL_ERROR | access_token
                    200 | {"access_token": ""}                                       | PROTOCOL_ERROR | access_token
                    200 | {"access_token": "a b"}                                    | PROTOCOL_ERROR | not one
                    200 | []                                                         | PROTOCOL_ERROR | not JSON
                    200 | <html>                                                     | PROTOCOL_ERROR | not JSON
                    """)
    void an_odd_answer_of_a_clients_endpoint_is_named(
            int status, String body, FailureCode code, String says) {
        enqueue(status, body);
        MailFailure failure = failure(supplier());
        assertThat(failure.code()).isEqualTo(code);
        assertThat(failure).hasMessageContaining(says);
    }

    @Test
    void a_clients_endpoint_that_repeats_the_secret_shows_nothing_of_it() {
        enqueue(
                400,
                "{\"error\":\"invalid_grant\",\"error_description\":\"bad %s\"}"
                        .formatted(SIGNING.reveal()));
        assertThat(failure(supplier()).getMessage())
                .doesNotContain(SIGNING.reveal().substring(6, 20));
    }

    @Test
    void keys_that_cannot_sign_are_refused_without_their_text() {
        String small = TestKeys.pem(TestKeys.pair("RSA", 1_024));
        assertThatThrownBy(() -> SigningKey.of(small, null)).hasMessageContaining("2048");
        String pkcs1 = TestKeys.RSA_PEM.replace("PRIVATE KEY", "RSA PRIVATE KEY");
        assertThatThrownBy(() -> SigningKey.of(pkcs1, null)).hasMessageContaining("openssl pkcs8");
        String garbage =
                "-----BEGIN PRIVATE KEY-----\n"
                        + Base64.getEncoder().encodeToString("hidden-words".getBytes(UTF_8))
                        + "\n-----END PRIVATE KEY-----";
        assertThatThrownBy(() -> SigningKey.of(garbage, null))
                .hasMessageContaining("RSA or EC")
                .hasNoCause();
        assertThat(SigningKey.of(TestKeys.RSA_PEM, "k")).hasToString("SigningKey[redacted]");
    }

    @Test
    void a_real_authorisation_server_accepts_what_is_sent() throws Exception {
        MockOAuth2Server real = new MockOAuth2Server(new OAuth2Config(false, null, null, true));
        real.start(InetAddress.getByName("127.0.0.1"), 0);
        try {
            URI endpoint = real.tokenEndpointUrl("test").uri();
            OAuthClient secret = new OAuthClient("app-1", "s3cret", null);
            SigningKey key = SigningKey.of(TestKeys.RSA_PEM, "k1");
            OAuthClient keyed = new OAuthClient("app-1", null, key);

            assertIssuer(real, ask(new ClientCredentials(secret, endpoint, "mail")));
            assertIssuer(real, ask(new ClientCredentials(keyed, endpoint, "mail")));
            assertIssuer(real, ask(new JwtBearer("robot", key, "ann", endpoint, "mail", false)));

            String verifier = "v".repeat(43);
            CodeGrant code =
                    new CodeGrant(secret, endpoint, code(real, verifier), REDIRECT, verifier);
            CodeExchange exchange = new CodeExchange(http, Instant::now);
            Deadline soon = Deadline.after(Duration.ofSeconds(60));
            String refreshToken = exchange.refreshToken(code, soon).orElseThrow();
            CodeGrant wrong =
                    new CodeGrant(secret, endpoint, code(real, verifier), REDIRECT, "w".repeat(43));
            assertThatThrownBy(() -> exchange.refreshToken(wrong, soon))
                    .isInstanceOf(MailFailure.class)
                    .hasMessageContaining("does not accept the authorization code");

            assertIssuer(
                    real,
                    ask(
                            new OAuthGrant(
                                    Protocol.IMAP,
                                    Provider.CUSTOM,
                                    "app-1",
                                    "s3cret",
                                    refreshToken,
                                    endpoint.toString(),
                                    null,
                                    null,
                                    true)));
            assertThat(stored).hasSize(1).first().asString().startsWith(refreshToken + " ");
        } finally {
            real.shutdown();
        }
    }

    private static final URI REDIRECT = URI.create("http://127.0.0.1/oauth/callback");

    private static void assertIssuer(MockOAuth2Server server, String token) throws Exception {
        assertThat(SignedJWT.parse(token).getJWTClaimsSet().getIssuer())
                .isEqualTo(server.issuerUrl("test").toString());
    }

    /** What an owner's browser brings back from the provider. */
    private static String code(MockOAuth2Server provider, String verifier) throws Exception {
        String challenge =
                CodeChallenge.compute(CodeChallengeMethod.S256, new CodeVerifier(verifier))
                        .getValue();
        URI authorize =
                URI.create(
                        provider.authorizationEndpointUrl("test")
                                + "?client_id=app-1&response_type=code&scope=openid&state=s&redirect_uri="
                                + REDIRECT
                                + "&code_challenge_method=S256&code_challenge="
                                + challenge);
        try (HttpClient browser = HttpClient.newHttpClient()) {
            String location =
                    browser.send(
                                    HttpRequest.newBuilder(authorize).build(),
                                    HttpResponse.BodyHandlers.discarding())
                            .headers()
                            .firstValue("Location")
                            .orElseThrow();
            return location.replaceAll(".*[?&]code=([^&]*).*", "$1");
        }
    }
}
