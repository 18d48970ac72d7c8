package dev.mailbell.routing.notice;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.NewAccounts;
import dev.mailbell.account.RemovedAccounts;
import dev.mailbell.client.ClientStore;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.delivery.log.DeliveryLog;
import dev.mailbell.event.Ids;
import dev.mailbell.watch.TestAccount;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jdbi.v3.core.generic.GenericType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which writes lead to a change notice. */
class NoticeTriggersTest {
    private static final Database DATABASE = TestDatabase.create();

    @BeforeEach
    void empty() {
        execute("delete from change_notice");
    }

    @AfterAll
    static void drop() {
        DATABASE.close();
    }

    private static void execute(String sql, Object... values) {
        DATABASE.jdbi().useHandle(handle -> handle.execute(sql, values));
    }

    /** What was noticed since the last call, as {@code kind subject}. */
    private static List<String> notices() {
        return DATABASE.jdbi()
                .inTransaction(handle ->
                        handle.createQuery(
                                        """
                                        with gone as (delete from change_notice returning id, kind, subject)
                                        select kind || ' ' || subject from gone order by id\
                                        """)
                                .mapTo(String.class)
                                .list());
    }

    private static Account anAccount() {
        return TestAccount.of(
                AccountState.CONNECTING, Map.of(), Instant.now().truncatedTo(ChronoUnit.MILLIS));
    }

    private static UUID account() {
        Account account = anAccount();
        new NewAccounts(DATABASE.jdbi()).insert(List.of(account));
        notices();
        return account.id();
    }

    private static UUID webhook() {
        UUID id = Ids.next();
        execute(
                """
                insert into webhook (id, client_id, url, created_at, updated_at, events, labels, secret, state)
                values (?, ?, 'https://example.org/', now(), now(), array['*'], '{}', '', 'enabled')\
                """,
                id,
                ClientStore.DEFAULT);
        return id;
    }

    @Test
    void a_thousand_accounts_registered_at_once_have_a_notice_each_with_its_shard() {
        List<Account> accounts = IntStream.range(0, 1_000).mapToObj(i -> anAccount()).toList();
        new NewAccounts(DATABASE.jdbi()).insert(accounts);
        Map<UUID, Integer> shards =
                DATABASE.jdbi()
                        .withHandle(handle ->
                                handle.createQuery(
                                                "select subject, shard from change_notice where kind = 'account'")
                                        .setMapKeyColumn("subject")
                                        .setMapValueColumn("shard")
                                        .collectInto(new GenericType<Map<UUID, Integer>>() {}));
        assertThat(shards).hasSize(1_000);
        assertThat(accounts)
                .allSatisfy(
                        account -> assertThat(shards).containsEntry(account.id(), account.shard()));
    }

    @Test
    void what_its_client_changes_of_an_account_is_noticed() {
        UUID id = account();
        execute("update account set updated_at = now() + interval '1 second' where id = ?", id);
        assertThat(notices()).containsExactly("account " + id);
        execute("update account set state = 'paused' where id = ?", id);
        assertThat(notices()).containsExactly("account " + id);
        execute("update account set state = 'connecting' where id = ?", id);
        assertThat(notices()).containsExactly("account " + id);
        execute("update account set state = 'parked' where id = ?", id);
        notices();
        execute("update account set state = 'connecting' where id = ?", id);
        assertThat(notices()).containsExactly("account " + id);
        new RemovedAccounts(DATABASE.jdbi()).remove(ClientStore.DEFAULT, id);
        assertThat(notices()).containsExactly("account_removed " + id);
    }

    @Test
    void what_checks_write_of_an_account_is_not_noticed() {
        UUID id = account();
        for (AccountState state :
                List.of(
                        AccountState.WATCHING,
                        AccountState.RETRYING,
                        AccountState.PARKED,
                        AccountState.WATCHING)) {
            execute(
                    "update account set state = ?, state_since = now() where id = ?",
                    state.wireName(),
                    id);
        }
        execute("update account set last_checked_at = now() where id = ?", id);
        execute("update account set credential = 'renewed' where id = ?", id);
        execute("update mailbox set version = version + 1 where account_id = ?", id);
        assertThat(notices()).isEmpty();
    }

