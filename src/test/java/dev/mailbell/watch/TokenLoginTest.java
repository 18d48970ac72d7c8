package dev.mailbell.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.GreenMailUtil;
import com.icegreen.greenmail.util.ServerSetup;
import dev.mailbell.Patience;
import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.Failure;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.client.ClientStore;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventType;
import dev.mailbell.event.Ids;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.auth.AccessTokens;
import dev.mailbell.mail.auth.grant.Provider;
import dev.mailbell.mail.servers.TestGreenMail;
import dev.mailbell.network.Watchdog;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.http.GuardedHttp;
import dev.mailbell.network.tls.TlsContexts;
import dev.mailbell.oauth.OAuthApp;
import dev.mailbell.watch.record.StoredRefreshTokens;
import java.net.InetAddress;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Accounts that name an app, at a mail server with XOAUTH2 that takes one access token. */
class TokenLoginTest {
    private static final String YAML =
            """
            network: { allowPrivate: [127.0.0.0/8], allowCleartext: [127.0.0.1] }
            polling: { loginsPerSecond: 1000, imap: { min: 1s } }
            """;
    private static final String TOKEN = "the-good-token";

    private final MockWebServer endpoint = new MockWebServer();
    private final GreenMail mail = TestGreenMail.of(ServerSetup.PROTOCOL_IMAP);
    private final AddressGuard guard =
            new AddressGuard(List.of("127.0.0.1/32"), List.of("127.0.0.1"));
    private final Watchdog watchdog = new Watchdog();
    private final GuardedHttp http = new GuardedHttp(guard, new TlsContexts(watchdog), null);
    private final WatchKit kit =
            new WatchKit(YAML, store -> new AccessTokens(http, store, Instant::now, new Random(1)));

    @BeforeEach
    void start() throws Exception {
        Patience.withGreenMail();
        endpoint.start(InetAddress.getByName("127.0.0.1"), 0);
        mail.start();
        mail.setUser("ann@example.org", "ann", TOKEN);
        kit.start();
    }

    @AfterEach
    void stop() throws Exception {
        kit.close();
        mail.stop();
        http.close();
        guard.close();
        watchdog.close();
        endpoint.close();
    }

    @SuppressWarnings("NullAway") // the annotation of an array is not read from a class file
    private OAuthApp app(@Nullable String authorizationUrl) {
        Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        OAuthApp app =
                new OAuthApp(
                        Ids.next(),
                        ClientStore.DEFAULT,
                        null,
                        Provider.CUSTOM,
                        OAuthApp.Grant.REFRESH_TOKEN,
                        "c1",
                        OAuthApp.Proof.NONE,
                        null,
                        null,
                        null,
                        authorizationUrl,
                        "http://127.0.0.1:" + endpoint.getPort() + "/token",
                        null,
                        null,
                        List.of("127.0.0.1"),
                        now,
                        now);
        kit.apps.store().insert(app);
        return app;
    }

    private OAuthApp app() {
        return app("https://login.example.org/authorize");
    }

    private Account register(OAuthApp app, @Nullable String refreshToken) {
        Account account =
                kit.store(
                        mail.getImap().getPort(),
                        "ann",
                        List.of("INBOX"),
                        new LoginSecret.App(app.id(), refreshToken, null, null));
        kit.watch().watch(account);
        return account;
    }

    private void answers(int status, String body) {
        endpoint.enqueue(
                new MockResponse.Builder()
                        .code(status)
                        .addHeader("Content-Type", "application/json")
                        .body(body)
                        .build());
    }

    private void issues(String token) {
        answers(
                200,
                "{\"access_token\":\"%s\",\"token_type\":\"Bearer\",\"expires_in\":3600}"
                        .formatted(token));
    }

    private Account stored(UUID id) {
        return kit.accounts.find(id).orElseThrow();
    }

    private void awaitState(Account account, AccountState state) {
        await().until(() -> stored(account.id()).state() == state);
    }

    private Event parked(Account account) {
        awaitState(account, AccountState.PARKED);
        List<Event> events = kit.of(account, EventType.ACCOUNT_PARKED);
        assertThat(events).hasSize(1);
        return events.getFirst();
    }

