package dev.mailbell.secret;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mailbell.EncryptedColumns;
import dev.mailbell.client.ClientStore;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReencryptionTest {
    @TempDir private Path directory;

    private final Database database = TestDatabase.create();
    private final Jdbi jdbi = database.jdbi();
    private final KeysetRegister register = new KeysetRegister(jdbi);
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private Instant now = Instant.parse("2026-11-29T00:00:00Z");

    @AfterEach
    void close() {
        database.close();
    }

    private Path file() {
        return directory.resolve("keyset.json");
    }

    private Keyring running() {
        Keyring keyring = Keyring.open(file());
        register.claim(keyring);
        return keyring;
    }

    private Reencryption reencryption(Keyring keyring, BooleanSupplier allowed) {
        return new Reencryption(
                jdbi, keyring, register, EncryptedColumns.ALL, allowed, meters, () -> now);
    }

    private static String password(UUID id) {
        return "password of " + id;
    }

    private static String boundTo(UUID id) {
        return "account/" + id + "/credential";
    }

    private List<UUID> insertAccounts(Keyring keyring, int number) {
        List<UUID> ids = new ArrayList<>();
        byte[][] credentials = new byte[number][];
        for (int i = 0; i < number; i++) {
            UUID id = UUID.randomUUID();
            ids.add(id);
            credentials[i] = keyring.encrypt(Secret.of(password(id)), boundTo(id));
        }
        jdbi.useHandle(handle ->
                handle.createUpdate(
                                """
                                insert into account (id, client_id, shard, address, protocol, host, port, security, username, auth,
                                    credential, tls_verify, mailboxes, envelopes, labels, state, state_since, created_at, updated_at)
                                select id, :client, 0, 'a@example.org', 'imap', 'h', 993, 'tls', 'u', 'password', credential, true,
                                    '{INBOX}', false, '{}', 'watching', now(), now(), now()
                                from unnest(:ids, :credentials) new (id, credential)\
                                """)
                        .bind("client", ClientStore.DEFAULT)
                        .bind("ids", ids.toArray(UUID[]::new))
                        .bind("credentials", credentials)
                        .execute());
        return ids;
    }

    private Map<String, Long> counts() {
        Map<String, Long> sum = new TreeMap<>();
        EncryptedColumns.ALL.forEach(column ->
                column.counts(jdbi).forEach((key, number) -> sum.merge(key, number, Long::sum)));
        return sum;
    }

    private byte[] credential(UUID id) {
        return jdbi.withHandle(handle ->
                handle.createQuery("select credential from account where id = :id")
                        .bind("id", id)
                        .mapTo(byte[].class)
                        .one());
    }

    @Test
    void ten_thousand_secrets_are_encrypted_anew_and_a_run_broken_off_is_resumed() {
        Keyring keyring = running();
        String old = keyring.primary();
        List<UUID> ids = insertAccounts(keyring, 10_000);
        Keyring.open(file()).rotate();

        AtomicInteger transactions = new AtomicInteger(10);
        // A daemon that ends after some transactions, as after kill -9.
        reencryption(keyring, () -> transactions.decrementAndGet() > 0).run();
        assertThat(counts()).containsOnlyKeys(old, keyring.primary());

        Keyring restarted = running();
        reencryption(restarted, () -> true).run();
        assertThat(counts()).containsOnly(Map.entry(restarted.primary(), 10_000L));
        assertThat(meters.get("keys.reencrypted").counter().count()).isEqualTo(10_000);
        for (int i = 0; i < ids.size(); i += 97) {
            UUID id = ids.get(i);
            assertThat(restarted.decrypt(credential(id), boundTo(id)).reveal())
                    .isEqualTo(password(id));
        }
    }

    @Test
    void every_encrypted_column_is_reached() {
        Keyring keyring = running();
        UUID account = insertAccounts(keyring, 1).getFirst();
        UUID webhook = UUID.randomUUID();
        String ofWebhook = "webhook/" + webhook + "/secret";
        String ofAnswer = "idempotency/" + ClientStore.DEFAULT + "/key'1";
        jdbi.useHandle(handle -> {
            handle.execute(
                    """
                    insert into webhook (id, client_id, url, created_at, updated_at, events, labels, secret, previous_secret,
                        previous_secret_until, state)
                    values (?, ?, 'https://x', now(), now(), '{*}', '{}', ?, ?, now(), 'enabled')\
                    """,
                    webhook,
                    ClientStore.DEFAULT,
                    keyring.encrypt(Secret.of("one"), ofWebhook),
                    keyring.encrypt(Secret.of("two"), ofWebhook));
            handle.execute(
                    "insert into idempotency (client_id, key, request_hash, answer, created_at) values (?, 'key''1', ?, ?, now())",
                    ClientStore.DEFAULT,
                    keyring.encrypt(Secret.of("three"), ofAnswer),
                    keyring.encrypt(Secret.of("four"), ofAnswer));
        });
        Keyring.open(file()).rotate();
        reencryption(keyring, () -> true).run();

        assertThat(counts()).containsOnly(Map.entry(keyring.primary(), 5L));
        assertThat(keyring.decrypt(credential(account), boundTo(account)).reveal())
                .isEqualTo(password(account));
        assertThat(values("select secret, previous_secret from webhook", keyring, ofWebhook))
                .containsExactly("one", "two");
        assertThat(values("select request_hash, answer from idempotency", keyring, ofAnswer))
                .containsExactly("three", "four");
    }

    private List<String> values(String query, Keyring keyring, String boundTo) {
        return jdbi.withHandle(handle ->
                handle.createQuery(query)
                        .map((row, context) ->
                                List.of(
                                        keyring.decrypt(row.getBytes(1), boundTo).reveal(),
                                        keyring.decrypt(row.getBytes(2), boundTo).reveal()))
                        .one());
    }

    @Test
    void every_column_of_bytes_is_encrypted_or_known_not_to_be() {
        List<String> plain =
                List.of(
                        "known_messages.entries",
                        "scheduled_tasks.task_data",
                        "api_key.hash",
                        "api_key.previous_hash",
                        "portal_link.hash",
                        "oauth_consent.token_hash");
        List<String> bytes =
                jdbi.withHandle(handle ->
                        handle.createQuery(
                                        """
                                        select table_name || '.' || column_name from information_schema.columns
                                        where table_schema = 'public' and data_type = 'bytea'\
                                        """)
                                .mapTo(String.class)
                                .list());
        List<String> expected = new ArrayList<>(plain);
        EncryptedColumns.ALL.forEach(column -> expected.add(column.toString()));
        assertThat(bytes).containsExactlyInAnyOrderElementsOf(expected);
    }

    @Test
    void a_login_that_is_changed_meanwhile_is_not_overwritten() {
        Keyring keyring = running();
        List<UUID> ids = insertAccounts(keyring, 2);
        UUID changed = ids.getFirst();
        Keyring.open(file()).rotate();
        Reencryption reencryption = reencryption(keyring, () -> true);
        byte[] given = keyring.encrypt(Secret.of("the new password"), boundTo(changed));
        try (Handle patch = jdbi.open()) {
            patch.begin();
            patch.execute("update account set credential = ? where id = ?", given, changed);
            reencryption.run();
            assertThat(counts()).hasSize(2).containsValue(1L);
            patch.commit();
        }
        assertThat(credential(changed)).isEqualTo(given);

        now = now.plus(Duration.ofMinutes(2));
        reencryption.run();
        assertThat(counts()).containsOnly(Map.entry(keyring.primary(), 2L));
        assertThat(keyring.decrypt(credential(changed), boundTo(changed)).reveal())
                .isEqualTo("the new password");
    }

    @Test
    void a_value_is_replaced_only_while_it_is_the_one_that_was_read() {
        Keyring keyring = running();
        UUID id = insertAccounts(keyring, 1).getFirst();
        EncryptedColumn column = EncryptedColumns.ALL.getFirst();
        byte[] newer = {1, 2, 3};
        boolean replaced =
                jdbi.inTransaction(handle -> {
                    EncryptedColumn.Value value =
                            column.lockOutdated(handle, "00000000", 0, 10).getFirst();
                    handle.execute("update account set credential = ? where id = ?", newer, id);
                    return column.replace(handle, value, new byte[] {4});
                });
        assertThat(replaced).isFalse();
        assertThat(credential(id)).isEqualTo(newer);
    }

    @Test
    void a_value_that_no_key_decrypts_stays_and_holds_up_no_other() {
        Keyring keyring = running();
        List<UUID> ids = insertAccounts(keyring, 3);
        byte[] broken = credential(ids.get(1));
        broken[broken.length - 1] ^= 1;
        jdbi.useHandle(handle ->
                handle.execute(
                        "update account set credential = ? where id = ?", broken, ids.get(1)));
        Keyring.open(file()).rotate();
        reencryption(keyring, () -> true).run();
        assertThat(counts()).hasSize(2).containsEntry(keyring.primary(), 2L);
        assertThat(credential(ids.get(1))).isEqualTo(broken);
        assertThat(meters.get("keys.outdated").gauge().value()).isEqualTo(1);
    }

    @Test
    void a_new_key_is_registered_before_it_encrypts_and_a_keyset_without_it_is_refused()
            throws Exception {
        Keyring keyring = running();
        Path backup = directory.resolve("backup.json");
        Files.copy(file(), backup, StandardCopyOption.COPY_ATTRIBUTES);
        Keyring.open(file()).rotate();
        reencryption(keyring, () -> false).run();
        String added = keyring.primary();
        assertThat(register.since(added)).isPresent();

        assertThatThrownBy(() -> register.claim(Keyring.open(backup)))
                .isInstanceOf(KeyringException.class)
                .hasMessageContaining(backup + " is incomplete")
                .hasMessageContaining("lacks " + added)
                .hasMessageContaining("Restore the keyset with these keys from a backup");
        Keyring another = Keyring.open(directory.resolve("another.json"));
        assertThatThrownBy(() -> register.claim(another))
                .isInstanceOf(KeyringException.class)
                .hasMessageContaining("another.json is not the one")
                .hasMessageContaining("MAILBELL_KEYSET")
                .hasMessageContaining(another.primary());
    }

    @Test
    void a_key_with_the_same_id_is_not_taken_for_another() throws Exception {
        register.claim(running());
        jdbi.useHandle(handle -> handle.execute("update keyset_key set fingerprint = 'other'"));
        assertThatThrownBy(() -> register.claim(Keyring.open(file())))
                .isInstanceOf(KeyringException.class);
    }

    @Test
    void a_pruned_key_is_not_missed_at_the_next_start() {
        Keyring keyring = running();
        String old = keyring.primary();
        keyring.rotate();
        register.claim(keyring);
        register.forget(Set.of(old));
        keyring.remove(Set.of(old));
        register.claim(Keyring.open(file()));
        assertThat(Keyring.open(file()).keys()).hasSize(1);
        assertThat(register.since(old)).isEmpty();
    }

    private KeysetPruning pruning(Keyring keyring, Duration ahead) {
        return new KeysetPruning(
                jdbi, keyring, register, EncryptedColumns.ALL, () -> Instant.now().plus(ahead));
    }

    @Test
    void keys_are_pruned_only_when_no_value_and_no_daemon_needs_them() {
        Keyring keyring = running();
        String old = keyring.primary();
        insertAccounts(keyring, 3);
        Keyring operator = Keyring.openExisting(file());
        assertThat(pruning(operator, Duration.ZERO).prune(null)).isEmpty();
        operator.rotate();
        assertThatThrownBy(() -> pruning(operator, Duration.ofHours(1)).prune(null))
                .isInstanceOf(KeyringException.class)
                .hasMessageContaining("no daemon works with key " + operator.primary());
        reencryption(keyring, () -> false).run();
        assertThatThrownBy(() -> pruning(operator, Duration.ZERO).prune(null))
                .isInstanceOf(KeyringException.class)
                .hasMessageContaining("try again in two minutes");
        assertThatThrownBy(() -> pruning(operator, Duration.ofHours(1)).prune(null))
                .isInstanceOf(KeyringException.class)
                .hasMessageContaining("3 values of account.credential still need key " + old);

        reencryption(keyring, () -> true).run();
        Path copy = directory.resolve("pruned.json");
        assertThat(pruning(operator, Duration.ofHours(1)).prune(copy)).containsExactly(old);
        assertThat(Keyring.openExisting(copy).keys()).hasSize(1);
        assertThat(Keyring.openExisting(file()).keys()).hasSize(2);
        assertThat(pruning(operator, Duration.ofHours(1)).prune(null)).containsExactly(old);
        assertThat(Keyring.openExisting(file()).keys()).hasSize(1);
        register.claim(Keyring.open(file()));
    }

    @Test
    void an_unreadable_keyset_changes_nothing_while_the_daemon_runs() throws Exception {
        Keyring keyring = running();
        Files.writeString(file(), "half");
        reencryption(keyring, () -> true).run();
        assertThat(keyring.keys()).hasSize(1);
    }
}