    @Test
    void changes_of_a_webhook_and_of_its_health_are_told_apart() {
        UUID id = webhook();
        assertThat(notices()).containsExactly("webhook " + id);
        execute("update webhook set updated_at = now() + interval '1 second' where id = ?", id);
        assertThat(notices()).containsExactly("webhook " + id);
        execute("update webhook set healthy = false, state = 'failing' where id = ?", id);
        assertThat(notices()).containsExactly("webhook_health " + id);
        execute("update webhook set paused_until = now() where id = ?", id);
        assertThat(notices()).containsExactly("webhook_health " + id);
        execute("update webhook set failures = 3, last_error = 'no' where id = ?", id);
        execute("update webhook set healthy = false, state = 'failing' where id = ?", id);
        execute("update webhook set secret = 'encrypted anew' where id = ?", id);
        assertThat(notices()).isEmpty();
        execute("delete from webhook where id = ?", id);
        assertThat(notices()).containsExactly("webhook " + id);
    }

    @Test
    void deliveries_that_become_pending_again_are_noticed_with_their_webhook() {
        UUID id = webhook();
        UUID delivery = Ids.next();
        execute(
                """
                insert into delivery (id, webhook_id, event_id, shard, status, next_attempt_at, created_at, completed_at, body)
                values (?, ?, ?, 0, 'failed', now(), now(), now(), '{}')\
                """,
                delivery,
                id,
                Ids.next());
        notices();
        DeliveryLog log = new DeliveryLog(DATABASE.jdbi(), InstantSource.system());
        assertThat(log.recover(id, Instant.EPOCH)).isEqualTo(1);
        assertThat(notices()).containsExactly("webhook " + id);
        assertThat(log.recover(id, Instant.EPOCH)).isZero();
        assertThat(notices()).isEmpty();
        assertThat(log.redeliver(delivery)).isEqualTo(DeliveryLog.Redelivery.PENDING);
        assertThat(notices()).containsExactly("webhook " + id);
    }

    @Test
    void limits_and_the_erasure_of_a_client_are_noticed() {
        UUID id = Ids.next();
        execute("insert into client (id, name) values (?, 'one')", id);
        execute("update client set name = 'two' where id = ?", id);
        assertThat(notices()).isEmpty();
        execute("update client set max_requests_per_second = 3 where id = ?", id);
        assertThat(notices()).containsExactly("client " + id);
        execute("update client set erasing_since = now() where id = ?", id);
        assertThat(notices()).containsExactly("client " + id);
    }

    @Test
    void the_end_and_the_rotation_of_a_key_are_noticed_and_its_use_is_not() {
        UUID id = Ids.next();
        execute(
                """
                insert into api_key (id, client_id, name, scopes, prefix, hash, created_at)
                values (?, ?, 'a key', '{}', 'mbk_', ?, now())\
                """,
                id,
                ClientStore.DEFAULT,
                new byte[] {1});
        execute("update api_key set last_used_at = now() where id = ?", id);
        assertThat(notices()).isEmpty();
        execute("update api_key set expires_at = now() where id = ?", id);
        assertThat(notices()).containsExactly("api_key " + id);
        execute(
                "update api_key set previous_hash = hash, previous_until = now(), hash = ? where id = ?",
                new byte[] {2},
                id);
        assertThat(notices()).containsExactly("api_key " + id);
        execute("delete from api_key where id = ?", id);
        assertThat(notices()).containsExactly("api_key " + id);
    }

    @Test
    void changes_of_an_app_are_noticed_and_its_encryption_anew_is_not() {
        UUID id = Ids.next();
        execute(
                """
                insert into oauth_app (id, client_id, provider, grant_type, oauth_client_id, proof, secret, mail_hosts,
                    created_at, updated_at)
                values (?, ?, 'google', 'refresh_token', 'x', 'client_secret', 'y', '{}', now(), now())\
                """,
                id,
                ClientStore.DEFAULT);
        execute("update oauth_app set secret = 'z' where id = ?", id);
        assertThat(notices()).isEmpty();
        execute("update oauth_app set updated_at = now() + interval '1 second' where id = ?", id);
        assertThat(notices()).containsExactly("oauth_app " + id);
        execute("delete from oauth_app where id = ?", id);
        assertThat(notices()).containsExactly("oauth_app " + id);
    }

    @Test
    void only_the_health_of_webhooks_is_noticed_without_a_notification() {
        List<String> quiet =
                DATABASE.jdbi()
                        .withHandle(handle ->
                                handle.createQuery(
                                                """
                                                select distinct p.proname from pg_trigger t join pg_proc p on p.oid = t.tgfoid
                                                where not t.tgisinternal and p.prosrc not like '%change_notified%'\
                                                """)
                                        .mapTo(String.class)
                                        .list());
        assertThat(quiet).containsExactly("note_health");
    }
}