    @Test
    void a_mailbox_is_watched_by_the_token_of_an_app() {
        issues(TOKEN);
        Account account = register(app(), "r1");
        awaitState(account, AccountState.WATCHING);
        assertThat(kit.of(account, EventType.ACCOUNT_CONNECTED)).hasSize(1);

        mail.getUserManager()
                .getUser("ann")
                .deliver(
                        GreenMailUtil.createTextEmail(
                                "ann@example.org",
                                "bob@example.org",
                                "hello",
                                "text",
                                mail.getImap().getServerSetup()));
        kit.check(account);
        assertThat(kit.announced(account)).isEqualTo(1);
    }

    @Test
    void a_grant_that_died_parks_the_account_which_can_be_reconnected() {
        answers(400, "{\"error\":\"invalid_grant\",\"error_description\":\"Token revoked\"}");
        Account account = register(app(), "r1");
        assertThat(parked(account).payload())
                .contains("\"token_refused\"", "Token revoked", "\"reconnect\":true");

        // The owner's consent gives another grant.
        issues(TOKEN);
        kit.accounts.change(
                ClientStore.DEFAULT,
                account.id(),
                now ->
                        now.consented(
                                kit.secrets.seal(
                                        new LoginSecret.App(
                                                Objects.requireNonNull(account.app()),
                                                "r2",
                                                null,
                                                null),
                                        now.id()),
                                Instant.now().truncatedTo(ChronoUnit.MILLIS)));
        kit.watch().watch(stored(account.id()));
        awaitState(account, AccountState.WATCHING);
        assertThat(stored(account.id()).failure()).isNull();
    }

    @Test
    void a_token_that_the_mail_server_refuses_parks_too() {
        issues("another-token");
        Account account = register(app(), "r1");
        assertThat(parked(account).payload())
                .contains("\"token_refused\"", "\"reconnect\":true")
                .doesNotContain("another-token");
    }

    @Test
    void an_account_without_consent_so_far_is_parked_without_any_request() {
        Account account = register(app(), null);
        assertThat(parked(account).payload()).contains("consent link", "\"reconnect\":true");
        assertThat(endpoint.getRequestCount()).isZero();
    }

    @Test
    void an_app_without_consent_is_not_said_to_reconnect() {
        answers(400, "{\"error\":\"invalid_grant\"}");
        Account account = register(app(null), "r1");
        assertThat(parked(account).payload())
                .contains("\"token_refused\"")
                .doesNotContain("reconnect");
    }

    @Test
    void an_endpoint_that_is_out_of_order_parks_nothing() {
        answers(503, "{}");
        Account account = register(app(), "r1");
        awaitState(account, AccountState.RETRYING);
        Failure failure = stored(account.id()).failure();
        assertThat(Objects.requireNonNull(failure).code()).isEqualTo(FailureCode.SERVER_ERROR);
        assertThat(kit.of(account, EventType.ACCOUNT_PARKED)).isEmpty();
    }

    private String refreshToken(Account account) {
        LoginSecret.App login = (LoginSecret.App) kit.secrets.open(stored(account.id()));
        return String.valueOf(login.refreshToken());
    }

    @Test
    void a_rotation_outlives_a_change_of_the_account_that_leaves_its_login() throws Exception {
        CountDownLatch changed = new CountDownLatch(1);
        endpoint.setDispatcher(
                new Dispatcher() {
                    @Override
                    public MockResponse dispatch(RecordedRequest request)
                            throws InterruptedException {
                        assertThat(changed.await(180, TimeUnit.SECONDS)).isTrue();
                        return new MockResponse.Builder()
                                .addHeader("Content-Type", "application/json")
                                .body(
                                        "{\"access_token\":\"%s\",\"token_type\":\"Bearer\",\"expires_in\":3600,\"refresh_token\":\"r2\"}"
                                                .formatted(TOKEN))
                                .build();
                    }
                });
        Account account = register(app(), "r1");
        endpoint.takeRequest();

        kit.watch().watch(stored(account.id()));
        changed.countDown();

        await().until(() -> refreshToken(account).equals("r2"));
        awaitState(account, AccountState.WATCHING);
        assertThat(endpoint.getRequestCount()).isEqualTo(1);
    }

