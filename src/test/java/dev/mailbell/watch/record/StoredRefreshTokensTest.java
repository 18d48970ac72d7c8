package dev.mailbell.watch.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.account.MailSettings;
import dev.mailbell.account.WatchSettings;
import dev.mailbell.client.ClientStore;
import dev.mailbell.config.Configuration;
import dev.mailbell.config.ConfigurationLoader;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.event.Ids;
import dev.mailbell.mail.Credential;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.auth.AccessTokens;
import dev.mailbell.mail.auth.RefreshTokenStore;
import dev.mailbell.mail.auth.grant.Provider;
import dev.mailbell.network.Deadline;
import dev.mailbell.network.Watchdog;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.http.GuardedHttp;
import dev.mailbell.network.tls.TlsContexts;
import dev.mailbell.oauth.OAuthApp;
import dev.mailbell.oauth.OAuthAppStore;
import dev.mailbell.oauth.OAuthApps;
import dev.mailbell.secret.Keyring;
import dev.mailbell.watch.schedule.PollingPolicy;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Logins of accounts that name an app, with the database, over a token endpoint that rotates. */
class StoredRefreshTokensTest {
    @TempDir Path home;

    private final Database database = TestDatabase.create();
    private final MockWebServer endpoint = new MockWebServer();
    private final AddressGuard guard =
            new AddressGuard(List.of("127.0.0.1/32"), List.of("127.0.0.1"));
    private final Watchdog watchdog = new Watchdog();
    private final GuardedHttp http = new GuardedHttp(guard, new TlsContexts(watchdog), null);
    private final AccountStore accounts = new AccountStore(database.jdbi());
    private final OAuthAppStore appStore = new OAuthAppStore(database.jdbi());
    private final List<Account> changed = new ArrayList<>();
    private LoginSecrets secrets;
    private OAuthApps apps;

    @BeforeEach
    void start() throws Exception {
        endpoint.start(InetAddress.getByName("127.0.0.1"), 0);
        Keyring keyring = Keyring.open(home.resolve("keyset.json"));
        secrets = new LoginSecrets(keyring);
        apps = new OAuthApps(appStore, keyring);
    }

    @AfterEach
    void stop() {
        http.close();
        guard.close();
        watchdog.close();
        endpoint.close();
        database.close();
    }

    /** The daemon's part that makes logins, as it is after a start. */
    private CredentialResolver started(RefreshTokenStore store) throws Exception {
        Configuration configuration = new ConfigurationLoader(home, Map.of()).load(null);
        return new CredentialResolver(
                secrets,
                apps,
                new DatabasePermits(database.jdbi(), 2, () -> true),
                new AccessTokens(http, store, Instant::now, new Random(1)),
                new PollingPolicy(() -> configuration));
    }

    private RefreshTokenStore store() {
        return new StoredRefreshTokens(accounts, secrets, changed::add);
    }

    private OAuthApp app() {
        UUID id = Ids.next();
        Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        OAuthApp app =
                new OAuthApp(
                        id,
                        ClientStore.DEFAULT,
                        null,
                        Provider.CUSTOM,
                        OAuthApp.Grant.REFRESH_TOKEN,
                        "c1",
                        OAuthApp.Proof.CLIENT_SECRET,
                        apps.seal("s3cret", id),
                        null,
                        null,
                        null,
                        "http://127.0.0.1:" + endpoint.getPort() + "/token",
                        null,
                        null,
                        List.of("imap.example.org"),
                        now,
                        now);
        appStore.insert(app);
        return app;
    }

    private Account account(OAuthApp app, String host) {
        UUID id = Ids.next();
        Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        Account account =
                new Account(
                        id,
                        ClientStore.DEFAULT,
                        null,
                        "ann@example.org",
                        new MailSettings(
                                Protocol.IMAP,
                                host,
                                993,
                                Security.TLS,
                                "ann@example.org",
                                MailSettings.Auth.OAUTH2,
                                true,
                                null),
                        secrets.seal(new LoginSecret.App(app.id(), "r1", null, null), id),
                        app.id(),
                        List.of("INBOX"),
                        new WatchSettings(null, null, false),
                        Map.of(),
                        AccountState.CONNECTING,
                        now,
                        null,
                        null,
                        now,
                        now);
        accounts.insert(account);
        return account;
    }

    private void rotates(String access, String refresh) {
        endpoint.enqueue(
                new MockResponse.Builder()
                        .addHeader("Content-Type", "application/json")
                        .body(
                                "{\"access_token\":\"%s\",\"token_type\":\"Bearer\",\"expires_in\":3600,\"refresh_token\":\"%s\"}"
                                        .formatted(access, refresh))
                        .build());
    }

