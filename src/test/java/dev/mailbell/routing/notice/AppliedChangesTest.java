package dev.mailbell.routing.notice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.NewAccounts;
import dev.mailbell.account.RemovedAccounts;
import dev.mailbell.api.FakeWatch;
import dev.mailbell.client.ClientStore;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.event.Ids;
import dev.mailbell.oauth.OAuthAppStore;
import dev.mailbell.oauth.OAuthApps;
import dev.mailbell.secret.Keyring;
import dev.mailbell.watch.TestAccount;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a node does with the changes that another one made. */
class AppliedChangesTest {
    private final Database database = TestDatabase.create();
    private final FakeWatch watch = new FakeWatch();
    private final AtomicBoolean active = new AtomicBoolean(true);
    private final List<String> delivered = new CopyOnWriteArrayList<>();

    private final AppliedChanges.Delivery delivery =
            new AppliedChanges.Delivery() {
                @Override
                public void webhookChanged(UUID id) {
                    delivered.add("webhook " + id);
                }

                @Override
                public void webhookHealthChanged(UUID id) {
                    delivered.add("health of " + id);
                }

                @Override
                public void allWebhooksChanged() {
                    delivered.add("all");
                }

                @Override
                public void accountsRemoved(Set<UUID> ids) {
                    ids.forEach(id -> delivered.add("removed " + id));
                }
            };

    private OAuthApps apps;
    private ChangeNotices notices;

    @TempDir private Path directory;

    @BeforeEach
    void start() {
        Keyring keyring = Keyring.open(directory.resolve("keyset.json"));
        apps = new OAuthApps(new OAuthAppStore(database.jdbi()), keyring);
        notices = notices(Duration.ofDays(1));
        notices.start();
    }

    private ChangeNotices notices(Duration absence) {
        // A statement of a busy machine may take longer, and a new connection reads notices again.
        ChangeNotices made =
                new ChangeNotices(
                        patience -> database.ownConnection(patience.multipliedBy(20)),
                        active::get,
                        () -> false,
                        100,
                        absence);
        new AppliedChanges(database.jdbi(), watch, delivery, apps).listenTo(made);
        return made;
    }

    @AfterEach
    void close() {
        notices.close();
        database.close();
    }

    private Account registered() {
        Account account =
                TestAccount.of(
                        AccountState.CONNECTING,
                        Map.of(),
                        Instant.now().truncatedTo(ChronoUnit.MILLIS));
        new NewAccounts(database.jdbi()).insert(List.of(account));
        return account;
    }

    @Test
    void registered_changed_and_removed_accounts_reach_the_watch() {
        Account account = registered();
        await().untilAsserted(() -> assertThat(watch.changed).containsExactly(account.id()));
        database.jdbi().useHandle(handle -> handle.execute("update account set state = 'paused'"));
        await().untilAsserted(() -> assertThat(watch.changed).hasSize(2));
        new RemovedAccounts(database.jdbi()).remove(ClientStore.DEFAULT, account.id());
        await().untilAsserted(() -> assertThat(watch.changed).hasSize(3));
        assertThat(watch.changed).containsOnly(account.id());
        await().untilAsserted(
                        () -> assertThat(delivered).containsExactly("removed " + account.id()));
    }

    @Test
    void changes_and_the_health_of_webhooks_reach_delivery() {
        UUID id = Ids.next();
        database.jdbi()
                .useHandle(handle ->
                        handle.execute(
                                """
                                insert into webhook (id, client_id, url, created_at, updated_at, events, labels, secret, state)
                                values (?, ?, 'https://example.org/', now(), now(), array['*'], '{}', '', 'enabled')\
                                """,
                                id,
                                ClientStore.DEFAULT));
        await().untilAsserted(() -> assertThat(delivered).containsExactly("webhook " + id));
        database.jdbi()
                .useHandle(handle ->
                        handle.execute("update webhook set healthy = false, state = 'failing'"));
        await().untilAsserted(() ->
                assertThat(delivered).containsExactly("webhook " + id, "health of " + id));
    }

    @Test
    void an_app_that_was_changed_through_another_node_is_read_again() {
        UUID id = Ids.next();
        database.jdbi()
                .useHandle(handle ->
                        handle.execute(
                                """
                                insert into oauth_app (id, client_id, name, provider, grant_type, oauth_client_id, proof,
                                    mail_hosts, created_at, updated_at)
                                values (?, ?, 'one', 'google', 'refresh_token', 'x', 'none', '{}', now(), now())\
                                """,
                                id,
                                ClientStore.DEFAULT));
        assertThat(nameOf(id)).isEqualTo("one");
        database.jdbi().useHandle(handle -> handle.execute("update oauth_app set name = 'two'"));
        assertThat(nameOf(id)).as("it is kept").isEqualTo("one");
        database.jdbi()
                .useHandle(handle ->
                        handle.execute(
                                "update oauth_app set updated_at = now() + interval '1 second'"));
        await().untilAsserted(() -> assertThat(nameOf(id)).isEqualTo("two"));
    }

    private String nameOf(UUID app) {
        return String.valueOf(apps.find(app, query -> query).orElseThrow().app().name());
    }

    @Test
    void a_client_that_is_erased_through_another_node_is_forgotten() {
        UUID client = Ids.next();
        Account account = registered();
        watch.watch(account);
        database.jdbi()
                .useHandle(handle -> {
                    handle.execute("insert into client (id, name) values (?, 'one')", client);
                    handle.execute("update client set max_accounts = 5 where id = ?", client);
                    handle.execute(
                            "update client set max_accounts = 5 where id = ?", ClientStore.DEFAULT);
                    handle.execute("update account set client_id = ?", client);
                });
        watch.watched.put(account.id(), ofClient(client, account));
        assertThat(watch.watched).containsKey(account.id());
        database.jdbi()
                .useHandle(handle ->
                        handle.execute(
                                "update client set erasing_since = now() where id = ?", client));
        await().untilAsserted(() -> assertThat(watch.watched).isEmpty());
    }

    private static Account ofClient(UUID client, Account account) {
        return new Account(
                account.id(),
                client,
                account.ref(),
                account.address(),
                account.mail(),
                account.credential(),
                account.app(),
                account.mailboxes(),
                account.watch(),
                account.labels(),
                account.state(),
                account.stateSince(),
                account.failure(),
                account.lastCheckedAt(),
                account.createdAt(),
                account.updatedAt());
    }

    @Test
    void after_a_long_absence_every_account_of_the_node_is_read_again() {
        active.set(false);
        notices.close();
        notices = notices(Duration.ofMillis(1));
        notices.start();
        active.set(true);
        await().untilAsserted(() -> assertThat(watch.allChanged).hasPositiveValue());
    }

    @Test
    void a_connection_that_is_made_again_may_lead_to_a_server_without_the_latest_transactions() {
        assertThat(watch.failovers).hasValue(0);
        database.jdbi()
                .useHandle(handle ->
                        handle.createQuery(
                                        """
                                        select count(pg_terminate_backend(pid)) from pg_stat_activity
                                        where datname = current_database() and pid <> pg_backend_pid()\
                                        """)
                                .mapTo(Integer.class)
                                .one());
        await().untilAsserted(() -> assertThat(watch.failovers).hasPositiveValue());
    }
}