    /** The node that had the account before stores its last renewal when this one has begun. */
    @Test
    void a_login_that_another_node_renews_late_parks_nothing() {
        AtomicReference<@Nullable Account> late = new AtomicReference<>();
        endpoint.setDispatcher(
                new Dispatcher() {
                    @Override
                    public MockResponse dispatch(RecordedRequest request) {
                        MockResponse.Builder answer =
                                new MockResponse.Builder()
                                        .addHeader("Content-Type", "application/json");
                        if (String.valueOf(request.getBody()).contains("refresh_token=r2")) {
                            return answer.body(
                                            "{\"access_token\":\"%s\",\"token_type\":\"Bearer\",\"expires_in\":3600}"
                                                    .formatted(TOKEN))
                                    .build();
                        }
                        renew(Objects.requireNonNull(late.get()), "r2");
                        return answer.code(400).body("{\"error\":\"invalid_grant\"}").build();
                    }
                });
        Account account =
                kit.store(
                        mail.getImap().getPort(),
                        "ann",
                        List.of("INBOX"),
                        new LoginSecret.App(app().id(), "r1", null, null));
        late.set(account);
        kit.watch().watch(account);
        await().until(() -> stored(account.id()).state() != AccountState.CONNECTING);
        assertThat(stored(account.id()).state()).isEqualTo(AccountState.WATCHING);
        assertThat(kit.of(account, EventType.ACCOUNT_PARKED)).isEmpty();
        assertThat(endpoint.getRequestCount()).isEqualTo(2);
    }

    private void renew(Account account, String refreshToken) {
        LoginSecret.App before = (LoginSecret.App) kit.secrets.open(account);
        byte[] after = kit.secrets.seal(before.withRefreshToken(refreshToken), account.id());
        kit.accounts.replaceCredential(account.id(), account.credential(), after);
    }

    @Test
    void a_rotation_is_stored_although_the_row_is_encrypted_anew_meanwhile() throws Exception {
        Account account =
                kit.store(
                        mail.getImap().getPort(),
                        "ann",
                        List.of("INBOX"),
                        new LoginSecret.App(app().id(), "r1", null, null));
        byte[] anew = kit.secrets.seal(kit.secrets.open(account), account.id());
        StoredRefreshTokens store =
                new StoredRefreshTokens(kit.accounts, kit.secrets, changed -> {});
        CompletableFuture<Void> write =
                kit.database
                        .jdbi()
                        .inTransaction(handle -> {
                            handle.execute(
                                    "update account set credential = ? where id = ?",
                                    anew,
                                    account.id());
                            CompletableFuture<Void> begun =
                                    CompletableFuture.runAsync(
                                            () -> store.replaced(account.id(), "r1", "r2"));
                            await().until(() ->
                                    begun.isDone()
                                            || TestDatabase.waitingForLocks(kit.database.jdbi())
                                                    > 0);
                            return begun;
                        });
        write.get(180, TimeUnit.SECONDS);
        assertThat(refreshToken(account)).isEqualTo("r2");
    }

    @Test
    void no_account_of_a_client_that_is_being_erased_is_watched() {
        UUID client = Ids.next();
        kit.database
                .jdbi()
                .useHandle(handle ->
                        handle.execute(
                                "insert into client (id, name, erasing_since) values (?, 'gone', now())",
                                client));
        Account one = kit.account(client, mail.getImap().getPort(), "ann", List.of("INBOX"));
        Account two = kit.account(client, mail.getImap().getPort(), "ann", List.of("INBOX"));
        kit.accounts.insert(one);
        kit.accounts.insert(two);

        kit.watch().watch(one);
        kit.watch().watchNew(List.of(two));

        assertThat(kit.watch().live(one.id())).isEmpty();
        assertThat(kit.watch().live(two.id())).isEmpty();
    }
}
