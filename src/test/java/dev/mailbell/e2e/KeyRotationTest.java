package dev.mailbell.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.EncryptedColumns;
import dev.mailbell.client.ClientStore;
import dev.mailbell.database.Database;
import dev.mailbell.database.DatabaseAddress;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.secret.Keyring;
import dev.mailbell.secret.KeysetRegister;
import dev.mailbell.secret.Secret;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The keys are rotated under a running daemon, which is killed half way. */
class KeyRotationTest {
    private static final Duration PATIENCE = Duration.ofSeconds(180);
    private static final int ACCOUNTS = 10_000;

    @TempDir private Path dataDir;

    private static Map<String, Long> counts(Jdbi jdbi) {
        Map<String, Long> sum = new TreeMap<>();
        EncryptedColumns.ALL.forEach(column ->
                column.counts(jdbi).forEach((key, number) -> sum.merge(key, number, Long::sum)));
        return sum;
    }

    /** Paused, so that no mail server is asked. */
    private static void insertAccounts(Jdbi jdbi, Keyring keyring) {
        UUID[] ids = new UUID[ACCOUNTS];
        byte[][] credentials = new byte[ACCOUNTS][];
        for (int i = 0; i < ACCOUNTS; i++) {
            ids[i] = UUID.randomUUID();
            credentials[i] =
                    keyring.encrypt(
                            Secret.of("{\"password\": \"of " + ids[i] + "\"}"),
                            "account/" + ids[i] + "/credential");
        }
        jdbi.useHandle(handle ->
                handle.createUpdate(
                                """
                                insert into account (id, client_id, shard, address, protocol, host, port, security, username, auth,
                                    credential, tls_verify, mailboxes, envelopes, labels, state, state_since, created_at, updated_at)
                                select id, :client, 0, 'a@example.org', 'imap', '127.0.0.1', 1, 'tls', 'u', 'password', credential, true,
                                    '{INBOX}', false, '{}', 'paused', now(), now(), now()
                                from unnest(:ids, :credentials) new (id, credential)\
                                """)
                        .bind("client", ClientStore.DEFAULT)
                        .bind("ids", ids)
                        .bind("credentials", credentials)
                        .execute());
    }

    private DaemonProcess daemon(DatabaseAddress address) {
        return DaemonProcess.start(
                dataDir,
                Map.of(
                        "MAILBELL_DATABASE_URL", address.url(),
                        "MAILBELL_DATABASE_USERNAME", address.username(),
                        "MAILBELL_DATABASE_PASSWORD", address.password()));
    }

    @Test
    void ten_thousand_secrets_are_encrypted_anew_by_two_daemons_of_which_the_first_is_killed()
            throws Exception {
        DatabaseAddress address = TestDatabase.empty();
        Keyring operator = Keyring.open(dataDir.resolve("keyset.json"));
        String old = operator.primary();
        try (Database database = Database.open(address, 3)) {
            Jdbi jdbi = database.jdbi();
            database.migrate();
            new KeysetRegister(jdbi).claim(operator);
            insertAccounts(jdbi, operator);
            try (DaemonProcess killed = daemon(address);
                    Handle half = jdbi.open()) {
                killed.rest()
                        .post(
                                "/v1/webhooks",
                                Map.of(
                                        "url",
                                        "https://example.org/",
                                        "events",
                                        new String[] {"mail.new"}))
                        .expect(201);
                half.begin();
                // The daemon reads the table and cannot lock its rows: it stays half way.
                half.execute("lock table webhook in exclusive mode");
                operator.rotate();
                await().atMost(PATIENCE)
                        .until(() ->
                                counts(jdbi)
                                        .equals(
                                                Map.of(
                                                        old,
                                                        1L,
                                                        operator.primary(),
                                                        (long) ACCOUNTS)));
                killed.kill();
                half.rollback();
            }
            assertThat(counts(jdbi)).containsEntry(old, 1L);

            try (DaemonProcess next = daemon(address)) {
                next.rest();
                await().atMost(PATIENCE)
                        .until(() ->
                                counts(jdbi).equals(Map.of(operator.primary(), ACCOUNTS + 1L)));
                await().atMost(PATIENCE)
                        .until(() -> next.log().contains("All secrets are encrypted with key"));
                assertThat(next.log()).contains("Encrypting 1 secrets anew");
            }
        }
    }
}