    private String inTable(Account account) {
        LoginSecret.App login =
                (LoginSecret.App) secrets.open(accounts.find(account.id()).orElseThrow());
        return String.valueOf(login.refreshToken());
    }

    private static Deadline soon() {
        return Deadline.after(Duration.ofSeconds(60));
    }

    @Test
    void a_rotated_refresh_token_is_in_the_row_before_its_access_token_is_used() throws Exception {
        Account account = account(app(), "imap.example.org");
        rotates("a2", "r2");
        List<String> usedAtTheWrite = new ArrayList<>();
        List<String> logins = new ArrayList<>();
        CredentialResolver resolver =
                started((id, used, fresh) -> {
                    usedAtTheWrite.addAll(logins);
                    return store().replaced(id, used, fresh);
                });

        logins.add(token(resolver, account));

        assertThat(usedAtTheWrite).isEmpty();
        assertThat(logins).containsExactly("a2");
        assertThat(inTable(account)).isEqualTo("r2");
        assertThat(changed).hasSize(1);
        // The next login uses the kept token, with the account as it was before or after.
        assertThat(token(resolver, account)).isEqualTo("a2");
        assertThat(token(resolver, changed.getFirst())).isEqualTo("a2");
        assertThat(endpoint.getRequestCount()).isEqualTo(1);
    }

    private static String token(CredentialResolver resolver, Account account) {
        return ((Credential.AccessToken) resolver.of(account, soon()).credential()).value();
    }

    private static final class Killed extends Error {
        private static final long serialVersionUID = 1L;
    }

    @Test
    void a_daemon_killed_between_the_answer_and_the_write_has_used_nothing() throws Exception {
        Account account = account(app(), "imap.example.org");
        rotates("a2", "r2");
        CredentialResolver killed =
                started((id, used, fresh) -> {
                    throw new Killed();
                });
        assertThatThrownBy(() -> killed.of(account, soon())).isInstanceOf(Killed.class);
        assertThat(inTable(account)).isEqualTo("r1");

        // The provider still takes the token that was not used, as those with a grace period do.
        rotates("a3", "r3");
        CredentialResolver restarted = started(store());
        assertThat(token(restarted, accounts.find(account.id()).orElseThrow())).isEqualTo("a3");
        assertThat(inTable(account)).isEqualTo("r3");
        endpoint.takeRequest();
        assertThat(Objects.requireNonNull(endpoint.takeRequest().getBody()).utf8())
                .contains("refresh_token=r1");
    }

    @Test
    void a_token_that_the_owner_replaced_meanwhile_is_not_overwritten() throws Exception {
        Account account = account(app(), "imap.example.org");
        rotates("a2", "r2");
        started(
                        (id, used, fresh) -> {
                            byte[] given =
                                    secrets.seal(
                                            new LoginSecret.App(
                                                    Objects.requireNonNull(account.app()),
                                                    "owner",
                                                    null,
                                                    null),
                                            id);
                            accounts.replaceCredential(id, account.credential(), given);
                            return store().replaced(id, used, fresh);
                        })
                .of(account, soon());
        assertThat(inTable(account)).isEqualTo("owner");
    }

    @Test
    void no_token_is_fetched_for_a_host_that_the_app_does_not_name() throws Exception {
        Account account = account(app(), "imap.evil.example");
        CredentialResolver resolver = started(store());
        assertThatThrownBy(() -> resolver.of(account, soon()))
                .hasMessageContaining("mailHosts of the app does not name it");
        assertThat(endpoint.getRequestCount()).isZero();
    }

    @Test
    void a_changed_secret_of_the_app_counts_at_the_next_login() throws Exception {
        OAuthApp app = app();
        Account account = account(app, "imap.example.org");
        CredentialResolver resolver = started(store());
        rotates("a2", "r1");
        token(resolver, account);
        appStore.change(
                ClientStore.DEFAULT,
                app.id(),
                found ->
                        new OAuthApp(
                                found.id(),
                                found.clientId(),
                                null,
                                found.provider(),
                                found.grant(),
                                found.oauthClientId(),
                                found.proof(),
                                apps.seal("s3cret-two", found.id()),
                                null,
                                null,
                                null,
                                found.tokenUrl(),
                                null,
                                null,
                                found.mailHosts(),
                                found.createdAt(),
                                found.updatedAt()));
        apps.changed(app.id());
        rotates("a3", "r1");
        assertThat(token(resolver, account)).isEqualTo("a3");
        endpoint.takeRequest();
        assertThat(Objects.requireNonNull(endpoint.takeRequest().getBody()).utf8())
                .contains("client_secret=s3cret-two");
    }
}
