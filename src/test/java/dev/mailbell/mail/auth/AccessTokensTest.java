package dev.mailbell.mail.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.mailbell.Ports;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.auth.grant.OAuthGrant;
import dev.mailbell.mail.auth.grant.Provider;
import dev.mailbell.network.Deadline;
import dev.mailbell.network.Watchdog;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.http.GuardedHttp;
import dev.mailbell.network.tls.TlsContexts;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URLDecoder;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import okio.ByteString;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AccessTokensTest {
    private static final Instant START = Instant.parse("2026-11-20T12:00:00Z");
    private static final UUID ANN = new UUID(0, 1);
    private static final UUID BOB = new UUID(0, 2);

    /** An account that is not registered. */
    private static final UUID UNSTORED = new UUID(0, 7);

    private record Stored(UUID accountId, String used, String replacement) {}

    private final MockWebServer server = new MockWebServer();
    private final AddressGuard guard =
            new AddressGuard(List.of("127.0.0.1/32"), List.of("127.0.0.1"));
    private final Watchdog watchdog = new Watchdog();
    private final GuardedHttp http = new GuardedHttp(guard, new TlsContexts(watchdog), null);
    private final AtomicReference<Instant> clock = new AtomicReference<>(START);
    private final List<Stored> stored = new CopyOnWriteArrayList<>();
    private final AtomicReference<@Nullable RuntimeException> storeFailure =
            new AtomicReference<>();
    private final AccessTokens tokens = tokens(100);

    private AccessTokens tokens(int most) {
        RefreshTokenStore store =
                (id, used, replacement) -> {
                    RuntimeException failure = storeFailure.get();
                    if (failure != null) {
                        throw failure;
                    }
                    stored.add(new Stored(id, used, replacement));
                    return !id.equals(UNSTORED);
                };
        return new AccessTokens(http, store, clock::get, new Random(1), most);
    }

    @BeforeEach
    void start() throws IOException {
        server.start(InetAddress.getByName("127.0.0.1"), 0);
    }

    @AfterEach
    void stop() {
        http.close();
        guard.close();
        watchdog.close();
        server.close();
    }

    private OAuthGrant grant(String refreshToken) {
        return grant(Provider.GOOGLE, "s3cret", refreshToken);
    }

    private OAuthGrant grant(Provider provider, @Nullable String secret, String refreshToken) {
        return new OAuthGrant(
                Protocol.IMAP,
                provider,
                "client",
                secret,
                refreshToken,
                "http://127.0.0.1:" + server.getPort() + "/token",
                null);
    }

    private String ask(OAuthGrant grant) {
        return tokens.accessToken(ANN, grant, soon());
    }

    private MailFailure failure(OAuthGrant grant) {
        return catchThrowableOfType(MailFailure.class, () -> ask(grant));
    }

    private static Deadline soon() {
        return Deadline.after(Duration.ofSeconds(60));
    }

    private void pass(Duration time) {
        clock.updateAndGet(now -> now.plus(time));
    }

    private static MockResponse.Builder json(int status, String body) {
        return new MockResponse.Builder()
                .code(status)
                .addHeader("Content-Type", "application/json; charset=utf-8")
                .body(body);
    }

    private void enqueueToken(String token) {
        enqueueToken(token, 3600, "");
    }

    private void enqueueToken(String token, int seconds, String more) {
        server.enqueue(
                json(
                                200,
                                "{\"access_token\":\"%s\",\"token_type\":\"Bearer\",\"expires_in\":%d%s}"
                                        .formatted(token, seconds, more))
                        .build());
    }

    private Map<String, String> takeForm() throws InterruptedException {
        return form(server.takeRequest());
    }

    private static Map<String, String> form(RecordedRequest request) {
        ByteString body = request.getBody();
        String text = body == null ? "" : body.utf8();
        return Stream.of(text.split("&"))
                .map(pair -> pair.split("=", 2))
                .collect(
                        Collectors.toMap(
                                pair -> pair[0], pair -> URLDecoder.decode(pair[1], UTF_8)));
    }

    @Test
    void a_refresh_goes_over_the_wire_as_rfc_6749_says() throws Exception {
        enqueueToken("a1");

        assertThat(ask(grant("r+1/="))).isEqualTo("a1");

        RecordedRequest request = server.takeRequest();
        assertThat(request.getMethod()).isEqualTo("POST");
        assertThat(request.getTarget()).isEqualTo("/token");
        assertThat(request.getHeaders().get("Content-Type"))
                .startsWith("application/x-www-form-urlencoded");
        assertThat(form(request))
                .containsExactlyInAnyOrderEntriesOf(
                        Map.of(
                                "grant_type", "refresh_token",
                                "refresh_token", "r+1/=",
                                "client_id", "client",
                                "client_secret", "s3cret"));
    }

    @Test
    void microsoft_gets_the_scope_and_a_public_client_sends_no_secret() throws Exception {
        enqueueToken("a1");

        ask(grant(Provider.MICROSOFT, null, "r1"));

        assertThat(takeForm())
                .containsEntry(
                        "scope", "https://outlook.office.com/IMAP.AccessAsUser.All offline_access")
                .containsEntry("client_id", "client")
                .doesNotContainKey("client_secret");
    }

    /** Spring Security looks for HTTP Basic before it reads the body. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "<html>401</html>",
                "{\"timestamp\":1,\"status\":401,\"error\":\"Unauthorized\",\"path\":\"/token\"}",
                "{\"error\":\"unauthorized\",\"error_description\":\"Full authentication is"
                        + " required to access this resource\"}"
            })
    void a_server_that_says_401_gets_basic(String body) throws Exception {
        server.enqueue(json(401, body).build());
        enqueueToken("a1");

        assertThat(ask(grant(Provider.CUSTOM, "s3cret", "r1"))).isEqualTo("a1");

        takeForm();
        assertThat(server.takeRequest().getHeaders().get("Authorization")).startsWith("Basic ");
    }

    @Test
    void a_custom_server_that_insists_on_basic_gets_basic() throws Exception {
        server.enqueue(json(401, "{\"error\":\"invalid_client\"}").build());
        enqueueToken("a1");

        assertThat(ask(grant(Provider.CUSTOM, "s3cret", "r1"))).isEqualTo("a1");

        assertThat(takeForm()).containsEntry("client_secret", "s3cret");
        RecordedRequest second = server.takeRequest();
        assertThat(form(second)).doesNotContainKey("client_secret");
        assertThat(second.getHeaders().get("Authorization"))
                .isEqualTo(
                        "Basic "
                                + Base64.getEncoder()
                                        .encodeToString("client:s3cret".getBytes(UTF_8)));
    }

    @Test
    void a_token_is_kept_until_five_to_six_minutes_before_its_end() {
        enqueueToken("a1");
        enqueueToken("a2");
        OAuthGrant grant = grant("r1");

        assertThat(ask(grant)).isEqualTo("a1");
        pass(Duration.ofMinutes(53).plusSeconds(59));
        assertThat(ask(grant)).isEqualTo("a1");
        assertThat(server.getRequestCount()).isEqualTo(1);

        pass(Duration.ofSeconds(62));
        assertThat(ask(grant)).isEqualTo("a2");
        assertThat(server.getRequestCount()).isEqualTo(2);
    }

    @Test
    void accounts_do_not_share_tokens() {
        enqueueToken("a1");
        enqueueToken("b1");

        assertThat(tokens.accessToken(ANN, grant("r1"), soon())).isEqualTo("a1");
        assertThat(tokens.accessToken(BOB, grant("r1"), soon())).isEqualTo("b1");
        assertThat(tokens.accessToken(ANN, grant("r1"), soon())).isEqualTo("a1");
    }

    @Test
    void many_at_once_share_one_request() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch answer = new CountDownLatch(1);
        server.setDispatcher(
                new Dispatcher() {
                    @Override
                    public MockResponse dispatch(RecordedRequest request)
                            throws InterruptedException {
                        asked.countDown();
                        assertThat(answer.await(180, TimeUnit.SECONDS)).isTrue();
                        return json(
                                        200,
                                        "{\"access_token\":\"a1\",\"token_type\":\"bearer\",\"expires_in\":3600}")
                                .build();
                    }
                });
        List<CompletableFuture<String>> callers = new ArrayList<>();
        List<Thread> threads = new CopyOnWriteArrayList<>();
        for (int i = 0; i < 20; i++) {
            CompletableFuture<String> caller = new CompletableFuture<>();
            callers.add(caller);
            threads.add(
                    Thread.ofVirtual()
                            .start(() ->
                                    caller.completeAsync(() -> ask(grant("r1")), Runnable::run)));
        }
        assertThat(asked.await(180, TimeUnit.SECONDS)).isTrue();
        await().until(() ->
                threads.stream().allMatch(t -> t.getState() == Thread.State.TIMED_WAITING));
        answer.countDown();

        for (CompletableFuture<String> caller : callers) {
            assertThat(caller.get(180, TimeUnit.SECONDS)).isEqualTo("a1");
        }
        assertThat(server.getRequestCount()).isEqualTo(1);
    }

    @Test
    void a_replaced_refresh_token_is_stored_and_used_from_then_on() throws Exception {
        enqueueToken("a1", 3600, ",\"refresh_token\":\"r2\"");
        enqueueToken("a2", 3600, ",\"refresh_token\":\"r2\"");

        assertThat(ask(grant("r1"))).isEqualTo("a1");
        assertThat(stored).containsExactly(new Stored(ANN, "r1", "r2"));
        pass(Duration.ofHours(1));
        // This caller has not read the account again: its grant is the one of before.
        assertThat(ask(grant("r1"))).isEqualTo("a2");
        assertThat(ask(grant("r2"))).isEqualTo("a2");

        assertThat(takeForm()).containsEntry("refresh_token", "r1");
        assertThat(takeForm()).containsEntry("refresh_token", "r2");
        assertThat(stored).hasSize(1);
    }

    /** Some servers take each refresh token once, also in a login that is only tried. */
    @Test
    void a_token_that_was_used_up_before_its_account_is_registered_is_replaced_there()
            throws Exception {
        for (int time = 2; time <= 3; time++) {
            enqueueToken("a" + time, 3600, ",\"refresh_token\":\"r" + time + "\"");
            assertThat(tokens.accessToken(UNSTORED, grant("r1"), soon())).isEqualTo("a" + time);
            tokens.forget(UNSTORED);
        }
        enqueueToken("a4");
        assertThat(ask(grant("r1"))).isEqualTo("a4");

        assertThat(stored).contains(new Stored(ANN, "r1", "r3"));
        for (String sent : List.of("r1", "r2", "r3")) {
            assertThat(takeForm()).containsEntry("refresh_token", sent);
        }
        pass(Duration.ofHours(2));
        tokens.forget(ANN);
        enqueueToken("a5");
        ask(grant("r1"));
        assertThat(takeForm()).containsEntry("refresh_token", "r1");
    }

    @Test
    void no_access_token_is_used_before_the_replaced_refresh_token_is_stored() {
        enqueueToken("a1", 3600, ",\"refresh_token\":\"r2\"");
        storeFailure.set(new IllegalStateException("the database is away"));

        assertThat(catchThrowableOfType(IllegalStateException.class, () -> ask(grant("r1"))))
                .hasMessage("the database is away");
        assertThat(catchThrowableOfType(IllegalStateException.class, () -> ask(grant("r1"))))
                .isNotNull();
        storeFailure.set(null);

        assertThat(ask(grant("r1"))).isEqualTo("a1");
        assertThat(stored).containsExactly(new Stored(ANN, "r1", "r2"));
        assertThat(server.getRequestCount()).isEqualTo(1);
    }

    @Test
    void a_failed_early_renewal_is_hidden_while_the_old_token_lives() {
        enqueueToken("a1");
        server.enqueue(json(503, "").build());
        server.enqueue(json(400, "{\"error\":\"invalid_grant\"}").build());
        OAuthGrant grant = grant("r1");
        ask(grant);
        pass(Duration.ofMinutes(56));

        assertThat(ask(grant)).isEqualTo("a1");
        assertThat(ask(grant)).isEqualTo("a1");
        assertThat(server.getRequestCount()).as("it pauses between tries").isEqualTo(2);
        pass(Duration.ofSeconds(31));
        assertThat(ask(grant)).isEqualTo("a1");
        assertThat(server.getRequestCount()).isEqualTo(3);

        pass(Duration.ofMinutes(4));
        server.enqueue(json(400, "{\"error\":\"invalid_grant\"}").build());
        assertThat(failure(grant).code()).isEqualTo(FailureCode.TOKEN_REFUSED);
    }

    @Test
    void a_refused_token_is_not_given_out_again() {
        enqueueToken("a1");
        enqueueToken("a2");
        OAuthGrant grant = grant("r1");

        ask(grant);
        tokens.refused(ANN);

        assertThat(ask(grant)).isEqualTo("a2");
    }

    @Test
    void a_forgotten_account_and_a_changed_grant_start_anew() throws Exception {
        enqueueToken("a1");
        enqueueToken("a2");
        enqueueToken("a3");

        ask(grant("r1"));
        tokens.forget(ANN);
        assertThat(ask(grant("r1"))).isEqualTo("a2");
        assertThat(ask(grant("other"))).isEqualTo("a3");

        takeForm();
        takeForm();
        assertThat(takeForm()).containsEntry("refresh_token", "other");
    }

    @Test
    void a_rotation_that_comes_after_the_account_was_forgotten_is_given_to_the_store()
            throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch answer = new CountDownLatch(1);
        server.setDispatcher(
                new Dispatcher() {
                    @Override
                    public MockResponse dispatch(RecordedRequest request)
                            throws InterruptedException {
                        asked.countDown();
                        assertThat(answer.await(180, TimeUnit.SECONDS)).isTrue();
                        return json(
                                        200,
                                        "{\"access_token\":\"a1\",\"token_type\":\"bearer\",\"refresh_token\":\"r2\"}")
                                .build();
                    }
                });
        CompletableFuture<String> caller = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> caller.completeAsync(() -> ask(grant("r1")), Runnable::run));
        assertThat(asked.await(180, TimeUnit.SECONDS)).isTrue();

        tokens.forget(ANN);
        answer.countDown();

        assertThat(caller.get(180, TimeUnit.SECONDS)).isEqualTo("a1");
        // The store changes only a login with the used token.
        assertThat(stored).containsExactly(new Stored(ANN, "r1", "r2"));
    }

    @Test
    void the_cache_is_bounded_and_drops_what_was_not_used_longest() {
        AccessTokens two = tokens(2);
        for (int i = 1; i <= 4; i++) {
            enqueueToken("t" + i);
        }
        UUID eve = new UUID(0, 3);
        two.accessToken(ANN, grant("r1"), soon());
        two.accessToken(BOB, grant("r2"), soon());
        two.accessToken(ANN, grant("r1"), soon());
        two.accessToken(eve, grant("r3"), soon());

        assertThat(two.accessToken(ANN, grant("r1"), soon())).isEqualTo("t1");
        assertThat(two.accessToken(BOB, grant("r2"), soon())).isEqualTo("t4");
    }

    @ParameterizedTest
    @CsvSource({
        "400, invalid_grant, TOKEN_REFUSED, mail.oauth2.refreshToken",
        "400, interaction_required, TOKEN_REFUSED, sign in again",
        "401, invalid_client, TOKEN_REFUSED, mail.oauth2.clientSecret",
        "401, deleted_client, TOKEN_REFUSED, no longer knows or allows the application",
        "400, unauthorized_client, TOKEN_REFUSED, mail.oauth2.clientId",
        "400, invalid_scope, TOKEN_REFUSED, mail.oauth2.scope",
        "400, invalid_request, TOKEN_REFUSED, mail.oauth2.tokenUrl",
        "200, invalid_grant, TOKEN_REFUSED, mail.oauth2.refreshToken",
        "400, temporarily_unavailable, SERVER_ERROR, out of order",
        "400, what_is_this, TOKEN_REFUSED, (what_is_this)",
        "500, invalid_grant, SERVER_ERROR, answered 500",
        "404, '', SERVER_ERROR, mail.oauth2.tokenUrl",
        "302, '', SERVER_ERROR, redirects are not followed",
        "429, '', RATE_LIMITED, slow down",
    })
    void a_refusal_says_who_must_do_what(int status, String error, FailureCode code, String says) {
        String description = "the token r3fresh of s3cret is gone";
        server.enqueue(
                json(
                                status,
                                error.isEmpty()
                                        ? "<html>no</html>"
                                        : "{\"error\":\"%s\",\"error_description\":\"%s\"}"
                                                .formatted(error, description))
                        .build());

        MailFailure failure = failure(grant("r3fresh"));

        assertThat(failure.code()).isEqualTo(code);
        assertThat(failure)
                .hasMessageContaining(says)
                .hasMessageContaining("127.0.0.1")
                .hasMessageNotContaining("r3fresh")
                .hasMessageNotContaining("s3cret");
    }

    @Test
    void microsofts_code_is_reported() {
        server.enqueue(
                json(
                                400,
                                "{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS70008:"
                                        + " expired\",\"error_codes\":[70008]}")
                        .build());

        assertThat(failure(grant("r1"))).hasMessageContaining("(invalid_grant, AADSTS70008)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"120", "Fri, 20 Nov 2026 12:02:00 GMT"})
    void the_wait_that_the_server_asked_for_is_kept(String retryAfter) {
        server.enqueue(json(429, "").addHeader("Retry-After", retryAfter).build());
        enqueueToken("a1");
        OAuthGrant grant = grant("r1");

        assertThat(failure(grant).retryAfter()).contains(Duration.ofMinutes(2));
        pass(Duration.ofSeconds(50));
        assertThat(failure(grant).retryAfter()).contains(Duration.ofSeconds(70));
        assertThat(server.getRequestCount()).isEqualTo(1);
        pass(Duration.ofSeconds(70));
        assertThat(ask(grant)).isEqualTo("a1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "99999999999999999999", "soon", "-5"})
    void a_senseless_wait_is_none(String retryAfter) {
        server.enqueue(json(503, "").addHeader("Retry-After", retryAfter).build());

        assertThat(failure(grant("r1")).retryAfter()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{",
                "{}",
                "{\"token_type\":\"bearer\"}",
                "{\"access_token\":\"\",\"token_type\":\"bearer\"}",
                "{\"access_token\":7,\"token_type\":\"bearer\"}",
                "{\"access_token\":\"a\\u0001auth=x\",\"token_type\":\"bearer\"}",
                "{\"access_token\":\"a b\",\"token_type\":\"bearer\"}",
                "{\"access_token\":\"a\",\"token_type\":\"bearer\",\"refresh_token\":\"r\\n2\"}"
            })
    void an_answer_that_is_none_is_a_protocol_error(String body) {
        server.enqueue(json(200, body).build());

        assertThat(failure(grant("r1")).code()).isEqualTo(FailureCode.PROTOCOL_ERROR);
        assertThat(stored).isEmpty();
    }

    /** Mail.ru leaves out the type, others send a list of scopes, or a lifetime that is text. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"expires_in\":3600,\"access_token\":\"a1\"}",
                "{\"expires_in\":\"3600\",\"access_token\":\"a1\",\"token_type\":\"bearer\"}",
                "{\"expires_in\":3600.0,\"access_token\":\"a1\",\"token_type\":null}",
                "{\"expires_in\":3600,\"access_token\":\"a1\",\"scope\":[\"mail\",\"offline\"]}",
                "{\"expires_in\":3600,\"access_token\":\"a1\",\"refresh_token\":\"\"}",
                "{\"expires_in\":3600,\"access_token\":\"a1\",\"refresh_token\":null,\"scope\":\"\"}",
                "\ufeff{\"expires_in\":3600,\"access_token\":\"a1\",\"token_type\":\"Bearer\"}"
            })
    void a_token_in_an_answer_beside_the_rules_is_taken(String body) {
        server.enqueue(json(200, body).build());
        enqueueToken("a2");
        OAuthGrant grant = grant("r1");

        assertThat(ask(grant)).isEqualTo("a1");
        pass(Duration.ofMinutes(53));
        assertThat(ask(grant)).isEqualTo("a1");
        pass(Duration.ofMinutes(3));
        assertThat(ask(grant)).isEqualTo("a2");
        assertThat(stored).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"\"", "\"soon\"", "null", "true", "-1"})
    void a_lifetime_that_is_none_counts_as_ten_minutes(String lifetime) {
        String body = "{\"access_token\":\"a1\",\"expires_in\":%s}".formatted(lifetime);
        server.enqueue(json(200, body).build());
        enqueueToken("a2");
        OAuthGrant grant = grant("r1");

        assertThat(ask(grant)).isEqualTo("a1");
        pass(Duration.ofMinutes(5).plusSeconds(1));
        assertThat(ask(grant)).isEqualTo("a2");
    }

    @Test
    void an_answer_beyond_64_kib_is_refused() {
        server.enqueue(json(200, " ".repeat(64 * 1024) + "{}").build());

        assertThat(failure(grant("r1")))
                .hasMessageContaining("64 KiB")
                .extracting(MailFailure::code)
                .isEqualTo(FailureCode.PROTOCOL_ERROR);
    }

    @Test
    void a_missing_lifetime_counts_as_ten_minutes() {
        server.enqueue(json(200, "{\"access_token\":\"a1\",\"token_type\":\"bearer\"}").build());
        enqueueToken("a2");
        OAuthGrant grant = grant("r1");

        ask(grant);
        pass(Duration.ofMinutes(3).plusSeconds(59));
        assertThat(ask(grant)).isEqualTo("a1");
        pass(Duration.ofMinutes(1).plusSeconds(2));
        assertThat(ask(grant)).isEqualTo("a2");
    }

    @Test
    void a_server_that_says_nothing_is_a_timeout() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getByName("127.0.0.1"))) {
            OAuthGrant grant = custom("http://127.0.0.1:" + silent.getLocalPort() + "/");

            MailFailure failure =
                    catchThrowableOfType(
                            MailFailure.class,
                            () ->
                                    tokens.accessToken(
                                            ANN, grant, Deadline.after(Duration.ofMillis(200))));

            assertThat(failure.code()).isEqualTo(FailureCode.TIMEOUT);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 103 Early Hints\r\nLink: %s\r\n\r\n",
                "HTTP/1.1 200 OK\r\nX: %s\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=%s\r\n{}\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: %s\r\n\r\n"
            })
    void an_endpoint_that_sends_too_much_was_reached(String answer) throws Exception {
        try (ServerSocket endpoint = new ServerSocket(0, 5, InetAddress.getByName("127.0.0.1"))) {
            CompletableFuture<Void> served =
                    CompletableFuture.runAsync(() -> say(endpoint, answer));
            assertThat(failure(custom("http://127.0.0.1:" + endpoint.getLocalPort() + "/")))
                    .hasMessageContaining("the token endpoint at 127.0.0.1")
                    .extracting(MailFailure::code)
                    .isEqualTo(FailureCode.PROTOCOL_ERROR);
            served.get(180, TimeUnit.SECONDS);
        }
    }

    /** Answers one request without reading more of it than its head's first octet. */
    private static void say(ServerSocket endpoint, String answer) {
        try (Socket socket = endpoint.accept()) {
            socket.getInputStream().read();
            socket.getOutputStream().write(answer.formatted("y".repeat(100_000)).getBytes(UTF_8));
            // Until the client has gone, or a reset would overtake the answer.
            socket.getInputStream().transferTo(OutputStream.nullOutputStream());
        } catch (IOException gone) {
            // The client leaves when it has read enough.
        }
    }

    @Test
    void a_closed_port_and_refused_hosts_are_distinguished() throws IOException {
        try (Ports.Closed closed = new Ports.Closed()) {
            assertThat(failure(custom("http://127.0.0.1:" + closed.port() + "/")).code())
                    .isEqualTo(FailureCode.CONNECT_FAILED);
        }
        assertThat(failure(custom("https://10.1.2.3/token")).code())
                .isEqualTo(FailureCode.BLOCKED_ADDRESS);
        assertThat(failure(custom("http://example.org/token")))
                .hasMessageContaining("network.allowCleartext")
                .extracting(MailFailure::code)
                .isEqualTo(FailureCode.BLOCKED_ADDRESS);
    }

    @Test
    void a_certificate_that_nobody_trusts_is_refused() throws IOException {
        HeldCertificate certificate =
                new HeldCertificate.Builder().addSubjectAlternativeName("127.0.0.1").build();
        try (MockWebServer tls = new MockWebServer()) {
            tls.useHttps(
                    new HandshakeCertificates.Builder()
                            .heldCertificate(certificate)
                            .build()
                            .sslSocketFactory());
            tls.start(InetAddress.getByName("127.0.0.1"), 0);

            assertThat(failure(custom("https://127.0.0.1:" + tls.getPort() + "/")))
                    .hasMessageContaining("self-signed")
                    .extracting(MailFailure::code)
                    .isEqualTo(FailureCode.TLS_FAILED);
            assertThat(tls.getRequestCount()).isZero();
        }
    }

    private static OAuthGrant custom(String url) {
        return new OAuthGrant(Protocol.IMAP, Provider.CUSTOM, "client", null, "r1", url, null);
    }
}
