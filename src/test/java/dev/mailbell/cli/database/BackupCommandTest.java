package dev.mailbell.cli.database;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.cli.Main;
import dev.mailbell.client.ApiKey;
import dev.mailbell.client.ApiKeyStore;
import dev.mailbell.client.ClientStore;
import dev.mailbell.client.KeyText;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.embedded.EmbeddedPostgres;
import dev.mailbell.event.Ids;
import dev.mailbell.secret.Keyring;
import dev.mailbell.secret.KeysetRegister;
import dev.mailbell.secret.Secret;
import dev.mailbell.secret.Signer;
import dev.mailbell.watch.TestAccount;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.Health;
import dev.mailbell.webhook.Webhook.State;
import dev.mailbell.webhook.WebhookHeaders;
import dev.mailbell.webhook.WebhookStore;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** A machine is lost: what of it is restored from a backup, with its keyset and without. */
class BackupCommandTest {
    @TempDir private Path directory;

    private final Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
    private final StringWriter err = new StringWriter();

    private Path dataDir(String name) throws IOException {
        Path dataDir = Files.createDirectories(directory.resolve(name));
        TestDatabase.lendPrograms(dataDir);
        Files.writeString(dataDir.resolve("mailbell.yaml"), "dataDir: " + dataDir + "\n");
        return dataDir;
    }

    private int execute(StringWriter out, Path dataDir, String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.add("--config=" + dataDir.resolve("mailbell.yaml"));
        CommandLine line = Main.commandLine();
        line.setOut(new PrintWriter(out, true));
        line.setErr(new PrintWriter(err, true));
        return line.execute(all.toArray(String[]::new));
    }

    private String run(Path dataDir, String... arguments) {
        StringWriter out = new StringWriter();
        assertThat(execute(out, dataDir, arguments)).as(err.toString()).isZero();
        return out.toString();
    }

    private Account account(Keyring keyring, AccountState state) {
        Account plain = TestAccount.of(state, Map.of(), now);
        byte[] credential =
                new LoginSecrets(keyring).seal(new LoginSecret.Password("hush"), plain.id());
        return plain.withCredential(credential);
    }

    private static Webhook webhook(Keyring keyring, Instant now) {
        UUID id = Ids.next();
        WebhookHeaders headers = WebhookHeaders.of(Map.of("X-Key", "k"));
        return new Webhook(
                id,
                ClientStore.DEFAULT,
                "https://example.org/",
                List.of("*"),
                null,
                Map.of(),
                null,
                keyring.encrypt(Signer.newSecret(), Webhook.secretContext(id)),
                null,
                new Webhook.Headers(
                        headers.names(),
                        keyring.encrypt(headers.secret(), WebhookHeaders.context(id))),
                State.ENABLED,
                Health.UNKNOWN,
                now,
                now);
    }

    @Test
    void a_backup_of_a_running_daemon_is_restored_elsewhere_and_a_lost_keyset_is_given_up()
            throws IOException {
        Path first = dataDir("first");
        Path file = directory.resolve("mailbell.backup");
        Path keyset = first.resolve("keyset.json");
        Keyring keyring = Keyring.open(keyset);
        Account account = account(keyring, AccountState.WATCHING);
        Account paused = account(keyring, AccountState.PAUSED);
        Webhook webhook = webhook(keyring, now);
        KeyText text = KeyText.random();
        ApiKey key =
                new ApiKey(
                        Ids.next(),
                        ClientStore.DEFAULT,
                        "laptop",
                        Set.of(),
                        text.shown(),
                        now,
                        null,
                        null,
                        null);
        try (EmbeddedPostgres server = TestDatabase.privateServer(first);
                Database database = Database.open(server.address(), 2)) {
            database.migrate();
            new KeysetRegister(database.jdbi()).claim(keyring);
            new AccountStore(database.jdbi()).insert(account);
            new AccountStore(database.jdbi()).insert(paused);
            new WebhookStore(database.jdbi()).insert(webhook);
            assertThat(new ApiKeyStore(database.jdbi()).insert(key, text)).isTrue();
            database.jdbi()
                    .useHandle(handle ->
                            handle.execute("update mailbox set total = 31, top_uid = '39'"));
            assertThat(run(first, "backup", file.toString()))
                    .contains(keyring.primary(), "keep a copy of that elsewhere");
        }
        Path second = dataDir("second");
        assertThat(run(second, "restore", file.toString()))
                .contains("need the keyset with " + keyring.primary(), "there is none yet")
                .contains(
                        "1 API keys of that time are accepted",
                        key.prefix() + "…  laptop of default");
        assertThat(execute(new StringWriter(), second, "restore", file.toString())).isNotZero();
        assertThat(err.toString()).contains("the database has data");
        Files.copy(keyset, second.resolve("keyset.json"));
        assertThat(run(second, "keys", "abandon", "--yes")).contains("nothing is lost");
        Files.delete(second.resolve("keyset.json"));

        assertThat(run(second, "keys", "abandon")).contains(keyring.primary(), "With --yes");
        assertThat(second.resolve("keyset.json")).doesNotExist();
        assertThat(run(second, "keys", "abandon", "--yes"))
                .contains("the logins of 2 accounts, the secrets of 1 webhooks and 0 apps");
        assertThat(run(second, "keys", "abandon", "--yes")).contains("nothing is lost");
        Keyring fresh = Keyring.openExisting(second.resolve("keyset.json"));
        try (EmbeddedPostgres server = TestDatabase.privateServer(second);
                Database database = Database.open(server.address(), 2)) {
            new KeysetRegister(database.jdbi()).claim(fresh);
            AccountStore accounts = new AccountStore(database.jdbi());
            Account waiting = accounts.find(account.id()).orElseThrow();
            assertThat(waiting.state()).isEqualTo(AccountState.PARKED);
            assertThat(waiting.isWatched()).isFalse();
            assertThat(new LoginSecrets(fresh).open(waiting)).isEqualTo(new LoginSecret.Missing());
            assertThat(accounts.find(paused.id()).orElseThrow().state())
                    .isEqualTo(AccountState.PAUSED);
            long kept =
                    database.jdbi()
                            .withHandle(handle ->
                                    handle.createQuery(
                                                    "select count(*) from mailbox where total = 31 and top_uid = '39'")
                                            .mapTo(Long.class)
                                            .one());
            assertThat(kept).as("marks").isEqualTo(2);
            Webhook disabled = new WebhookStore(database.jdbi()).find(webhook.id()).orElseThrow();
            assertThat(disabled.state()).isEqualTo(State.DISABLED);
            assertThat(disabled.headers()).isNull();
            Secret secret = fresh.decrypt(disabled.secret(), Webhook.secretContext(disabled.id()));
            assertThat(Signer.isSecret(secret.reveal())).isTrue();
        }
    }
}
